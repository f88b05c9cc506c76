/** The durable insert: many updates, one statement, one commit. */
import type { LaneName } from '../lanes/announce.ts';
import type { Pool } from '../database/pool.ts';
import type { IncomingUpdate } from './update.ts';

/**
 * Idempotent by (bot, update_id): what is there already, from a delivery that Telegram repeated, stays as it is and
 * counts as stored (fault false-200). Nothing else is written here, and nobody waited for. Uses inbox_pkey.
 */
const STORE = `
  INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body)
  SELECT $1, u.update_id, u.queue, u.lane, u.body
  FROM ROWS FROM (unnest($2::bigint[], $3::text[], $4::text[]), json_array_elements_text($5::json))
    AS u (update_id, queue, lane, body)
  ON CONFLICT (bot_id, update_id) DO NOTHING
  RETURNING queue, lane`;

/** Stores a batch and resolves after the commit to the lanes of the updates that were new, one an update: announce them. */
export async function storeUpdates(pool: Pool, botId: number, batch: readonly IncomingUpdate[]): Promise<LaneName[]> {
  // In order of the key, so that tasks which store the same repeated updates wait for each other in one direction only.
  const updates = batch.toSorted((a, b) => a.updateId - b.updateId);
  const { rows } = await pool.query<LaneName>({
    name: 'store-updates',
    text: STORE,
    values: [
      botId,
      updates.map(({ updateId }) => updateId),
      updates.map(({ queue }) => queue),
      updates.map(({ lane }) => lane),
      // Not as text[]: pg escapes its quotes by regular expressions, which takes a hundred bytes of heap for each byte of
      // a body full of them (law memory.fits).
      JSON.stringify(updates.map(({ body }) => body)),
    ],
  });
  return rows;
}
