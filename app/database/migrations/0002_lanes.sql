-- Up Migration

-- A process that handles lanes. Its row is the lease of all its lanes: renewed every `lanes.touch`, and taken away by
-- another worker when it is older than `lease`.
CREATE TABLE evenkeel.worker (
  id      uuid        PRIMARY KEY,
  bot_id  bigint      NOT NULL,
  -- How long the process itself takes its lanes for held: `lanes.heartbeat` of its own posture.
  lease   interval    NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

CREATE INDEX worker_bot ON evenkeel.worker (bot_id);

-- Since when a bot's workers could write without a gap: nobody is lost because the database was away for all.
CREATE TABLE evenkeel.pulse (
  bot_id  bigint      PRIMARY KEY,
  since   timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- A lane that has something to do: a chat, or one pre-checkout query. The inbox is the truth, this is who works on it;
-- the row goes when nothing is left, and the sweep makes it again wherever it is missing.
CREATE TABLE evenkeel.lane (
  lane       text        PRIMARY KEY,
  bot_id     bigint      NOT NULL,
  queue      text        NOT NULL,
  -- Not before: a lane that waits, for a pause between attempts or because it was asked to, is not late.
  due_at     timestamptz NOT NULL DEFAULT now(),
  -- The worker that handles it; null: nobody does.
  owner      uuid,
  -- Grows with every claim, over all lanes: fences a holder that was overtaken, its transactions included.
  generation bigint      NOT NULL DEFAULT 0,
  -- Its next update was in hand when workers were lost: it runs alone (fault poison-spread).
  suspect    boolean     NOT NULL DEFAULT false,
  -- It is running alone now: if its worker is lost, it is known for what.
  alone      boolean     NOT NULL DEFAULT false
) WITH (
  -- A row lives for milliseconds: vacuum by count, soon, and without pausing.
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000
);
CREATE INDEX lane_ready ON evenkeel.lane (bot_id, queue, due_at) WHERE owner IS NULL;
CREATE INDEX lane_suspect ON evenkeel.lane (bot_id, due_at) WHERE suspect;
CREATE INDEX lane_owner ON evenkeel.lane (owner) WHERE owner IS NOT NULL;

CREATE SEQUENCE evenkeel.generation;

-- Updates that are done and whose sends are kept: Telegram never said what became of one of them. For people.
CREATE INDEX inbox_unknown ON evenkeel.inbox (settled_at) WHERE state = 'done' AND sends IS NOT NULL;

-- Old tasks run beside new ones while a deploy rolls, and alone again if it is taken back. They keep a chat to one
-- worker by a pg-boss token; here a token and a lane's row become one lock, so that each release respects the other's.
-- The next release drops these triggers with `arrival` and the queues of the tokens.

-- What an old web task stores is ready for new workers as well.
CREATE FUNCTION evenkeel.arrival_is_lane() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
BEGIN
  INSERT INTO evenkeel.lane (lane, bot_id, queue)
  SELECT DISTINCT lane, split_part(lane, ':', 1)::bigint, queue FROM arrived ORDER BY lane
  ON CONFLICT (lane) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER arrival_is_lane AFTER INSERT ON evenkeel.arrival
  REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION evenkeel.arrival_is_lane();

-- An old worker gets a token only with the lane, which it holds under the zero id.
CREATE FUNCTION evenkeel.token_takes_lane() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
BEGIN
  INSERT INTO evenkeel.lane AS l (lane, bot_id, queue, owner, generation)
  VALUES (NEW.singleton_key, split_part(NEW.singleton_key, ':', 1)::bigint, NEW.name,
          '00000000-0000-0000-0000-000000000000', nextval('evenkeel.generation'))
  ON CONFLICT (lane) DO UPDATE SET owner = EXCLUDED.owner, generation = EXCLUDED.generation
    WHERE l.owner IS NULL AND l.due_at <= now();
  -- Nothing: the row is skipped, and the token stays where it is.
  IF FOUND THEN RETURN NEW; END IF;
  RETURN NULL;
END $$;

-- However a token ends, its lane is free.
CREATE FUNCTION evenkeel.token_frees_lane() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
BEGIN
  UPDATE evenkeel.lane SET owner = NULL, due_at = now()
  WHERE lane = OLD.singleton_key AND owner = '00000000-0000-0000-0000-000000000000';
  RETURN NULL;
END $$;

-- A pause that an old worker was asked for holds for new ones.
CREATE FUNCTION evenkeel.token_delays_lane() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = evenkeel, pg_temp AS $$
BEGIN
  UPDATE evenkeel.lane SET due_at = NEW.start_after WHERE lane = NEW.singleton_key AND owner IS NULL;
  RETURN NULL;
END $$;

DO $$
DECLARE tokens text;
BEGIN
  -- A new database has neither.
  IF to_regclass('pgboss.queue') IS NULL THEN RETURN; END IF;
  FOR tokens IN
    SELECT format('pgboss.%I', table_name) FROM pgboss.queue WHERE name IN ('chat', 'preCheckout') ORDER BY name
  LOOP
    EXECUTE format($sql$
      CREATE TRIGGER token_takes_lane BEFORE UPDATE ON %1$s FOR EACH ROW
        WHEN (NEW.state = 'active' AND OLD.state <> 'active') EXECUTE FUNCTION evenkeel.token_takes_lane();
      CREATE TRIGGER token_is_returned AFTER UPDATE ON %1$s FOR EACH ROW
        WHEN (OLD.state = 'active' AND NEW.state <> 'active') EXECUTE FUNCTION evenkeel.token_frees_lane();
      CREATE TRIGGER token_is_gone AFTER DELETE ON %1$s FOR EACH ROW
        WHEN (OLD.state = 'active') EXECUTE FUNCTION evenkeel.token_frees_lane();
      CREATE TRIGGER token_delays_lane AFTER INSERT ON %1$s FOR EACH ROW
        WHEN (NEW.start_after > now()) EXECUTE FUNCTION evenkeel.token_delays_lane();
    $sql$, tokens);
    -- What old workers have in hand; the triggers keep their tables still until this commits. Whatever else is pending
    -- is found by the sweep.
    EXECUTE format($sql$
      INSERT INTO evenkeel.lane (lane, bot_id, queue, owner, generation)
      SELECT singleton_key, split_part(singleton_key, ':', 1)::bigint, name,
             '00000000-0000-0000-0000-000000000000', nextval('evenkeel.generation')
      FROM %1$s WHERE state = 'active' ON CONFLICT (lane) DO NOTHING
    $sql$, tokens);
  END LOOP;
END $$;

-- Down Migration

DROP FUNCTION evenkeel.arrival_is_lane, evenkeel.token_takes_lane, evenkeel.token_frees_lane, evenkeel.token_delays_lane CASCADE;
DROP INDEX evenkeel.inbox_unknown;
DROP TABLE evenkeel.lane, evenkeel.worker, evenkeel.pulse;
DROP SEQUENCE evenkeel.generation;
