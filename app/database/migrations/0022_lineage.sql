-- Up Migration

-- Which database this is, as people have accepted it: what is put back in its place tells itself by it (fault restored-twice).
CREATE TABLE evenkeel.lineage (
  one         boolean     PRIMARY KEY DEFAULT true CHECK (one),
  -- Of the cluster: another one after an upgrade to a new major version, or in a copy by logical replication.
  system      text,
  -- Of its log: a restore to a point in time begins a new one, and so does a replica that is promoted.
  timeline    text,
  -- Of this table: another one where the rows came out of a dump.
  relation    text,
  -- What whoever deploys the server calls it, and never another one (DATABASE_SERVER). Null: nobody has said.
  server      text,
  accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  accepted_by text        NOT NULL,
  -- Since when nothing goes out and why, where somebody has noticed it, or wants it.
  held_at     timestamptz,
  held_why    text,
  -- When a worker was last at work, as far as this database knows: what happened later is only known outside.
  known_until timestamptz
);

-- Which it is now. What a server does not let anybody ask is null, and compares with nothing but itself.
CREATE FUNCTION evenkeel.lineage_now() RETURNS TABLE (system text, timeline text, relation text, server text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  SELECT CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE')
              THEN (SELECT system_identifier::text FROM pg_control_system()) END,
         -- Of what is written now: pg_control_checkpoint() knows it only from the next checkpoint on.
         CASE WHEN has_function_privilege('pg_walfile_name(pg_lsn)', 'EXECUTE')
              THEN left(pg_walfile_name(pg_current_wal_flush_lsn()), 8) END,
         'evenkeel.lineage'::regclass::oid::text,
         nullif(current_setting('evenkeel.server', true), '')
$$;

-- Why nothing may go out; empty: it may.
CREATE FUNCTION evenkeel.held() RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  SELECT coalesce((
    SELECT array_remove(ARRAY[
      l.held_why] || ARRAY(SELECT told FROM unnest(ARRAY[
      CASE WHEN l.system IS DISTINCT FROM n.system
           THEN 'another cluster: system identifier ' || coalesce(n.system, 'unknown') || ', accepted was ' || coalesce(l.system, 'none') END,
      CASE WHEN l.timeline IS DISTINCT FROM n.timeline
           THEN 'another history: timeline ' || coalesce(n.timeline, 'unknown') || ', accepted was ' || coalesce(l.timeline, 'none') END,
      CASE WHEN l.relation IS DISTINCT FROM n.relation THEN 'its tables were made anew, as by a dump that was loaded' END,
      -- Who has not been told a name has nothing to say of it.
      CASE WHEN n.server IS NOT NULL AND l.server IS DISTINCT FROM n.server
           THEN 'another server: ' || n.server || ', accepted was ' || coalesce(l.server, 'none') END
      ]) AS told WHERE position(told IN coalesce(l.held_why, '')) = 0), NULL)
    FROM evenkeel.lineage AS l CROSS JOIN evenkeel.lineage_now() AS n WHERE l.one
  ), ARRAY['nobody has accepted this database'])
$$;

-- Whether something may go out, for somebody who has seen the log written up to a place that no honest server is behind.
CREATE FUNCTION evenkeel.goes_out(pg_lsn) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  SELECT cardinality(evenkeel.held()) = 0 AND pg_current_wal_flush_lsn() >= $1
$$;

-- A database that is in use already is accepted as it is, unless it has been restored or promoted before: nobody has looked then.
INSERT INTO evenkeel.lineage (system, timeline, relation, accepted_by)
SELECT n.system, CASE WHEN used.so AND n.timeline <> '00000001' THEN NULL ELSE n.timeline END, n.relation, 'migration'
FROM evenkeel.lineage_now() AS n,
  LATERAL (SELECT EXISTS (SELECT FROM evenkeel.payment) OR EXISTS (SELECT FROM evenkeel.outbox) AS so) AS used;

-- What a person may do; each writes down who and why in the same statement. In each: who, via, reason.

-- Nothing goes out from now on.
CREATE FUNCTION evenkeel.hold(text, text, text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  WITH chosen AS (
    UPDATE evenkeel.lineage SET held_at = clock_timestamp(), held_why = 'by hand: ' || $3 WHERE one AND held_at IS NULL RETURNING one
  ), noted AS (
    INSERT INTO evenkeel.audit (who, via, verb, target, reason) SELECT $1, $2, 'hold', 'database', $3 FROM chosen
  )
  SELECT EXISTS (SELECT FROM chosen)
$$;

-- This database is the one from now on, and everything goes out.
CREATE FUNCTION evenkeel.resume(text, text, text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  WITH before AS (
    SELECT l.*, evenkeel.held() AS why FROM evenkeel.lineage AS l WHERE l.one FOR UPDATE
  ), noted AS (
    INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail)
    SELECT $1, $2, 'resume', 'database', $3, jsonb_build_object('why', why, 'heldAt', held_at, 'knownUntil', known_until, 'system', system,
      'timeline', timeline, 'server', server)
    FROM before WHERE cardinality(why) > 0
  ), accepted AS (
    UPDATE evenkeel.lineage AS l
    SET system = n.system, timeline = n.timeline, relation = n.relation, server = coalesce(n.server, l.server),
        accepted_at = clock_timestamp(), accepted_by = $1, held_at = NULL, held_why = NULL, known_until = NULL
    FROM before, evenkeel.lineage_now() AS n WHERE l.one AND cardinality(before.why) > 0
    RETURNING l.one
  )
  SELECT EXISTS (SELECT FROM accepted)
$$;

-- Messages of these classes that wait are not said; only while nothing goes out. They are kept, as dead and looked at.
CREATE FUNCTION evenkeel.leave_unsaid(text[], text, text, text) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
  WITH left_out AS (
    UPDATE evenkeel.outbox SET state = 'dead', settled_at = now(), resolved_at = now(), error = 'left unsaid by hand'
    WHERE state = 'waiting' AND class = ANY ($1) AND cardinality(evenkeel.held()) > 0
    RETURNING class
  ), noted AS (
    INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail)
    SELECT $2, $3, 'held drop', 'outbox', $4, jsonb_build_object('class', class, 'messages', count(*)) FROM left_out GROUP BY class
  )
  SELECT count(*) FROM left_out
$$;

REVOKE EXECUTE ON FUNCTION evenkeel.held, evenkeel.lineage_now, evenkeel.goes_out, evenkeel.hold, evenkeel.resume, evenkeel.leave_unsaid
  FROM PUBLIC;

-- Down Migration

DROP FUNCTION evenkeel.leave_unsaid, evenkeel.resume, evenkeel.hold, evenkeel.goes_out, evenkeel.held, evenkeel.lineage_now;
DROP TABLE evenkeel.lineage;
