-- Up Migration

-- Jobs that were given up, without what they were given. A function, as pg-boss's tables are there only after the migrations.
CREATE FUNCTION evenkeel.dead_jobs() RETURNS TABLE (id uuid, queue text, attempts int, made timestamptz, died timestamptz, cause text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT j.id, j.source_name, j.source_retry_count + 1, j.source_created_on, j.created_on, evenkeel.without_quotes(j.source_output ->> 'message')
  FROM pgboss.job AS j WHERE j.name = 'dead' AND j.state < 'active' AND NOT j.blocked;
END $$;

-- Messages that a person has to look at, without what they say.
CREATE VIEW evenkeel.left_message AS
SELECT id, bot_id, chat_id, class, method, cause, state, attempts, error_code, created_at, settled_at, evenkeel.without_quotes(error) AS why
FROM evenkeel.outbox
WHERE state IN ('unknown', 'dead') AND resolved_at IS NULL AND class IN ('receipt', 'notice', 'transfer')
  AND error_code IS DISTINCT FROM 403;

-- What a person may do with them; each writes down who and why in the same statement. In each: ids, who, via, reason.

-- Runs dead jobs again, from the first attempt on, under the ids that they had: what has a key is made once still.
CREATE FUNCTION evenkeel.redrive_jobs(uuid[], text, text, text) RETURNS TABLE (id uuid)
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
      expire_seconds, deletion_seconds, policy, dead_letter, heartbeat_seconds
    )
    SELECT c.source_id, q.name, c.data, now(), now() + interval '3650 days', q.retry_limit, q.retry_delay, q.retry_backoff, q.retry_delay_max,
           q.expire_seconds, q.deletion_seconds, q.policy, q.dead_letter, q.heartbeat_seconds
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

-- Gives dead jobs up for good.
CREATE FUNCTION evenkeel.dismiss_jobs(uuid[], text, text, text) RETURNS TABLE (id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH chosen AS (
    SELECT j.* FROM pgboss.job AS j WHERE j.name = 'dead' AND j.id = ANY ($1) AND j.state < 'active' FOR UPDATE
  ), noted AS (
    INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail)
    SELECT $2, $3, 'dead dismiss', 'job ' || c.id, $4, jsonb_build_object('queue', c.source_name, 'attempts', c.source_retry_count + 1, 'job', c.source_id)
    FROM chosen AS c
  )
  UPDATE pgboss.job AS j SET state = 'cancelled', completed_on = now()
  FROM chosen AS c WHERE j.name = 'dead' AND j.id = c.id
  RETURNING j.id;
END $$;

-- Sends messages that were given up once more: Telegram has refused them, or they never left. Not those of unknown outcome.
CREATE FUNCTION evenkeel.redrive_messages(bigint[], text, text, text) RETURNS TABLE (id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  WITH chosen AS (
    SELECT o.* FROM evenkeel.outbox AS o WHERE o.id = ANY ($1) AND o.state = 'dead' AND o.resolved_at IS NULL ORDER BY o.id FOR UPDATE
  ), noted AS (
    INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail)
    SELECT $2, $3, 'dead redrive', 'message ' || c.id, $4, jsonb_build_object('cause', c.cause, 'class', c.class, 'attempts', c.attempts, 'code', c.error_code)
    FROM chosen AS c
  )
  UPDATE evenkeel.outbox AS o
  SET state = 'waiting', attempts = 0, due_at = now(), settled_at = NULL, error = NULL, error_code = NULL
  FROM chosen AS c WHERE o.id = c.id RETURNING o.id
$$;

-- A person has decided about messages that were given up or are of unknown outcome: they are not listed any more.
CREATE FUNCTION evenkeel.resolve_messages(bigint[], text, text, text) RETURNS TABLE (id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  WITH chosen AS (
    SELECT o.* FROM evenkeel.outbox AS o
    WHERE o.id = ANY ($1) AND o.state IN ('unknown', 'dead') AND o.resolved_at IS NULL ORDER BY o.id FOR UPDATE
  ), noted AS (
    INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail)
    SELECT $2, $3, CASE c.state WHEN 'dead' THEN 'dead dismiss' ELSE 'unknown resolve' END, 'message ' || c.id, $4,
           jsonb_build_object('cause', c.cause, 'class', c.class, 'attempts', c.attempts, 'code', c.error_code)
    FROM chosen AS c
  )
  UPDATE evenkeel.outbox AS o SET resolved_at = now() FROM chosen AS c WHERE o.id = c.id RETURNING o.id
$$;

REVOKE EXECUTE ON FUNCTION evenkeel.dead_jobs, evenkeel.redrive_jobs, evenkeel.dismiss_jobs, evenkeel.redrive_messages, evenkeel.resolve_messages
  FROM PUBLIC;

-- Down Migration

DROP FUNCTION evenkeel.dead_jobs, evenkeel.redrive_jobs, evenkeel.dismiss_jobs, evenkeel.redrive_messages, evenkeel.resolve_messages;
DROP VIEW evenkeel.left_message;
