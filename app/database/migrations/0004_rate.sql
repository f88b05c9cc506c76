-- Up Migration

-- Telegram's limits, shared by all workers of a bot: `tat` is the time at which everything that was let through so far
-- would be paid for at the declared pace. Scope 'all' is the bot as a whole, 'chat:ID' one chat that was written to just
-- now. Unlogged: what a crash of the server forgets is one burst, and a lease costs no write-ahead log and no fsync.
CREATE UNLOGGED TABLE evenkeel.rate (
  bot_id bigint      NOT NULL,
  scope  text        NOT NULL,
  tat    timestamptz NOT NULL,
  PRIMARY KEY (bot_id, scope)
) WITH (
  -- One row is updated a few times a second by each worker: `tat` is in no index, so the free half of a page is enough.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000
);

-- Down Migration

DROP TABLE evenkeel.rate;
