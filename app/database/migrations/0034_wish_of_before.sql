-- Up Migration

-- Reminders that an earlier release wrote do not say whose wish they are: /mydata would not show them, and /forget not call
-- them off, in the month that they may wait. Whose bot they are is known where there is one.
DO $$
BEGIN
  -- Of a new database, pg-boss's tables are there only after the migrations.
  IF to_regclass('pgboss.job') IS NULL OR (SELECT count(*) FROM evenkeel.pulse) <> 1 THEN RETURN; END IF;
  UPDATE pgboss.job AS j
  SET singleton_key = p.bot_id || ':' || (j.data ->> 'chat'), group_id = coalesce(j.group_id, p.bot_id::text)
  FROM evenkeel.pulse AS p
  WHERE j.name IN ('remind', 'dead') AND coalesce(j.source_name, j.name) = 'remind' AND j.singleton_key IS NULL
    AND j.state < 'active' AND j.data ->> 'chat' ~ '^-?\d+$';
END $$;

-- Down Migration

-- What they say stays true.
