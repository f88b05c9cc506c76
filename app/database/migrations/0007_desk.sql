-- Up Migration

-- What people did by hand, for ever: nobody but the owner may change or delete a row (grants.ts).
CREATE TABLE evenkeel.audit (
  id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Who, as AWS or the machine at hand names them; and what ran it, such as the ARN of a task.
  who     text        NOT NULL,
  via     text        NOT NULL,
  -- As whom the database knows them.
  login   name        NOT NULL DEFAULT session_user,
  verb    text        NOT NULL,
  -- What it was done to, such as 'update 123456:9000001'.
  target  text        NOT NULL,
  reason  text,
  -- How it was before, or what was asked.
  detail  jsonb
);
CREATE INDEX audit_target ON evenkeel.audit (target, at);

-- An error may quote what a user typed: what stands in quotes is for nobody.
CREATE FUNCTION evenkeel.without_quotes(text) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN left(regexp_replace($1, '"[^"]*("|$)', '"…"', 'g'), 300);

-- A send may hold what a user typed, and PostgreSQL reads no JSON with \u0000 or half a surrogate pair in it: every escape
-- but that of a quote is a question mark here.
CREATE FUNCTION evenkeel.legible_sends(sends json) RETURNS TABLE (state text, method text, tries int, sent_at timestamptz, reason text)
LANGUAGE sql IMMUTABLE BEGIN ATOMIC
  SELECT coalesce(send ->> 'state', 'ok'), send ->> 'method', (send ->> 'tries')::int, (send ->> 'at')::timestamptz,
         evenkeel.without_quotes(send ->> 'reason')
  FROM json_array_elements(regexp_replace(sends::text, '\\[^"]', '?', 'g')::json) AS send
  WHERE json_typeof(send) = 'object';
END;

-- Updates as people may see them: all but what was written and answered.
CREATE VIEW evenkeel.desk AS
SELECT bot_id, update_id, queue, lane, state, attempts, takeovers, received_at, settled_at,
       evenkeel.without_quotes(last_error) AS cause,
       (SELECT count(*)::int FROM evenkeel.legible_sends(sends) AS send WHERE send.state = 'ok') AS confirmed,
       (SELECT count(*)::int FROM evenkeel.legible_sends(sends) AS send WHERE send.state = 'unknown') AS unknown
FROM evenkeel.inbox;

-- Sends of which nobody knows whether they arrived.
CREATE VIEW evenkeel.unknown_send AS
SELECT bot_id, update_id, queue, lane, i.state, settled_at, method, tries, sent_at, reason
FROM evenkeel.inbox AS i CROSS JOIN evenkeel.legible_sends(i.sends) AS send
WHERE i.sends IS NOT NULL AND send.state = 'unknown';

-- What a person may do with an update. Each writes down who and why in the same statement, so that it cannot be done
-- without. In each: bot, updates, who, via, reason; the updates that were in the state that is asked for are returned.

-- Runs parked updates again, from the first attempt on. Sends that were confirmed are not repeated.
CREATE FUNCTION evenkeel.redrive(bigint, bigint[], text, text, text) RETURNS TABLE (update_id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  WITH chosen AS (
    SELECT * FROM evenkeel.desk AS d
    WHERE d.bot_id = $1 AND d.update_id IN (
      SELECT i.update_id FROM evenkeel.inbox AS i
      WHERE i.bot_id = $1 AND i.update_id = ANY ($2) AND i.state = 'parked' ORDER BY i.update_id FOR UPDATE)
  ), noted AS (
    INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail)
    SELECT $3, $4, 'dead redrive', 'update ' || c.bot_id || ':' || c.update_id, $5,
           jsonb_build_object('attempts', c.attempts, 'takeovers', c.takeovers, 'cause', c.cause, 'parked', c.settled_at)
    FROM chosen AS c
  ), ready AS (
    INSERT INTO evenkeel.lane (lane, bot_id, queue)
    SELECT DISTINCT ON (c.lane) c.lane, c.bot_id, c.queue FROM chosen AS c ORDER BY c.lane
    ON CONFLICT (lane) DO NOTHING
  )
  UPDATE evenkeel.inbox AS i
  SET state = 'pending', attempts = 0, takeovers = 0, settled_at = NULL, last_error = NULL
  FROM chosen AS c WHERE i.bot_id = c.bot_id AND i.update_id = c.update_id
  RETURNING i.update_id
