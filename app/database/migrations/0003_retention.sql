-- No transaction: indexes of a large database are built while the tasks of the release before go on writing.
-- Each statement may be run again: what an interrupted build left behind is dropped first.

-- Up Migration

-- A build waits for the transactions that are open; nobody waits for the build meanwhile.
SET lock_timeout = '60s';

-- Retention deletes by age. A BRIN index finds nothing once vacuum has given freed pages to new rows: its ranges only
-- ever widen, until each of them spans everything. Only what is done has an entry, so storing an update costs nothing.
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.inbox_done;
CREATE INDEX CONCURRENTLY inbox_done ON evenkeel.inbox (received_at) WHERE state = 'done';

DROP INDEX CONCURRENTLY IF EXISTS evenkeel.message_age;
CREATE INDEX CONCURRENTLY message_age ON evenkeel.message (created_at);

-- Those of the release before. Its tasks find what is old by the new ones.
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.inbox_received;
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.message_created;

RESET lock_timeout;

-- Down Migration

SET lock_timeout = '60s';
CREATE INDEX CONCURRENTLY inbox_received ON evenkeel.inbox USING brin (received_at);
CREATE INDEX CONCURRENTLY message_created ON evenkeel.message USING brin (created_at);
DROP INDEX CONCURRENTLY evenkeel.inbox_done;
DROP INDEX CONCURRENTLY evenkeel.message_age;
RESET lock_timeout;
