-- Up Migration

-- What is said to Telegram because of something that was committed: a payment, a job, a slot of a schedule, a broadcast.
-- Written in the transaction of its cause, sent after it. The answer at hand does not go this way.
CREATE TABLE evenkeel.outbox (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Whose it is: the session says so (app/database/pool.ts). 0: of whatever bot works on this database.
  bot_id     bigint      NOT NULL DEFAULT coalesce(nullif(current_setting('evenkeel.bot_id', true), ''), '0')::bigint,
  -- What it follows from, and which of its messages this is: said once, however often the cause is run.
  cause      text        NOT NULL,
  ordinal    int         NOT NULL DEFAULT 0,
  chat_id    bigint      NOT NULL,
  -- Decides alone what becomes of a send whose outcome is not known.
  class      text        NOT NULL CHECK (class IN ('receipt', 'notice', 'progress', 'marketing', 'transfer')),
  -- Of those that are due the most wanted first: from the class.
  rank       smallint    NOT NULL,
  method     text        NOT NULL,
  -- json, not jsonb: jsonb refuses \u0000 and lone surrogates, which a text may quote.
  payload    json        NOT NULL,
  -- Messages that stand in each other's place.
  replaces   text,
  -- waiting → sending → sent | unknown | dead; 'sending' is committed before the request leaves.
  state      text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'sent', 'unknown', 'dead')),
  -- How often it has left, or may have.
  attempts   smallint    NOT NULL DEFAULT 0,
  due_at     timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  -- When it was claimed: tells one claim from every other.
  claimed_at timestamptz,
  settled_at timestamptz,
  -- What Telegram made of it, such as its message's id.
  result     json,
  error      text,
  error_code smallint,
  UNIQUE (cause, ordinal)
) WITH (
  -- A row is updated twice within moments, then lies still.
  fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000
);
-- What is due, and the first of each chat.
CREATE INDEX outbox_due ON evenkeel.outbox (rank, due_at) WHERE state = 'waiting';
CREATE INDEX outbox_chat ON evenkeel.outbox (chat_id, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_sending ON evenkeel.outbox (claimed_at) WHERE state = 'sending';
CREATE INDEX outbox_replaces ON evenkeel.outbox (chat_id, replaces, id) WHERE replaces IS NOT NULL;
-- Retention, and what people look for.
CREATE INDEX outbox_sent ON evenkeel.outbox (settled_at) WHERE state = 'sent';
CREATE INDEX outbox_left ON evenkeel.outbox (settled_at) WHERE state IN ('unknown', 'dead');

-- Who writes to the bot, as far as something is to be known of them.
CREATE TABLE evenkeel.person (
  bot_id     bigint NOT NULL,
  user_id    bigint NOT NULL,
  -- Since when Telegram says that they have blocked the bot, or are gone; null: not, as far as is known.
  blocked_at timestamptz,
  PRIMARY KEY (bot_id, user_id)
);
CREATE INDEX person_blocked ON evenkeel.person (bot_id, blocked_at) WHERE blocked_at IS NOT NULL;

-- Down Migration

DROP TABLE evenkeel.outbox, evenkeel.person;
