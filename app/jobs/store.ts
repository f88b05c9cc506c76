/**
 * Jobs in the database while they are worked on. One claim of a job is told from every other by the time at which it
 * was made (`started_on`): whoever was overtaken changes nothing.
 */
import type { PgBoss } from 'pg-boss';
import type { JobName, ScheduleName } from '../../posture/schema/index.ts';
import { ANYWHERE } from '../database/lineage.ts';
import type { Pool, PoolClient } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { PGBOSS_SCHEMA } from './boss.ts';
import { KEEP_SECONDS } from './queues.ts';

const JOB = `${PGBOSS_SCHEMA}.job`;

export interface ClaimedJob {
  id: string;
  queue: JobName;
  input: unknown;
  /** Attempts before this one. */
  attempts: number;
  /** Since it was due at first, ms. */
  age: number;
  /** When it was claimed, as PostgreSQL writes it, to the microsecond: the fence. */
  claimed: string;
}

/** A bot's own, and those that are nobody's: of a session that did not say whose it is, or of the release before. */
const ofBot = (parameter: string) => `(j.group_id IS NULL OR j.group_id = ${parameter}::text)`;

/** Of one claim. */
const FENCE = `name = $1 AND id = $2 AND state = 'active' AND started_on = $3::timestamptz`;
const fence = ({ queue, id, claimed }: ClaimedJob): unknown[] => [queue, id, claimed];

/**
 * job_i11, one descent a queue. As pg-boss's own fetch: a job that was begun before has used an attempt. Of queues that
 * wait while the database is held, nothing then; of another bot in the same database, nothing ever.
 */
const CLAIM = {
  name: 'claim-jobs',
  text: `
    WITH next AS MATERIALIZED (
      SELECT wanted.name, due.id FROM unnest($1::text[], $2::int[], $3::boolean[]) AS wanted (name, room, waits)
      CROSS JOIN LATERAL (
        SELECT id FROM ${JOB} j
        WHERE (NOT wanted.waits OR (SELECT evenkeel.goes_out($4)))
          AND j.name = wanted.name AND j.state < 'active' AND NOT j.blocked AND j.start_after <= now()
          AND ${ofBot('$5')}
        ORDER BY j.priority DESC, j.created_on LIMIT wanted.room
        FOR UPDATE SKIP LOCKED
      ) AS due
    )
    UPDATE ${JOB} j SET state = 'active', started_on = clock_timestamp(), heartbeat_on = clock_timestamp(),
      retry_count = CASE WHEN started_on IS NULL THEN retry_count ELSE retry_count + 1 END
    FROM next WHERE j.name = next.name AND j.id = next.id
    RETURNING j.id, j.name AS queue, j.data AS input, j.retry_count AS attempts, j.started_on::text AS claimed,
      greatest(0, extract(epoch FROM now() - j.keep_until + ${KEEP_SECONDS} * interval '1 s') * 1000)::float8 AS age`,
};

interface Room {
  /** Jobs at most. */
  room: number;
  /** While the database is held. */
  waits: boolean;
}

/** Takes a bot's jobs that are due, at most so many of each queue. */
export async function claimJobs(
  pool: Pool,
  botId: number,
  queues: ReadonlyMap<JobName, Room>,
  seen = ANYWHERE,
): Promise<ClaimedJob[]> {
  const of = [...queues.values()];
  const values = [[...queues.keys()], of.map(({ room }) => room), of.map(({ waits }) => waits), seen, botId];
  const { rows } = await pool.query<ClaimedJob>({ ...CLAIM, values });
  return rows;
}

/**
 * job_i11. The next job of a schedule, as pg-boss's own fetch takes it, which knows no "of this bot": what another bot's
 * worker or nobody's has put there is told by its group.
 */
export async function fetchSlot(
  pool: Pool,
  botId: number,
  name: ScheduleName,
): Promise<{ id: string; name: string; data: unknown } | undefined> {
  const { rows } = await pool.query<{ id: string; name: string; data: unknown }>({
    name: 'fetch-slot',
    text: `
      WITH next AS MATERIALIZED (
        SELECT id FROM ${JOB} j
        WHERE j.name = $1 AND j.state < 'active' AND NOT j.blocked AND j.start_after <= now() AND ${ofBot('$2')}
        ORDER BY j.priority DESC, j.created_on LIMIT 1
        FOR UPDATE SKIP LOCKED
      )
      UPDATE ${JOB} j SET state = 'active', started_on = clock_timestamp(),
        retry_count = CASE WHEN started_on IS NULL THEN retry_count ELSE retry_count + 1 END
      FROM next WHERE j.name = $1 AND j.id = next.id
      RETURNING j.id, j.name, j.data`,
    values: [name, botId],
  });
  return rows[0];
}

/** job_pkey. Renews what is held; returns the ids that still are. */
export async function touchJobs(db: Pick<Pool, 'query'>, jobs: readonly ClaimedJob[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>({
    name: 'touch-jobs',
    text: `
      UPDATE ${JOB} j SET heartbeat_on = clock_timestamp()
      FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS held (name, id, claimed)
      WHERE j.name = held.name AND j.id = held.id AND j.state = 'active' AND j.started_on = held.claimed
      RETURNING j.id`,
    values: [jobs.map(({ queue }) => queue), jobs.map(({ id }) => id), jobs.map(({ claimed }) => claimed)],
  });
  return new Set(rows.map(({ id }) => id));
}

/** job_pkey. Keeps the job from being taken away until the transaction ends; false where it was already. */
export async function lockJob(client: PoolClient, job: ClaimedJob): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'lock-job',
    // Its own worker's renewals go through; who takes it away, or clears it, locks it for more than that, and waits.
    text: `SELECT FROM ${JOB} WHERE ${FENCE} FOR KEY SHARE`,
    values: fence(job),
  });
  return rowCount === 1;
}

