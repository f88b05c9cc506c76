/** Slots in the database: intervals of its clock, counted from 1970, each a row of its bot from when somebody takes it. */
import type { Pool, PoolClient } from '../database/pool.ts';
import type { ScheduleName } from './queues.ts';
import type { Outcome } from './run.ts';

export interface Grid {
  name: ScheduleName;
  /** Whose: of two bots in one database, each does its own. */
  botId: number;
  /** Length of a slot, s. */
  seconds: number;
  /** Slots before the current one that are run late where nobody has run them. */
  catchUp: number;
}

/**
 * slot_pkey. The oldest slot that nobody has taken: of those before the current one so many as are caught up, and none
 * from before the schedule was first run here.
 */
const OPEN = {
  name: 'open-slot',
  text: `
    WITH clock AS (SELECT floor(extract(epoch FROM now()) / $2::float8)::bigint AS now),
      first AS (SELECT min(at) AS at FROM evenkeel.slot WHERE bot_id = $4 AND name = $1)
    SELECT slot.at::text AS at
    FROM clock, first, generate_series(greatest(now - $3::int, coalesce(ceil(extract(epoch FROM first.at) / $2::float8)::bigint, now)), now) AS n,
      LATERAL (SELECT to_timestamp(n * $2::float8) AS at, to_timestamp((n + 1) * $2::float8) AS ends) AS slot
    -- As a subquery of one row it is asked for each slot, and never made a join with all that there are.
    WHERE coalesce((
      SELECT false FROM evenkeel.slot s WHERE s.bot_id = $4 AND s.name = $1 AND s.at >= slot.at AND s.at < slot.ends LIMIT 1
    ), true)
    ORDER BY n LIMIT 1`,
};

/** Where the slot begins, as PostgreSQL writes it; undefined where every slot has been taken. */
export async function openSlot(pool: Pool, { name, seconds, catchUp, botId }: Grid): Promise<string | undefined> {
  const { rows } = await pool.query<{ at: string }>({ ...OPEN, values: [name, seconds, catchUp, botId] });
  return rows[0]?.at;
}

/**
 * slot_pkey. Whether the clock of the transaction still stands in it, or it is run late; undefined where another worker
 * was faster.
 */
export async function takeSlot(
  client: PoolClient,
  { name, seconds, botId }: Grid,
  at: string,
): Promise<'current' | 'missed' | undefined> {
  const { rows } = await client.query<{ current: boolean }>({
    name: 'take-slot',
    text: `
      INSERT INTO evenkeel.slot (bot_id, name, at) VALUES ($4, $1, $2) ON CONFLICT DO NOTHING
      RETURNING now() < at + $3::float8 * interval '1 s' AS current`,
    values: [name, at, seconds, botId],
  });
  return rows[0] && (rows[0].current ? 'current' : 'missed');
}

/** slot_pkey. As if nobody had taken it. */
export async function leaveSlot(client: PoolClient, { name, botId }: Grid, at: string): Promise<void> {
  await client.query({
    name: 'leave-slot',
    text: 'DELETE FROM evenkeel.slot WHERE bot_id = $3 AND name = $1 AND at = $2',
    values: [name, at, botId],
  });
}

/** A slot that was taken. */
export type Taken = Pick<Grid, 'name' | 'botId'> & { at: string };

/** slot_pkey */
export async function startSlot(pool: Pool, { name, botId, at }: Taken): Promise<void> {
  await pool.query({
    name: 'start-slot',
    text: `UPDATE evenkeel.slot SET started_at = clock_timestamp() WHERE bot_id = $3 AND name = $1 AND at = $2`,
    values: [name, at, botId],
  });
}

/** slot_pkey */
export async function endSlot(pool: Pool, { name, botId, at }: Taken, outcome: Outcome): Promise<void> {
  await pool.query({
    name: 'end-slot',
    text: `UPDATE evenkeel.slot SET ended_at = clock_timestamp(), outcome = $3 WHERE bot_id = $4 AND name = $1 AND at = $2`,
    values: [name, at, outcome, botId],
  });
}
