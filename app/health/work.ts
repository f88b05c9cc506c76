/**
 * What was decided and is not done: jobs, a row a queue, and messages of the outbox, of all bots; what a bot runs by the clock
 * and did not; and what a person must see.
 */
import {
  WORK_COUNTED_TO,
  type AnswerHealth,
  type JobHealth,
  type MessageHealth,
  type SlotHealth,
  type WorkHealth,
} from '../../contract/health.ts';
import type { JobName, Posture, ScheduleName } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { PGBOSS_SCHEMA } from '../jobs/boss.ts';
import { DEAD, ENDING, jobNames, slotSeconds, waitsWhileHeld } from '../jobs/queues.ts';
import { CLASSES, classesThat } from '../outbox/classes.ts';
import { BLOCKED } from '../outbox/send.ts';

const MOST = WORK_COUNTED_TO + 1;

/**
 * lineage_pkey. What waits while nothing goes out, as the database was put back or replaced, has an alarm of its own: a
 * fault has one page. Afterwards it is late by the time since then.
 */
const HELD = `lineage AS MATERIALIZED (
    SELECT cardinality(evenkeel.held()) > 0 AS held, (SELECT accepted_at FROM evenkeel.lineage WHERE one AND accepted_by <> 'migration') AS accepted
  )`;

/**
 * Descents of job_i14 (queue, state, blocked, due) for each queue, and of job_i11 for the dead: of what is due or dead
 * no more is read than is counted, and of what is due later nothing. `$2`: how long each queue's jobs may run, ms. `$3`:
 * whether they wait while the database is held: they are not late then, and are from the moment that it is accepted.
 */
const JOBS = `
  WITH ${HELD}, dead AS MATERIALIZED (
    SELECT source_name AS queue FROM ${PGBOSS_SCHEMA}.job WHERE name = '${DEAD}' AND state < 'active' AND NOT blocked LIMIT ${MOST}
  )
  SELECT wanted.queue, due.due, due.oldest AS "oldestSeconds", runs.running, runs.overdue,
         (SELECT count(*) FROM dead WHERE dead.queue = wanted.queue)::int AS dead
  FROM unnest($1::text[], $2::float8[], $3::boolean[]) AS wanted (queue, may, waits)
  CROSS JOIN lineage
  CROSS JOIN LATERAL (
    SELECT count(*)::int AS due,
           CASE WHEN min(start_after) IS NULL OR wanted.waits AND lineage.held THEN 0
                ELSE extract(epoch FROM now() - greatest(min(start_after), CASE WHEN wanted.waits THEN lineage.accepted END))
           END::float8 AS oldest
    FROM (
      (SELECT start_after FROM ${PGBOSS_SCHEMA}.job
       WHERE name = wanted.queue AND state = 'created' AND NOT blocked AND start_after <= now() ORDER BY start_after LIMIT ${MOST})
      UNION ALL
      (SELECT start_after FROM ${PGBOSS_SCHEMA}.job
       WHERE name = wanted.queue AND state = 'retry' AND NOT blocked AND start_after <= now() ORDER BY start_after LIMIT ${MOST})
    ) AS ready
  ) AS due
  CROSS JOIN LATERAL (
    SELECT count(*)::int AS running, count(*) FILTER (WHERE started_on < now() - wanted.may * interval '1 ms')::int AS overdue
    FROM (SELECT started_on FROM ${PGBOSS_SCHEMA}.job WHERE name = wanted.queue AND state = 'active' LIMIT ${MOST}) AS active
  ) AS runs`;

/** Those that somebody waits for. Marketing takes what the rate leaves it, and may take hours. */
const AWAITED = classesThat(({ rank }) => rank < CLASSES.marketing.rank);
const RANKS = [...new Set(AWAITED.map((name) => CLASSES[name].rank))];
/** Those that a person has to see when they did not arrive, or may not have. */
const FOR_PEOPLE = classesThat(({ forPeople }) => forPeople);
const names = (classes: readonly string[]): string => classes.map((name) => `'${name}'`).join(', ');

/**
 * outbox_due for each rank, outbox_chat for the first of its chat: what stands behind another message is not late, the
 * other one is. LIMIT 1 keeps the planner from joining with the whole of that index, as it does for NOT EXISTS.
 * outbox_for_people, whose condition is written as in its migration, for what is left.
 */
