-- Up Migration

-- What somebody wanted and had too few credits for: a job that is made once, when there are enough, and not after
-- `expires_at`. One a person: whoever wants something else by now does not want this any more.
CREATE TABLE evenkeel.intent (
  bot_id     bigint      NOT NULL,
  user_id    bigint      NOT NULL,
  -- Of the reserve that is made for it, and so of what is paid.
  cause      text        NOT NULL,
  cost       bigint      NOT NULL CHECK (cost > 0),
  -- How long the reserve lasts, ms.
  holds      bigint      NOT NULL CHECK (holds > 0),
  queue      text        NOT NULL,
  input      jsonb       NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (bot_id, user_id)
) WITH (fillfactor = 80);

-- Codes that give credits: to each person once, to so many of them, until a day.
CREATE TABLE evenkeel.promo (
  bot_id     bigint      NOT NULL,
  code       text        NOT NULL CHECK (code ~ '^[A-Z0-9-]{6,32}$'),
  credits    bigint      NOT NULL CHECK (credits > 0),
  -- People that it is for; null: any number.
  most       integer     CHECK (most > 0),
  used       integer     NOT NULL DEFAULT 0,
  expires_at timestamptz,
  ended_at   timestamptz,
  created_by text        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bot_id, code),
  CONSTRAINT given_to_no_more CHECK (most IS NULL OR used <= most)
) WITH (fillfactor = 80);

-- Down Migration

DROP TABLE evenkeel.promo, evenkeel.intent;
