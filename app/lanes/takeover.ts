/** Taking over the lanes of a lost worker, and finding out which update ends workers (faults stuck-lock, poison-spread). */
import type { Posture } from '../../posture/schema/index.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Pool, PoolClient } from '../database/pool.ts';

/**
 * Workers lost with an update in hand before it is a suspect: from then on it runs alone, and only a loss while it does
 * is held against it. So what ends workers is found, and what merely ran beside it is not parked for it.
 */
export const SUSPECT_AFTER = 2;

/**
 * lane_owner, inbox_pending and inbox_pkey. Lanes that are in an open transaction are left to the next round. The update
 * in hand is the first that is pending: those before it are done, those behind it were not begun.
 */
const FREE = `
  WITH lost AS MATERIALIZED (
    SELECT lane, alone FROM evenkeel.lane WHERE owner = ANY ($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED
  ), in_hand AS MATERIALIZED (
    SELECT lost.*, first.bot_id, first.update_id, first.takeovers,
           first.takeovers < ${SUSPECT_AFTER} OR lost.alone AS charged
    FROM lost LEFT JOIN LATERAL (
      SELECT bot_id, update_id, takeovers FROM evenkeel.inbox i
      WHERE i.lane = lost.lane AND i.state = 'pending' ORDER BY i.update_id LIMIT 1
    ) AS first ON true
  ), counted AS (
    UPDATE evenkeel.inbox i SET
      takeovers = i.takeovers + 1,
      last_error = 'its worker was lost while handling it',
      state = CASE WHEN i.takeovers + 1 >= $2 THEN 'parked' ELSE i.state END,
      settled_at = CASE WHEN i.takeovers + 1 >= $2 THEN now() END
    FROM in_hand h
    WHERE i.bot_id = h.bot_id AND i.update_id = h.update_id AND i.state = 'pending' AND h.charged
  )
  UPDATE evenkeel.lane l SET owner = NULL, alone = false, due_at = now(),
    suspect = coalesce(h.takeovers + h.charged::int BETWEEN ${SUSPECT_AFTER} AND $2 - 1, false)
  FROM in_hand h WHERE l.lane = h.lane`;

const free = async (client: PoolClient, posture: Posture, owners: string[]): Promise<number> => {
  const { rowCount } = await client.query({
    name: 'free-lanes',
    text: FREE,
    values: [owners, posture.lanes.takeovers],
  });
  return rowCount ?? 0;
};

/** Read alone, so that a round without a loss costs no transaction. */
const SILENT = `
  SELECT w.id FROM evenkeel.worker w JOIN evenkeel.pulse p USING (bot_id)
  WHERE bot_id = $1 AND w.seen_at < clock_timestamp() - w.lease
    AND p.since < clock_timestamp() - w.lease AND p.seen_at > clock_timestamp() - w.lease / 2`;

/** Removes the workers whose lease has run out while others could write all the time, and frees their lanes, in one commit. */
export async function takeOver(
  pool: Pool,
  posture: Posture,
  botId: number,
): Promise<{ workers: number; lanes: number }> {
  const { rows } = await pool.query<{ id: string }>({ name: 'silent-workers', text: SILENT, values: [botId] });
  if (rows.length === 0) return { workers: 0, lanes: 0 };
  return inTransaction(pool, async (client) => {
    const { rows: removed } = await client.query<{ id: string }>({
      name: 'remove-workers',
      text: `DELETE FROM evenkeel.worker WHERE id = ANY ($2::uuid[]) AND id IN (${SILENT}) RETURNING id`,
      values: [botId, rows.map(({ id }) => id)],
    });
    const lanes = await free(
      client,
      posture,
      removed.map(({ id }) => id),
    );
    return { workers: removed.length, lanes };
  });
}

/** The zero id stands for tasks of the release before, whose tokens are watched by pg-boss. */
const ORPHANS = `
  SELECT DISTINCT owner FROM evenkeel.lane l
  WHERE owner IS NOT NULL AND owner <> '00000000-0000-0000-0000-000000000000'
    AND NOT EXISTS (SELECT FROM evenkeel.worker w WHERE w.id = l.owner)`;

/** Frees lanes whose worker's row is gone: one was in a transaction when the others were freed, or was deleted by hand. */
export async function freeOrphans(pool: Pool, posture: Posture): Promise<number> {
  const { rows } = await pool.query<{ owner: string }>({ name: 'orphans', text: ORPHANS });
  if (rows.length === 0) return 0;
  return inTransaction(pool, (client) =>
    free(
      client,
      posture,
      rows.map(({ owner }) => owner),
    ),
  );
}
