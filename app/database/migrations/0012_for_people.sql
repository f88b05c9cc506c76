-- No transaction
-- Up Migration

-- When a person has decided about a message that was given up, or of which nobody knows whether it arrived.
ALTER TABLE evenkeel.outbox ADD COLUMN IF NOT EXISTS resolved_at timestamptz;

-- What a person has to look at: of a broadcast to a million of whom many have blocked the bot, nothing.
CREATE INDEX CONCURRENTLY IF NOT EXISTS outbox_for_people ON evenkeel.outbox (settled_at)
  WHERE state IN ('unknown', 'dead') AND resolved_at IS NULL AND class IN ('receipt', 'notice', 'transfer')
    AND error_code IS DISTINCT FROM 403;

-- Down Migration

DROP INDEX CONCURRENTLY evenkeel.outbox_for_people;
ALTER TABLE evenkeel.outbox DROP COLUMN resolved_at;
