-- Up Migration

-- Whose slot it is: of two bots in one database, each watches, reconciles and clears up for itself. What was run before is
-- known to be the bot's where there is one, and of several nobody's (0). A task of the release before does not name it: its
-- session says whose it is, as it does of what it sends.
DO $$
DECLARE
  only_bot bigint := coalesce((SELECT min(bot_id) FROM evenkeel.pulse HAVING count(*) = 1), 0);
BEGIN
  EXECUTE format('ALTER TABLE evenkeel.slot ADD COLUMN bot_id bigint NOT NULL DEFAULT %s', only_bot);
END $$;
ALTER TABLE evenkeel.slot ALTER COLUMN bot_id SET DEFAULT coalesce(nullif(current_setting('evenkeel.bot_id', true), ''), '0')::bigint;
ALTER TABLE evenkeel.slot DROP CONSTRAINT slot_pkey, ADD PRIMARY KEY (bot_id, name, at);
-- The last that was done.
DROP INDEX evenkeel.slot_done;
CREATE INDEX slot_done ON evenkeel.slot (bot_id, name, at) WHERE outcome = 'done';

-- As before; a job stays its bot's, and a wish stays whose it is: /mydata shows it, and /forget calls it off.
CREATE OR REPLACE FUNCTION evenkeel.redrive_jobs(uuid[], text, text, text) RETURNS TABLE (id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH chosen AS (
    SELECT j.* FROM pgboss.job AS j
    WHERE j.name = 'dead' AND j.id = ANY ($1) AND j.state < 'active' AND j.source_name IN (SELECT q.name FROM pgboss.queue AS q) FOR UPDATE
  ), noted AS (
    INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail)
    SELECT $2, $3, 'dead redrive', 'job ' || c.id, $4, jsonb_build_object('queue', c.source_name, 'attempts', c.source_retry_count + 1, 'job', c.source_id)
    FROM chosen AS c
  ), again AS (
    INSERT INTO pgboss.job AS j (
      id, name, data, start_after, keep_until, retry_limit, retry_delay, retry_backoff, retry_delay_max,
      expire_seconds, deletion_seconds, policy, dead_letter, heartbeat_seconds, singleton_key, group_id
    )
    SELECT c.source_id, q.name, c.data, now(), now() + interval '3650 days', q.retry_limit, q.retry_delay, q.retry_backoff, q.retry_delay_max,
           q.expire_seconds, q.deletion_seconds, q.policy, q.dead_letter, q.heartbeat_seconds, c.singleton_key, c.group_id
    FROM chosen AS c JOIN pgboss.queue AS q ON q.name = c.source_name
    ON CONFLICT (name, id) DO UPDATE
    SET state = 'created', retry_count = 0, retry_limit = EXCLUDED.retry_limit, started_on = NULL, completed_on = NULL,
        heartbeat_on = NULL, start_after = EXCLUDED.start_after, keep_until = EXCLUDED.keep_until, output = NULL
    WHERE j.state = 'failed'
  )
  UPDATE pgboss.job AS j SET state = 'completed', completed_on = now()
  FROM chosen AS c WHERE j.name = 'dead' AND j.id = c.id
  RETURNING j.id;
END $$;

-- Down Migration

-- Of two rows of one slot either says that it was run. The function stays: it suits the release before as well.
DELETE FROM evenkeel.slot AS one USING evenkeel.slot AS other
WHERE one.name = other.name AND one.at = other.at AND one.bot_id > other.bot_id;
DROP INDEX evenkeel.slot_done;
ALTER TABLE evenkeel.slot DROP CONSTRAINT slot_pkey, ADD PRIMARY KEY (name, at);
ALTER TABLE evenkeel.slot DROP COLUMN bot_id;
CREATE INDEX slot_done ON evenkeel.slot (name, at) WHERE outcome = 'done';
