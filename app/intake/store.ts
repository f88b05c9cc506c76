/** The durable insert: many updates, one statement, one commit. */
import type { Pool } from '../database/pool.ts';
import type { IncomingUpdate } from './update.ts';

/** Channel on which workers learn that updates were stored. */
export const STORED_CHANNEL = 'evenkeel_stored';

/**
 * Idempotent by (bot, update_id): what is there already, from a delivery that Telegram repeated, stays as it is and
 * counts as stored (fault false-200). The arrival of the lane, and
 * the notification of it, are part of the same commit. Uses inbox_pkey.
 */
const STORE = `
  WITH stored AS (
    INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body)
    SELECT $1, u.update_id, u.queue, u.lane, u.body
    FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[]) AS u (update_id, queue, lane, body)
    ON CONFLICT (bot_id, update_id) DO NOTHING
    RETURNING queue, lane
  ), arrived AS (
    INSERT INTO evenkeel.arrival (queue, lane) SELECT DISTINCT queue, lane FROM stored
  )
  SELECT count(*) AS stored, CASE WHEN count(*) > 0 THEN pg_notify('${STORED_CHANNEL}', '') END FROM stored`;

/** Stores a batch and resolves after the commit to the number of updates that were new. */
export async function storeUpdates(pool: Pool, botId: number, batch: readonly IncomingUpdate[]): Promise<number> {
  // In order of the key, so that tasks which store the same repeated updates wait for each other in one direction only.
  const updates = batch.toSorted((a, b) => a.updateId - b.updateId);
  const { rows } = await pool.query<{ stored: number }>({
    name: 'store-updates',
    text: STORE,
    values: [
      botId,
      updates.map(({ updateId }) => updateId),
      updates.map(({ queue }) => queue),
      updates.map(({ lane }) => lane),
      updates.map(({ body }) => body),
    ],
  });
  return rows[0]!.stored;
}