/** job_pkey. Done; in the transaction of its effects, or after them. False where the claim is gone. */
export async function completeJob(
  db: Pick<Pool | PoolClient, 'query'>,
  job: ClaimedJob,
  output: object,
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'complete-job',
    // What somebody wished in their own words is not kept for longer than it waits.
    text: `
      UPDATE ${JOB} SET state = 'completed', completed_on = now(), output = $4::jsonb,
        data = CASE WHEN singleton_key IS NULL THEN data END
      WHERE ${FENCE}`,
    values: [...fence(job), JSON.stringify(output)],
  });
  return rowCount === 1;
}

/**
 * job_pkey. Back into the queue, due after so many ms. Where it is not `counted` the next claim takes it for one that was
 * never begun. False where the claim is gone.
 */
export async function returnJob(
  db: Pick<Pool | PoolClient, 'query'>,
  job: ClaimedJob,
  { after, counted, error }: { after: number; counted: boolean; error: string | undefined },
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'return-job',
    text: `
      UPDATE ${JOB} SET state = 'retry', heartbeat_on = NULL, start_after = now() + $4::float8 * interval '1 ms',
        started_on = CASE WHEN $5::boolean THEN started_on END,
        output = coalesce($6::jsonb, output)
      WHERE ${FENCE}`,
    values: [...fence(job), after, counted, error === undefined ? null : JSON.stringify(asOutput(error))],
  });
  return rowCount === 1;
}

/** How pg-boss keeps an error. */
const asOutput = (error: string) => ({ message: error.replaceAll('\u0000', '').toWellFormed().slice(0, 2000) });

/** The statements of pg-boss in a transaction of ours. */
export const within = (client: PoolClient) => ({
  executeSql: (text: string, values?: unknown[]) => client.query(text, values),
});

async function bury(client: PoolClient, boss: PgBoss, job: ClaimedJob, error: string): Promise<boolean> {
  // Whatever attempts are left.
  const { rows } = await client.query<{ attempts: number }>({
    name: 'last-attempt',
    text: `UPDATE ${JOB} SET retry_limit = retry_count WHERE ${FENCE} RETURNING retry_count AS attempts`,
    values: fence(job),
  });
  const [last] = rows;
  if (!last) return false;
  await boss.fail(job.queue, { id: job.id, retryCount: last.attempts }, asOutput(error), { db: within(client) });
  return true;
}

/** Gives a job up: pg-boss copies it, with its cause, to the queue of the dead. False where the claim is gone. */
export const buryJob = (pool: Pool, boss: PgBoss, job: ClaimedJob, error: string): Promise<boolean> =>
  inTransaction(pool, (client) => bury(client, boss, job, error));

/** What is kept of a job that has no handler's error: its worker was killed, or froze. */
const WORKER_LOST = 'its worker was lost while running it';

/**
 * job_i14. Of jobs whose worker was silent for `silence` ms, while the bot's workers could write all that time: nobody is
 * lost because the database was away for all. One that is in an open transaction is left to the next round.
 */
const SILENT = `
  FROM ${JOB} j, evenkeel.pulse p
  WHERE j.name = ANY ($2::text[]) AND j.state = 'active' AND p.bot_id = $1 AND ${ofBot('$1')}
    AND j.heartbeat_on < clock_timestamp() - $3::float8 * interval '1 ms'
    AND p.since < clock_timestamp() - $3::float8 * interval '1 ms'
    AND p.seen_at > clock_timestamp() - $3::float8 / 2 * interval '1 ms'`;

export interface Silence {
  botId: number;
  queues: readonly JobName[];
  /** ms */
  silence: number;
}

/** Puts back what lost workers had in hand, which was an attempt, or gives it up after the last one. Returns how many. */
export async function takeBack(pool: Pool, boss: PgBoss, { botId, queues, silence }: Silence): Promise<number> {
  const values = [botId, queues, silence];
  // Read alone, so that a round without a loss costs no transaction.
  const { rowCount } = await pool.query({ name: 'silent-jobs', text: `SELECT ${SILENT} LIMIT 1`, values });
  if (rowCount === 0) return 0;
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<ClaimedJob & { last: boolean }>({
      name: 'take-silent-jobs',
      text: `
        SELECT j.id, j.name AS queue, j.data AS input, j.retry_count AS attempts, j.started_on::text AS claimed, 0 AS age,
               j.retry_count >= j.retry_limit AS last
        ${SILENT} ORDER BY j.id LIMIT 100 FOR UPDATE OF j SKIP LOCKED`,
      values,
    });
    for (const job of rows) {
      if (job.last) await bury(client, boss, job, WORKER_LOST);
      else await returnJob(client, job, { after: 0, counted: true, error: WORKER_LOST });
    }
    return rows.length;
  });
}