$$;

-- Gives parked updates up for good. What was written is not needed any more. Never a payment: somebody has paid.
CREATE FUNCTION evenkeel.dismiss(bigint, bigint[], text, text, text) RETURNS TABLE (update_id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  WITH chosen AS (
    SELECT * FROM evenkeel.desk AS d
    WHERE d.bot_id = $1 AND d.update_id IN (
      SELECT i.update_id FROM evenkeel.inbox AS i
      WHERE i.bot_id = $1 AND i.update_id = ANY ($2) AND i.state = 'parked' AND i.queue <> 'payment' ORDER BY i.update_id FOR UPDATE)
  ), noted AS (
    INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail)
    SELECT $3, $4, 'dead dismiss', 'update ' || c.bot_id || ':' || c.update_id, $5,
           jsonb_build_object('attempts', c.attempts, 'takeovers', c.takeovers, 'cause', c.cause, 'parked', c.settled_at)
    FROM chosen AS c
  )
  UPDATE evenkeel.inbox AS i SET state = 'done', settled_at = now(), body = '', sends = NULL, last_error = NULL
  FROM chosen AS c WHERE i.bot_id = c.bot_id AND i.update_id = c.update_id
  RETURNING i.update_id
$$;

-- Takes an update that waits out of the way, such as one that ends whoever touches it. Its chat goes on with the next.
CREATE FUNCTION evenkeel.park(bigint, bigint[], text, text, text) RETURNS TABLE (update_id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  WITH chosen AS (
    SELECT * FROM evenkeel.desk AS d
    WHERE d.bot_id = $1 AND d.update_id IN (
      SELECT i.update_id FROM evenkeel.inbox AS i
      WHERE i.bot_id = $1 AND i.update_id = ANY ($2) AND i.state = 'pending' ORDER BY i.update_id FOR UPDATE)
  ), noted AS (
    INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail)
    SELECT $3, $4, 'dead park', 'update ' || c.bot_id || ':' || c.update_id, $5,
           jsonb_build_object('attempts', c.attempts, 'takeovers', c.takeovers, 'cause', c.cause)
    FROM chosen AS c
  )
  UPDATE evenkeel.inbox AS i SET state = 'parked', settled_at = now(), last_error = 'parked by hand'
  FROM chosen AS c WHERE i.bot_id = c.bot_id AND i.update_id = c.update_id
  RETURNING i.update_id
$$;

-- A person has found out what became of the sends, or has seen to it that it does not matter: they are not listed any more.
CREATE FUNCTION evenkeel.resolve_sends(bigint, bigint[], text, text, text) RETURNS TABLE (update_id bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  WITH chosen AS (
    SELECT * FROM evenkeel.desk AS d
    WHERE d.bot_id = $1 AND d.unknown > 0 AND d.update_id IN (
      SELECT i.update_id FROM evenkeel.inbox AS i
      WHERE i.bot_id = $1 AND i.update_id = ANY ($2) AND i.state = 'done' AND i.sends IS NOT NULL
      ORDER BY i.update_id FOR UPDATE)
  ), noted AS (
    INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail)
    SELECT $3, $4, 'unknown resolve', 'update ' || c.bot_id || ':' || c.update_id, $5,
           jsonb_build_object('unknown', c.unknown, 'confirmed', c.confirmed, 'cause', c.cause)
    FROM chosen AS c
  )
  UPDATE evenkeel.inbox AS i SET sends = NULL, last_error = NULL
  FROM chosen AS c WHERE i.bot_id = c.bot_id AND i.update_id = c.update_id
  RETURNING i.update_id
$$;

REVOKE EXECUTE ON FUNCTION evenkeel.redrive, evenkeel.dismiss, evenkeel.park, evenkeel.resolve_sends FROM PUBLIC;

-- Down Migration

DROP FUNCTION evenkeel.redrive, evenkeel.dismiss, evenkeel.park, evenkeel.resolve_sends;
DROP VIEW evenkeel.unknown_send, evenkeel.desk;
DROP FUNCTION evenkeel.legible_sends, evenkeel.without_quotes;
DROP TABLE evenkeel.audit;
