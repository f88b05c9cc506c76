/** How the bot stands, from the database: what waits, who works, what was given up. */
import type { Posture } from '../../posture/schema/index.ts';
import { readHeld } from '../database/lineage.ts';
import type { Pool } from '../database/pool.ts';
import { listFlags } from '../flags/index.ts';
import { readQueues } from '../health/queues.ts';
import { readSlots } from '../health/work.ts';
import { QUEUES } from '../lanes/queues.ts';
import { table, type Outcome } from './outcome.ts';
import type { Call } from './verb.ts';

/** worker_pkey, lane_owner. A lease that ran out is a worker that is gone, and whose lanes are about to be taken over. */
const WORKERS = `
  SELECT w.id, w.bot_id AS bot, round(extract(epoch FROM clock_timestamp() - w.seen_at))::int AS "seenSecondsAgo",
         clock_timestamp() - w.seen_at > w.lease AS lost,
         (SELECT count(*) FROM evenkeel.lane WHERE owner = w.id) AS lanes
  FROM evenkeel.worker AS w ORDER BY w.seen_at DESC LIMIT 50`;

/** inbox_parked */
const PARKED = `
  SELECT queue, cause, count(*) AS updates, min(settled_at) AS first, max(settled_at) AS last
  FROM evenkeel.desk WHERE state = 'parked' GROUP BY queue, cause ORDER BY count(*) DESC LIMIT 10`;

/** inbox_unknown */
const UNKNOWN = `
  SELECT method, count(*) AS sends, min(settled_at) AS first, max(settled_at) AS last
  FROM evenkeel.unknown_send WHERE state = 'done' GROUP BY method ORDER BY count(*) DESC`;

const JOBS = `
  SELECT name AS queue, state::text AS state, count(*) AS jobs,
         round(extract(epoch FROM now() - min(start_after) FILTER (WHERE state IN ('created', 'retry') AND start_after <= now())))::int AS "readySeconds"
  FROM pgboss.job WHERE state NOT IN ('completed', 'cancelled') GROUP BY name, state ORDER BY name, state`;

/** outbox_due, outbox_sending, outbox_left */
const OUTBOX = `
  SELECT class, state, count(*) AS messages,
         round(extract(epoch FROM now() - min(due_at) FILTER (WHERE state = 'waiting' AND due_at <= now())))::int AS "dueSeconds"
  FROM evenkeel.outbox
  WHERE state IN ('waiting', 'sending') OR (state IN ('unknown', 'dead') AND resolved_at IS NULL AND error_code IS DISTINCT FROM 403)
  GROUP BY class, state ORDER BY min(rank), state`;

const SESSIONS = `
  SELECT rolname AS role, rolconnlimit AS limit, count(pid) AS sessions,
         count(pid) FILTER (WHERE state LIKE 'idle in transaction%') AS "idleInTransaction",
         coalesce(round(extract(epoch FROM max(clock_timestamp() - xact_start))), 0)::int AS "oldestTransactionSeconds"
  FROM pg_roles LEFT JOIN pg_stat_activity ON usesysid = pg_roles.oid AND datname = current_database()
  WHERE rolname IN ('owner', 'web', 'worker', 'operator') GROUP BY rolname, rolconnlimit ORDER BY rolname`;

const VERSIONS = `
  SELECT (SELECT name FROM evenkeel_migrations.migration ORDER BY id DESC LIMIT 1) AS schema,
         (SELECT max(version) FROM pgboss.version) AS "pgBoss", current_setting('server_version') AS "postgreSQL",
         (SELECT array_to_string(array_agg(DISTINCT application_name), ', ') FROM pg_stat_activity
          WHERE datname = current_database() AND application_name <> '') AS connected`;

/** star_cursor, till: a row a bot and provider. Stars, and cents of a US dollar. */
const BOOKS = `
  SELECT bot_id AS bot, 'stars' AS provider, complete_at AS "equalAt", report ->> 'difference' AS difference,
         report ->> 'explained' AS explained, NULL::timestamptz AS "keylessSince"
  FROM evenkeel.star_cursor
  UNION ALL
  SELECT bot_id, provider, complete_at, (found - expected)::text, explained::text, keyless_since FROM evenkeel.till
  ORDER BY 1, 2`;

/** pulse_pkey: a row a bot that has had workers. Before the first of them, nobody's. */
const BOTS = `
  SELECT bot_id AS bot FROM evenkeel.pulse UNION ALL SELECT 0 WHERE NOT EXISTS (SELECT FROM evenkeel.pulse) ORDER BY 1`;

/** Of each bot's: since the beginning of the last slot that was done, and slots in a row that nobody has done. */
async function schedules(pool: Pool, posture: Posture) {
  const rows: Record<string, unknown>[] = [];
  for (const { bot } of (await pool.query<{ bot: number }>(BOTS)).rows)
    for (const [name, { doneSeconds, missed }] of Object.entries(await readSlots(pool, posture, bot)))
      rows.push({ bot, name, doneSecondsAgo: Math.round(doneSeconds), missed });
  return rows;
}

const switchedOff = async (pool: Pool) =>
  (await listFlags(pool))
    .filter(({ isOn }) => !isOn)
    .map(({ name, changedAt, by, reason }) => ({ name, since: changedAt, by, reason }));

export async function status({ pool, posture }: Call): Promise<Outcome> {
  const { lanes } = posture;
  const read = await readQueues(pool, QUEUES, lanes.poll + 2 * lanes.sweep);
  const queues = read.toSorted((a, b) => QUEUES.indexOf(a.queue) - QUEUES.indexOf(b.queue));
  const rows = async (text: string) => (await pool.query<Record<string, unknown>>(text)).rows;
  const held = await readHeld(pool);
  const parts = [
    table(
      'queues',
      queues.map((queue) => ({ ...queue, oldestSeconds: Math.round(queue.oldestSeconds) })),
    ),
    table('parked, by cause', await rows(PARKED)),
    table('sends of unknown outcome', await rows(UNKNOWN)),
    table('workers', await rows(WORKERS)),
    table('jobs', await rows(JOBS)),
    table('outbox', await rows(OUTBOX)),
    table('schedules', await schedules(pool, posture)),
    table('books of those who are paid', await rows(BOOKS)),
    table('switched off', await switchedOff(pool)),
    table('sessions', await rows(SESSIONS)),
    table('versions', await rows(VERSIONS)),
  ];
  const stranded = queues.filter(({ stranded }) => stranded > 0);
  return {
    tables: parts.filter(({ title, rows }) => rows.length > 0 || title === 'workers'),
    said: [
      ...(held.length > 0 ? [`Held, nothing goes out: ${held.join('; ')}. ops held shows what waits.`] : []),
      ...(parts[3]!.rows.length === 0 ? ['No worker has a lease: nothing is handled.'] : []),
      ...stranded.map(({ queue, stranded }) => `${stranded} updates of ${queue} wait although no lane has them.`),
    ],
  };
}
