/** The last net: lanes whose updates wait without a row, and rows whose worker is gone, whatever became of it. */
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';

/** Lanes that one statement looks at: 5 µs each, however many updates wait in them, and so far from its timeout. */
const PART = 5_000;
/** Of the time between two rounds, what one may take: a backlog in 200,000 lanes is gone round in a few, on a core's twentieth. */
const SHARE = 1 / 20;

/** inbox_pending, one probe a lane: it does not read what waits behind the first update. */
const STRANDED = `
  WITH RECURSIVE walk AS (
    (SELECT lane, queue, bot_id, received_at FROM evenkeel.inbox
     WHERE state = 'pending' AND lane > $1 ORDER BY lane, update_id LIMIT 1)
    UNION ALL
    SELECT next.* FROM walk CROSS JOIN LATERAL (
      SELECT lane, queue, bot_id, received_at FROM evenkeel.inbox
      WHERE state = 'pending' AND lane > walk.lane ORDER BY lane, update_id LIMIT 1
    ) AS next
  ), seen AS MATERIALIZED (
    SELECT * FROM walk LIMIT ${PART}
  ), made AS (
    INSERT INTO evenkeel.lane (lane, bot_id, queue)
    SELECT lane, bot_id, queue FROM seen
    WHERE received_at < now() - $2 * interval '1 ms' AND NOT EXISTS (SELECT FROM evenkeel.lane l WHERE l.lane = seen.lane)
    ORDER BY lane
    ON CONFLICT (lane) DO NOTHING
    RETURNING lane
  )
  SELECT (SELECT count(*) FROM made)::int AS made, count(*)::int AS seen, max(lane) AS last FROM seen`;

/**
 * Goes round the lanes that have something to do and makes the rows that are missing: as where a web task was killed between
 * its answer to Telegram and the announcement. Lanes that have one keep it. A call does as much of the round as `within`
 * (ms) allows, and one part at least; the next goes on from there.
 * @returns the number of lanes that were made ready
 */
export function createSweep(
  pool: Pool,
  posture: Posture,
  within = posture.lanes.sweep * SHARE,
): (signal?: AbortSignal) => Promise<number> {
  let after = '';

  async function part(): Promise<number> {
    const { rows } = await pool.query<{ made: number; seen: number; last: string | null }>({
      name: 'sweep',
      text: STRANDED,
      values: [after, posture.lanes.sweep],
    });
    const { made, seen, last } = rows[0]!;
    after = seen === PART ? last! : '';
    return made;
  }

  return async (signal) => {
    const until = performance.now() + within;
    let made = await part();
    while (after !== '' && performance.now() < until && !signal?.aborted) made += await part();
    return made;
  };
}
