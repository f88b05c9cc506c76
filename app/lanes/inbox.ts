/** The inbox as the lanes use it. Each statement names the index that it relies on. */
import { LANE_BODIES } from '../../posture/limits.ts';
import type { Pool, PoolClient } from '../database/pool.ts';
import type { Claim } from './claim.ts';
import type { StoredUpdate } from './update.ts';

/**
 * Updates of one lane that are read at once, and bytes of their bodies: always one, whatever its size. The bytes bound the
 * memory (law memory.fits); the number only how often a long lane is read again, so it is no key.
 */
export const READ_LIMIT = 10;
export const READ_BYTES = LANE_BODIES;

export interface PendingRow extends Omit<StoredUpdate, 'sends'> {
  sends: StoredUpdate['sends'] | null;
}

/** inbox_pending, one descent a lane: LATERAL with ORDER BY and LIMIT leaves the planner no other way. */
export const FIRST_PENDING = (lane: string) => `
  SELECT "botId", "updateId", body, attempts, takeovers, sends, age FROM (
    SELECT bot_id AS "botId", update_id AS "updateId", body, attempts, takeovers, sends,
           (extract(epoch FROM now() - received_at) * 1000)::float8 AS age,
           sum(octet_length(body)) OVER (ORDER BY update_id) - octet_length(body) AS before
    FROM (
      SELECT * FROM evenkeel.inbox WHERE lane = ${lane} AND state = 'pending' ORDER BY update_id LIMIT ${READ_LIMIT}
    ) AS first
  ) AS bounded WHERE before < ${READ_BYTES}`;

export const storedUpdate = (row: PendingRow): StoredUpdate => ({ ...row, sends: row.sends ?? [] });

/** Whether the list that was read may not be all: it ended at one of its bounds. */
export const mayHaveMore = (updates: readonly StoredUpdate[]): boolean =>
  updates.length === READ_LIMIT || updates.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0) >= READ_BYTES;

/** The first pending updates of each lane, in order; lanes without any have an empty list. */
export async function readLanes(pool: Pool, lanes: readonly Claim[]): Promise<StoredUpdate[][]> {
  const { rows } = await pool.query<PendingRow>({
    name: 'read-lanes',
    text: `
      SELECT wanted.lane, wanted.queue, i.* FROM unnest($1::text[], $2::text[]) AS wanted (lane, queue)
      CROSS JOIN LATERAL (${FIRST_PENDING('wanted.lane')}) AS i
      ORDER BY i."updateId"`,
    values: [lanes.map(({ lane }) => lane), lanes.map(({ queue }) => queue)],
  });
  const byLane = Map.groupBy(rows, ({ lane }) => lane);
  return lanes.map(({ lane }) => (byLane.get(lane) ?? []).map(storedUpdate));
}

/** lane_pkey. True of the one claim that holds the lane now; whoever was overtaken changes nothing (fault lock-race). */
const FENCE = `EXISTS (SELECT FROM evenkeel.lane l WHERE l.lane = i.lane AND l.generation = $3 AND l.owner IS NOT NULL)`;

/** What became of a failed attempt. `lost`: the lane was another's, or the update was no longer pending. */
export type Recorded = 'pending' | 'parked' | 'lost';

/**
 * inbox_pkey. Writes down a failed attempt: what it sent, so that the next one does not repeat it, and whether it counts.
 * The update is parked when its attempts reach `limit`.
 */
export async function recordFailure(
  pool: Pool,
  { generation }: Claim,
  { botId, updateId, sends }: StoredUpdate,
  { counted, limit, error }: { counted: boolean; limit: number; error: string },
): Promise<Recorded> {
  const { rows } = await pool.query<{ state: 'pending' | 'parked' }>({
    name: 'record-failure',
    text: `
      UPDATE evenkeel.inbox AS i SET
        sends = coalesce($4::json, sends),
        attempts = attempts + $5::int,
        last_error = $7,
        state = CASE WHEN $5::int > 0 AND attempts + $5::int >= $6::int THEN 'parked' ELSE state END,
        settled_at = CASE WHEN $5::int > 0 AND attempts + $5::int >= $6::int THEN now() END
      WHERE bot_id = $1 AND update_id = $2 AND state = 'pending' AND ${FENCE}
      RETURNING state`,
    // PostgreSQL's text has no NUL, and an error may quote what a user typed.
    values: [
      botId,
      updateId,
      generation,
      sends.length > 0 ? JSON.stringify(sends) : null,
      counted ? 1 : 0,
      limit,
      error.replaceAll('\u0000', '').slice(0, 2000),
    ],
  });
  return rows[0]?.state ?? 'lost';
}

/** inbox_pkey. Records sends that were confirmed, before a later one begins. False: the lane is another's by now. */
export async function recordSends(
  pool: Pool,
  { generation }: Claim,
  { botId, updateId }: StoredUpdate,
  sends: StoredUpdate['sends'],
): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'record-sends',
    text: `UPDATE evenkeel.inbox AS i SET sends = $4 WHERE bot_id = $1 AND update_id = $2 AND state = 'pending' AND ${FENCE}`,
    values: [botId, updateId, generation, JSON.stringify(sends)],
  });
  return rowCount === 1;
}

/**
 * inbox_pkey. "Done", in the transaction of the update's own effects: false where it is not pending any more.
 * The body is not needed again, and is most of the row.
 */
export async function markDone(client: PoolClient, { botId, updateId }: StoredUpdate): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'mark-done',
    text: `
      UPDATE evenkeel.inbox SET state = 'done', settled_at = now(), body = '', sends = NULL, last_error = NULL
      WHERE bot_id = $1 AND update_id = $2 AND state = 'pending'`,
    values: [botId, updateId],
  });
  return rowCount === 1;
}

/** lane_pkey. Keeps the lane from being taken over until the transaction ends; false where it is another's already. */
export async function lockLane(client: PoolClient, { lane, generation }: Claim): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'lock-lane',
    // SHARE and not KEY SHARE: a takeover changes the row without touching its key.
    text: 'SELECT FROM evenkeel.lane WHERE lane = $1 AND generation = $2 AND owner IS NOT NULL FOR SHARE',
    values: [lane, generation],
  });
  return rowCount === 1;
}
