-- No transaction: the index is built while the tasks of the release before go on writing.
-- Each statement may be run again: what an interrupted build left behind is dropped first.

-- Up Migration

-- A private chat may have topics, each a conversation of its own; 0 is what stands in none. With its default the column
-- costs no rewrite, and tasks of the release before insert without it.
ALTER TABLE evenkeel.message ADD COLUMN IF NOT EXISTS thread_id bigint NOT NULL DEFAULT 0;

-- A build waits for the transactions that are open; nobody waits for the build meanwhile.
SET lock_timeout = '60s';

DROP INDEX CONCURRENTLY IF EXISTS evenkeel.message_thread;
CREATE INDEX CONCURRENTLY message_thread ON evenkeel.message (bot_id, chat_id, thread_id, created_at DESC);

-- That of the release before. Its tasks find a chat by the new one.
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.message_history;

RESET lock_timeout;

-- Down Migration

SET lock_timeout = '60s';
CREATE INDEX CONCURRENTLY message_history ON evenkeel.message (bot_id, chat_id, created_at DESC);
DROP INDEX CONCURRENTLY evenkeel.message_thread;
RESET lock_timeout;
ALTER TABLE evenkeel.message DROP COLUMN thread_id;