const MESSAGES = `
  WITH ${HELD}, due AS MATERIALIZED (
    SELECT first.* FROM unnest(ARRAY[${RANKS.join(', ')}]::smallint[]) AS wanted (rank)
    CROSS JOIN LATERAL (
      SELECT id, chat_id, due_at FROM evenkeel.outbox
      WHERE state = 'waiting' AND outbox.rank = wanted.rank AND due_at <= now() ORDER BY due_at LIMIT ${MOST}
    ) AS first
  ), ready AS (
    SELECT due_at FROM due WHERE id = (
      SELECT id FROM evenkeel.outbox e
      WHERE e.chat_id = due.chat_id AND e.state IN ('waiting', 'sending') AND e.class <> 'marketing'
      ORDER BY id LIMIT 1)
  ), lost AS MATERIALIZED (
    SELECT state FROM evenkeel.outbox
    WHERE state IN ('unknown', 'dead') AND resolved_at IS NULL AND class IN (${names(FOR_PEOPLE)})
      AND error_code IS DISTINCT FROM ${BLOCKED}
    ORDER BY settled_at LIMIT ${2 * MOST}
  )
  SELECT (SELECT count(*) FROM ready)::int AS due,
         (SELECT CASE WHEN lineage.held OR first IS NULL THEN 0
                      ELSE extract(epoch FROM now() - greatest(first, lineage.accepted)) END
          FROM lineage, (SELECT min(due_at) AS first FROM ready) AS ready)::float8 AS "oldestSeconds",
         (SELECT count(*) FROM lost WHERE state = 'dead')::int AS dead,
         (SELECT count(*) FROM lost WHERE state = 'unknown')::int AS unknown`;

/** inbox_unknown, whose condition is that of the view with this one. */
const ANSWERS = `
  SELECT count(*)::int AS unknown
  FROM (SELECT FROM evenkeel.unknown_send WHERE state = 'done' ORDER BY settled_at LIMIT ${MOST}) AS listed`;

export async function readJobs(pool: Pool, posture: Posture): Promise<Record<JobName, JobHealth>> {
  const queues = jobNames(posture);
  const { rows } = await pool.query<JobHealth & { queue: JobName }>(JOBS, [
    queues,
    // A worker that was lost with it is missed, and its jobs put back, within recoverWithin.
    queues.map((name) => posture.work[name].deadline + ENDING + posture.lanes.recoverWithin),
    queues.map(waitsWhileHeld),
  ]);
  return Object.fromEntries(rows.map(({ queue, ...state }) => [queue, state])) as Record<JobName, JobHealth>;
}

export async function readMessages(pool: Pool): Promise<MessageHealth> {
  const { rows } = await pool.query<MessageHealth>(MESSAGES);
  return rows[0]!;
}

export async function readAnswers(pool: Pool): Promise<AnswerHealth> {
  const { rows } = await pool.query<AnswerHealth>(ANSWERS);
  return rows[0]!;
}

/** slot_done and slot_pkey, a descent each for every schedule of a bot. */
const SLOTS = `
  SELECT wanted.name, coalesce(extract(epoch FROM now() - coalesce(done.at, first.at)), 0)::float8 AS "doneSeconds"
  FROM unnest($1::text[]) AS wanted (name)
  LEFT JOIN LATERAL (
    SELECT at FROM evenkeel.slot s WHERE s.bot_id = $2 AND s.name = wanted.name AND outcome = 'done' ORDER BY at DESC LIMIT 1
  ) AS done ON true
  LEFT JOIN LATERAL (
    SELECT at FROM evenkeel.slot s WHERE s.bot_id = $2 AND s.name = wanted.name ORDER BY at LIMIT 1
  ) AS first ON true`;

export async function readSlots(
  pool: Pool,
  posture: Posture,
  botId: number,
): Promise<Record<ScheduleName, SlotHealth>> {
  const names = Object.keys(posture.schedules) as ScheduleName[];
  const { rows } = await pool.query<{ name: ScheduleName; doneSeconds: number }>(SLOTS, [names, botId]);
  return Object.fromEntries(
    rows.map(({ name, doneSeconds }) => [
      name,
      { doneSeconds, missed: Math.max(0, Math.floor(doneSeconds / slotSeconds(posture, name)) - 1) },
    ]),
  ) as Record<ScheduleName, SlotHealth>;
}

/** One statement after the other: they share one connection. */
export async function readWork(pool: Pool, posture: Posture, botId: number): Promise<WorkHealth> {
  return {
    jobs: await readJobs(pool, posture),
    schedules: await readSlots(pool, posture, botId),
    messages: await readMessages(pool),
    answers: await readAnswers(pool),
  };
}
