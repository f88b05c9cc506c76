-- Up Migration

-- What somebody may use elsewhere, until when, and whether its provider has it so.
CREATE TABLE evenkeel.access (
  bot_id      bigint      NOT NULL,
  user_id     bigint      NOT NULL,
  state       text        NOT NULL CHECK (state IN ('trial', 'active', 'grace', 'cancelled', 'expired')),
  -- What was bought last, by its name in the posture of then, and what the next period costs and lasts (ms).
  plan        text        NOT NULL,
  credits     bigint      NOT NULL CHECK (credits > 0),
  period      bigint      NOT NULL CHECK (period > 0),
  until       timestamptz NOT NULL,
  -- Of grace: when it is over.
  grace_until timestamptz,
  -- The trial is once a person, whatever came after it.
  trial_at    timestamptz,
  -- How often what the provider should have has changed, and the last such change that it has confirmed.
  version     integer     NOT NULL DEFAULT 1,
  synced      integer     NOT NULL DEFAULT 0,
  -- What its user needs to use it, as the provider says.
  link        text,
  -- The job that asks the provider just now, and until when no other may.
  asked_by    uuid,
  asked_until timestamptz,
  -- When the provider is to be asked whether it has it as we do.
  check_at    timestamptz,
  -- The ends that its user was told of, and the end for which a renewal failed.
  told_of     timestamptz,
  failed_for  timestamptz,
  changed_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bot_id, user_id),
  CONSTRAINT grace_ends CHECK ((state = 'grace') = (grace_until IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX access_due ON evenkeel.access (bot_id, until) WHERE state <> 'expired';
CREATE INDEX access_grace ON evenkeel.access (bot_id, grace_until) WHERE state = 'grace';
CREATE INDEX access_unsynced ON evenkeel.access (bot_id, changed_at) WHERE synced < version;
CREATE INDEX access_check ON evenkeel.access (bot_id, check_at) WHERE check_at IS NOT NULL;

-- The transitions that there are, whoever writes: app/features/subscriptions/states.ts says why (a test compares them).
CREATE FUNCTION evenkeel.access_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
    ('trial', 'active'), ('trial', 'expired'),
    ('active', 'grace'), ('active', 'cancelled'), ('active', 'expired'),
    ('grace', 'active'), ('grace', 'cancelled'), ('grace', 'expired'),
    ('cancelled', 'active'), ('cancelled', 'expired'),
    ('expired', 'active')
  ) THEN
    RAISE EXCEPTION 'access of % does not go from % to %', OLD.user_id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.version < OLD.version OR NEW.synced > NEW.version OR (OLD.trial_at IS NOT NULL AND NEW.trial_at IS DISTINCT FROM OLD.trial_at) THEN
    RAISE EXCEPTION 'access of % goes back', OLD.user_id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER access_moves BEFORE UPDATE ON evenkeel.access FOR EACH ROW EXECUTE FUNCTION evenkeel.access_moves();

-- Periods that were paid for, each once for its cause: the reserve whose credits it took.
CREATE TABLE evenkeel.access_period (
  bot_id   bigint      NOT NULL,
  cause    text        NOT NULL,
  user_id  bigint      NOT NULL,
  plan     text        NOT NULL,
  credits  bigint      NOT NULL,
  since    timestamptz NOT NULL,
  until    timestamptz NOT NULL,
  ended_at timestamptz,
  made_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bot_id, cause)
);
CREATE INDEX access_period_person ON evenkeel.access_period (bot_id, user_id, until DESC);

-- What the credits of each month of a subscription are for: made when it is ordered, done at each payment of it.
CREATE TABLE evenkeel.standing (
  bot_id   bigint  NOT NULL,
  purchase text    NOT NULL,
  cost     bigint  NOT NULL CHECK (cost > 0),
  holds    bigint  NOT NULL CHECK (holds > 0),
  queue    text    NOT NULL,
  input    jsonb   NOT NULL,
  PRIMARY KEY (bot_id, purchase)
);

-- Down Migration

DROP TABLE evenkeel.standing, evenkeel.access_period, evenkeel.access;
DROP FUNCTION evenkeel.access_moves();
