-- Up Migration

CREATE SCHEMA evenkeel;

-- Every update that Telegram was told is accepted. `lane` is what must stay in order: a chat, or one pre-checkout query.
CREATE TABLE evenkeel.inbox (
  bot_id      bigint      NOT NULL,
  update_id   bigint      NOT NULL,
  queue       text        NOT NULL,
  lane        text        NOT NULL,
  state       text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'parked')),
  attempts    smallint    NOT NULL DEFAULT 0,
  takeovers   smallint    NOT NULL DEFAULT 0,
  received_at timestamptz NOT NULL DEFAULT now(),
  settled_at  timestamptz,
  last_error  text,
  -- Results of sends that were confirmed before a later one began: an update that is run again does not repeat them.
  -- json, not jsonb: jsonb refuses \u0000 and lone surrogates, which a text that was sent may quote.
  sends       json,
  -- As received. Text, not jsonb: jsonb refuses \u0000, which a user may type, and one such update would fail its batch.
  body        text        NOT NULL,
  PRIMARY KEY (bot_id, update_id)
) WITH (
  -- Most rows are updated within seconds; vacuum early, by count and not by share of a growing table.
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000
);

-- A lane's turn reads its pending updates in order.
CREATE INDEX inbox_pending ON evenkeel.inbox (lane, update_id) WHERE state = 'pending';
-- People and the health page look for these.
CREATE INDEX inbox_parked ON evenkeel.inbox (settled_at) WHERE state = 'parked';
-- Retention deletes by age; rows arrive in that order, so a BRIN index is enough and costs an insert nothing.
CREATE INDEX inbox_received ON evenkeel.inbox USING brin (received_at);

-- Lanes for which something was stored, in the same commit as the update, until the dispatcher has made sure of their
-- tokens. A table of its own and not a mark on the update: a narrow row is deleted where a wide one would be written
-- again with all its index entries, and a repeated delivery never waits for a dispatcher that has its row in hand.
CREATE TABLE evenkeel.arrival (
  id    bigint GENERATED ALWAYS AS IDENTITY,
  queue text   NOT NULL,
  lane  text   NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
-- Pre-checkout first: "preCheckout" sorts after "chat".
CREATE INDEX arrival_order ON evenkeel.arrival (queue DESC, id);

-- The conversation with a user. One question and one answer for each update: run again, an update finds its own.
CREATE TABLE evenkeel.message (
  bot_id     bigint      NOT NULL,
  update_id  bigint      NOT NULL,
  role       text        NOT NULL CHECK (role IN ('user', 'assistant')),
  chat_id    bigint      NOT NULL,
  text       text        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (bot_id, update_id, role)
);
CREATE INDEX message_history ON evenkeel.message (bot_id, chat_id, created_at DESC);
CREATE INDEX message_created ON evenkeel.message USING brin (created_at);

-- Down Migration

DROP SCHEMA evenkeel CASCADE;
