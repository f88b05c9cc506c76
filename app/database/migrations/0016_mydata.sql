-- No transaction
-- Up Migration

-- What people ask for who want to know all that is kept of them.
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.purchase_user;
CREATE INDEX CONCURRENTLY purchase_user ON evenkeel.purchase (bot_id, user_id);
DROP INDEX CONCURRENTLY IF EXISTS evenkeel.subscription_user;
CREATE INDEX CONCURRENTLY subscription_user ON evenkeel.subscription (bot_id, user_id);

-- Down Migration

DROP INDEX CONCURRENTLY evenkeel.purchase_user;
DROP INDEX CONCURRENTLY evenkeel.subscription_user;
