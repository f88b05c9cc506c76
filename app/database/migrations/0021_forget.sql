-- No transaction
-- Up Migration

-- What is kept of somebody's words beyond the moment, found by whose it is: updates that were given up or have a send of
-- unknown outcome, and messages that could not be said. Few rows of a large table, each of them; storing costs nothing.
SET lock_timeout = '60s';
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.inbox_kept;
CREATE INDEX CONCURRENTLY inbox_kept ON evenkeel.inbox (lane)
  WHERE state = 'parked' OR (state = 'done' AND sends IS NOT NULL);
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.outbox_kept;
CREATE INDEX CONCURRENTLY outbox_kept ON evenkeel.outbox (chat_id) WHERE state IN ('unknown', 'dead');
RESET lock_timeout;

-- Down Migration

DROP INDEX CONCURRENTLY evenkeel.outbox_kept;
DROP INDEX CONCURRENTLY evenkeel.inbox_kept;
