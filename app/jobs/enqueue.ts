/** Making a job: a row of pg-boss, in the caller's transaction, so that it is there exactly if its cause is. */
import { createHash } from 'node:crypto';
import type { JobName } from '../../posture/schema/index.ts';
import { tellAfterCommit } from '../database/transaction.ts';
import type { Tx } from '../database/tx.ts';
import { PGBOSS_SCHEMA } from './boss.ts';
import { checked, type JobQueue } from './queue.ts';
import { KEEP_SECONDS } from './queues.ts';

export interface EnqueueOptions {
  /** Makes the job once: another one with the same key of the same queue is not made while the first is kept (`database.retention.jobs`). */
  key?: string;
  /** Not before so many ms from now, by the database's clock. */
  after?: number;
  /** Whose own wish it is (`wishOf`): /mydata shows what waits of it, /forget calls it off, and done it is emptied. */
  whose?: string;
}

/**
 * As pg-boss's `send` writes it (a test compares the rows): its own wants a statement before it, and a client of its
 * own. Options of the queue come from the queue's row, and whose job it is, from the session: as of what the outbox says.
 * Uses the primary keys of both tables.
 */
const ENQUEUE = {
  name: 'enqueue',
  text: `
    WITH queue AS (
      SELECT * FROM ${PGBOSS_SCHEMA}.queue WHERE name = $1
    ), made AS (
      INSERT INTO ${PGBOSS_SCHEMA}.job (
        id, name, data, start_after, keep_until, retry_limit, retry_delay, retry_backoff, retry_delay_max,
        expire_seconds, deletion_seconds, policy, dead_letter, heartbeat_seconds, singleton_key, group_id
      )
      SELECT coalesce($2::uuid, gen_random_uuid()), name, $3::jsonb, due, due + ${KEEP_SECONDS} * interval '1 s',
             retry_limit, retry_delay, retry_backoff, retry_delay_max,
             expire_seconds, deletion_seconds, policy, dead_letter, heartbeat_seconds, $5,
             nullif(current_setting('evenkeel.bot_id', true), '')
      FROM queue CROSS JOIN (SELECT now() + $4::float8 * interval '1 ms') AS time (due)
      ON CONFLICT DO NOTHING
      RETURNING id
    )
    SELECT (SELECT count(*) FROM queue)::int AS queues, (SELECT id FROM made) AS id`,
};

/** PostgreSQL's jsonb knows no NUL and no half of a surrogate pair; a person may type the one and cut the other. */
const storable = (_key: string, value: unknown): unknown =>
  typeof value === 'string'
    ? value.replaceAll('\u0000', '').toWellFormed()
    : typeof value === 'bigint'
      ? value.toString()
      : value;

/** The id of the one job with this key: the same whoever makes it. A UUID by RFC 9562, version 8. */
function idOf(queue: JobName, key: string): string {
  const hex = createHash('sha256').update(`${queue}\n${key}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * Makes a job. It begins after the commit: in this process at once where there is room, elsewhere within a look. No
 * NOTIFY goes with it.
 * @returns its id; undefined where a job with the same key was made before
 * @throws {TypeError} where the input is not what the queue declares
 */
export async function enqueue<Name extends JobName, Input>(
  tx: Tx,
  queue: JobQueue<Name, Input>,
  input: Input,
  { key, after = 0, whose }: EnqueueOptions = {},
): Promise<string | undefined> {
  checked(queue, JSON.parse(JSON.stringify(input, storable)));
  const { rows } = await tx.query<{ queues: number; id: string | null }>({
    ...ENQUEUE,
    values: [
      queue.name,
      key === undefined ? null : idOf(queue.name, key),
      JSON.stringify(input, storable),
      after,
      whose ?? null,
    ],
  });
  const { queues, id } = rows[0]!;
  if (queues === 0) throw new Error(`the queue ${queue.name} is not there: run the migrate role of this release first`);
  if (id === null) return undefined;
  tellAfterCommit('jobs');
  return id;
}

/** Its primary key. Whether the job that was made with this key is still to be done, or under way. */
export async function isPending(tx: Tx, { name }: Pick<JobQueue, 'name'>, key: string): Promise<boolean> {
  const { rows } = await tx.query({
    name: 'job-pending',
    text: `SELECT FROM ${PGBOSS_SCHEMA}.job WHERE name = $1 AND id = $2 AND state < 'completed'`,
    values: [name, idOf(name, key)],
  });
  return rows.length > 0;
}
