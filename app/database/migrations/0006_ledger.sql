-- Up Migration

-- Credits, in double entry: every movement takes as much somewhere as it gives elsewhere. What is written here is never
-- changed: a mistake is mended by a further movement.

-- What one user has. The row is the lock of everything that moves the user's credits. System accounts (stars, revenue,
-- promo, adjust) have no row: nothing would be written by everybody, and their sum is taken over their entries.
CREATE TABLE evenkeel.account (
  bot_id    bigint NOT NULL,
  user_id   bigint NOT NULL,
  -- To spend.
  available bigint NOT NULL DEFAULT 0 CHECK (available >= 0),
  -- Reserved for work that is under way.
  held      bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
  -- What was taken back after it had been spent; the next credit repays it first.
  debt      bigint NOT NULL DEFAULT 0 CHECK (debt <= 0),
  PRIMARY KEY (bot_id, user_id),
  CONSTRAINT debt_is_repaid_first CHECK (available = 0 OR debt = 0)
) WITH (fillfactor = 80);

-- One movement. Its cause is its key: the same cause moves credits once, whoever repeats it.
CREATE TABLE evenkeel.ledger_tx (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  bot_id     bigint      NOT NULL,
  cause      text        NOT NULL,
  kind       text        NOT NULL CHECK (kind IN ('credit', 'reserve', 'settle', 'release', 'clawback', 'adjust')),
  user_id    bigint      NOT NULL,
  -- What was asked for; negative only for an adjustment that takes.
  amount     bigint      NOT NULL,
  -- Who had it done: the bot itself, or a person with a role.
  by         text        NOT NULL,
  reason     text,
  -- When it happened in the provider's books.
  event_at   timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (bot_id, cause)
);
CREATE INDEX ledger_tx_user ON evenkeel.ledger_tx (bot_id, user_id, id DESC);

CREATE TABLE evenkeel.ledger_entry (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tx            bigint NOT NULL REFERENCES evenkeel.ledger_tx,
  bot_id        bigint NOT NULL,
  -- Of a user's account: available, held or debt. Null: a system account.
  user_id       bigint,
  account       text   NOT NULL,
  amount        bigint NOT NULL CHECK (amount <> 0),
  -- Of a user's account, after this entry.
  balance_after bigint,
  CHECK ((user_id IS NULL) = (balance_after IS NULL)),
  CHECK (user_id IS NULL OR account IN ('available', 'held', 'debt'))
);
CREATE INDEX ledger_entry_tx ON evenkeel.ledger_entry (tx);
CREATE INDEX ledger_entry_user ON evenkeel.ledger_entry (bot_id, user_id, account, id DESC) WHERE user_id IS NOT NULL;
CREATE INDEX ledger_entry_system ON evenkeel.ledger_entry (bot_id, account) INCLUDE (amount) WHERE user_id IS NULL;

-- Credits that wait for the end of the work that they are for, until `expires_at`: then the sweep gives them back.
CREATE TABLE evenkeel.reserve (
  bot_id     bigint      NOT NULL,
  cause      text        NOT NULL,
  user_id    bigint      NOT NULL,
  amount     bigint      NOT NULL CHECK (amount > 0),
  state      text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'settled', 'released')),
  -- What of it was taken.
  settled    bigint      NOT NULL DEFAULT 0 CHECK (settled BETWEEN 0 AND amount),
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at   timestamptz,
  PRIMARY KEY (bot_id, cause)
) WITH (fillfactor = 80);
CREATE INDEX reserve_open ON evenkeel.reserve (bot_id, expires_at) WHERE state = 'open';
CREATE INDEX reserve_user ON evenkeel.reserve (bot_id, user_id) WHERE state = 'open';

-- At the commit, when all entries of a movement are there.
CREATE FUNCTION evenkeel.ledger_sums_to_zero() RETURNS trigger LANGUAGE plpgsql SET search_path = evenkeel, pg_temp AS $$
BEGIN
  IF (SELECT sum(amount) FROM ledger_entry WHERE tx = NEW.tx) <> 0 THEN
    RAISE EXCEPTION 'the entries of ledger_tx % do not sum to zero', NEW.tx USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_sums_to_zero AFTER INSERT ON evenkeel.ledger_entry
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION evenkeel.ledger_sums_to_zero();

-- The grants give nobody UPDATE and DELETE; this holds for the owner as well.
CREATE FUNCTION evenkeel.ledger_is_appended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of %: the ledger is only appended to; write a further movement', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER ledger_tx_is_appended BEFORE UPDATE OR DELETE OR TRUNCATE ON evenkeel.ledger_tx
  FOR EACH STATEMENT EXECUTE FUNCTION evenkeel.ledger_is_appended();
CREATE TRIGGER ledger_entry_is_appended BEFORE UPDATE OR DELETE OR TRUNCATE ON evenkeel.ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION evenkeel.ledger_is_appended();

-- Down Migration

DROP TABLE evenkeel.reserve, evenkeel.ledger_entry, evenkeel.ledger_tx, evenkeel.account;
DROP FUNCTION evenkeel.ledger_sums_to_zero, evenkeel.ledger_is_appended;
