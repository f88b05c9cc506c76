/** The inbox as the lanes use it. Each statement names the index that it relies on. */
import type { QueueName } from '../../posture/schema/index.ts';
import type { Pool, PoolClient } from '../database/pool.ts';
import type { StoredUpdate } from './update.ts';

/** Updates of one lane that are read at once. */
export const READ_LIMIT = 10;

/** inbox_pending, one descent a lane: LATERAL with ORDER BY and LIMIT leaves the planner no other way. */
const READ = `
  SELECT i.bot_id AS "botId", i.update_id AS "updateId", i.queue, i.lane, i.body, i.attempts, i.takeovers, i.sends,
         (extract(epoch FROM now() - i.received_at) * 1000)::float8 AS age
  FROM unnest($1::text[]) AS wanted (lane)
  CROSS JOIN LATERAL (
    SELECT * FROM evenkeel.inbox
    WHERE lane = wanted.lane AND state = 'pending'
    ORDER BY update_id
    LIMIT ${READ_LIMIT}
  ) AS i`;

/** The first pending updates of each lane, in order; lanes without any have an empty list. */
export async function readLanes(pool: Pool, lanes: string[]): Promise<StoredUpdate[][]> {
  const { rows } = await pool.query<Omit<StoredUpdate, 'sends'> & { sends: StoredUpdate['sends'] | null }>({
    name: 'read-lanes',
    text: READ,
    values: [lanes],
  });
  const byLane = new Map<string, StoredUpdate[]>(lanes.map((lane) => [lane, []]));
  for (const row of rows) byLane.get(row.lane)!.push({ ...row, sends: row.sends ?? [] });
  return lanes.map((lane) => byLane.get(lane)!);
}

/**
 * arrival_order. By ctid, which is stable for rows that this statement has locked: the planner cannot choose to scan the
 * table, whatever its statistics say.
 */
const TAKE = `
  DELETE FROM evenkeel.arrival
  WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM evenkeel.arrival
    ORDER BY queue DESC, id
    LIMIT $1
    FOR UPDATE SKIP LOCKED
  ))
  RETURNING queue, lane`;

/** Takes arrivals, pre-checkout first; the same lane may be among them several times. */
export async function takeArrivals(client: PoolClient, limit: number) {
  const { rows } = await client.query<{ queue: QueueName; lane: string }>({
    name: 'take-arrivals',
    text: TAKE,
    values: [limit],
  });
  return rows;
}

/**
 * inbox_pkey. Done is done once: the worker whose statement finds the row pending has handled it, any other has not.
 * Ordered, so that two batches which meet lock rows in one direction only.
 */
const DONE = `
  UPDATE evenkeel.inbox SET state = 'done', settled_at = now(), sends = NULL, last_error = NULL
  WHERE bot_id = $1 AND update_id = ANY ($2::bigint[]) AND state = 'pending'
  RETURNING update_id AS "updateId"`;

/** Marks updates of one bot done; returns the ids of those that were still pending. */
export async function markDone(db: Pool | PoolClient, updates: readonly StoredUpdate[]): Promise<Set<number>> {
  if (updates.length === 0) return new Set();
  const ids = updates.map(({ updateId }) => updateId).sort((a, b) => a - b);
  const values = [updates[0]!.botId, ids];
  const { rows } = await db.query<{ updateId: number }>({ name: 'mark-done', text: DONE, values });
  return new Set(rows.map(({ updateId }) => updateId));
}

/** inbox_pending. Which of these lanes still have something to do. */
export async function pendingAmong(client: PoolClient, lanes: string[]): Promise<string[]> {
  const { rows } = await client.query<{ lane: string }>({
    name: 'pending-among',
    text: `
      SELECT wanted.lane FROM unnest($1::text[]) AS wanted (lane)
      WHERE EXISTS (SELECT FROM evenkeel.inbox i WHERE i.lane = wanted.lane AND i.state = 'pending' ORDER BY i.update_id LIMIT 1)`,
    values: [lanes],
  });
  return rows.map(({ lane }) => lane);
}

/** Counts a failed attempt, or parks the update when `limit` is reached. Returns whether it was parked. */
export async function countFailure(
  pool: Pool,
  { botId, updateId }: StoredUpdate,
  kind: 'attempts' | 'takeovers',
  limit: number,
  error: string,
): Promise<boolean> {
  const { rows } = await pool.query<{ parked: boolean }>({
    name: `count-${kind}`,
    text: `
      UPDATE evenkeel.inbox SET
        ${kind} = ${kind} + 1,
        last_error = $4,
        state = CASE WHEN ${kind} + 1 >= $3 THEN 'parked' ELSE state END,
        settled_at = CASE WHEN ${kind} + 1 >= $3 THEN now() END
      WHERE bot_id = $1 AND update_id = $2 AND state = 'pending'
      RETURNING state = 'parked' AS parked`,
    // PostgreSQL's text has no NUL, and an error may quote what a user typed.
    values: [botId, updateId, limit, error.replaceAll('\u0000', '').slice(0, 2000)],
  });
  return rows[0]?.parked ?? false;
}

export async function recordSends(
  pool: Pool,
  { botId, updateId }: StoredUpdate,
  sends: StoredUpdate['sends'],
): Promise<void> {
  await pool.query({
    name: 'record-sends',
    text: `UPDATE evenkeel.inbox SET sends = $3 WHERE bot_id = $1 AND update_id = $2 AND state = 'pending'`,
    values: [botId, updateId, JSON.stringify(sends)],
  });
}

/** inbox_pending, as a range: the next lanes after `after` whose oldest pending update is older than `age` ms. */
export async function lanesWaiting(pool: Pool, after: string, age: number, limit: number) {
  const { rows } = await pool.query<{ queue: QueueName; lane: string }>({
    name: 'lanes-waiting',
    text: `
      SELECT lane, min(queue) AS queue FROM evenkeel.inbox
      WHERE state = 'pending' AND lane > $1
      GROUP BY lane
      HAVING min(received_at) < now() - $2 * interval '1 ms'
      ORDER BY lane
      LIMIT $3`,
    values: [after, age, limit],
  });
  return rows;
}
