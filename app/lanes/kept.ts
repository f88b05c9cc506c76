/** Updates whose words are kept beyond their end: those that were given up, and those with a send of unknown outcome. */
import type { Tx } from '../database/tx.ts';

/** With the condition that gives inbox_kept to these statements alone. */
const KEPT = `lane = $1 AND lane <> '' AND (state = 'parked' OR (state = 'done' AND sends IS NOT NULL))`;

export interface KeptUpdate {
  at: Date;
  /** As it came. */
  body: string;
}

/** inbox_kept. Of a lane, the latest 100 that were given up. */
export async function keptUpdates(db: Pick<Tx, 'query'>, lane: string): Promise<KeptUpdate[]> {
  const { rows } = await db.query<KeptUpdate>({
    name: 'kept-updates',
    text: `
      SELECT received_at AS at, body FROM evenkeel.inbox WHERE ${KEPT} AND body <> ''
      ORDER BY update_id DESC LIMIT 100`,
    values: [lane],
  });
  return rows.reverse();
}

/**
 * inbox_kept. Empties them. One that was given up is over with that: without its words nobody can run it again. Of a send
 * of unknown outcome it stays known that there is one, and why.
 */
export async function emptyKept(tx: Pick<Tx, 'query'>, lane: string): Promise<void> {
  await tx.query({
    name: 'empty-kept-updates',
    text: `
      UPDATE evenkeel.inbox SET state = 'done', body = '', last_error = NULL,
        sends = CASE WHEN state = 'done' THEN (
          SELECT json_agg(json_build_object('method', s.method, 'state', s.state, 'tries', s.tries, 'reason', s.reason, 'at', s.sent_at))
          FROM evenkeel.legible_sends(sends) AS s WHERE s.state = 'unknown'
        ) END
      WHERE ${KEPT}`,
    values: [lane],
  });
}
