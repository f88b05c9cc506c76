-- No transaction
-- Up Migration

SET lock_timeout = '60s';
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.person_seen;
CREATE INDEX CONCURRENTLY person_seen ON evenkeel.person (bot_id, seen_on) WHERE seen_on IS NOT NULL;
-- A name may be another person's by now: what has it is not unique.
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.person_username;
CREATE INDEX CONCURRENTLY person_username ON evenkeel.person (bot_id, lower(username)) WHERE username IS NOT NULL;
RESET lock_timeout;

-- Down Migration

DROP INDEX CONCURRENTLY evenkeel.person_username;
DROP INDEX CONCURRENTLY evenkeel.person_seen;
