-- No transaction
-- Up Migration

-- What is kept of somebody's words beyond the moment, found by whose it is: updates that were given up or have a send of
-- unknown outcome, and messages that could not be said. Few rows of a large table, each of them; storing costs nothing. The
-- second condition is always true, and keeps the planner from reading all of them where it counts the few that wait for a
-- person: whoever wants these indexes repeats it.
SET lock_timeout = '60s';
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.inbox_kept;
CREATE INDEX CONCURRENTLY inbox_kept ON evenkeel.inbox (lane)
  WHERE (state = 'parked' OR (state = 'done' AND sends IS NOT NULL)) AND lane <> '';
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.outbox_kept;
CREATE INDEX CONCURRENTLY outbox_kept ON evenkeel.outbox (chat_id) WHERE state IN ('unknown', 'dead') AND chat_id <> 0;
RESET lock_timeout;

-- Down Migration

DROP INDEX CONCURRENTLY evenkeel.outbox_kept;
DROP INDEX CONCURRENTLY evenkeel.inbox_kept;
