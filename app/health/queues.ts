/** What waits in the inbox, a row a queue. */
import { COUNTED_TO, type QueueHealth } from '../../contract/health.ts';
import type { QueueName } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';

export interface QueueState extends QueueHealth {
  queue: QueueName;
}

/**
 * Counts to {@link COUNTED_TO} and one more, which says "more": of a backlog of millions the rest is not read, or the
 * statement would time out just when its answer is wanted most. Uses inbox_pending, inbox_parked, lane_ready, lane_owner
 * and lane_pkey. The age is that of the lane which has been ready for longest and that no worker has taken: one that
 * waits for its time, or that a worker has in hand, is not late.
 */
const READ = `
  WITH waiting AS MATERIALIZED (
    SELECT queue, lane, received_at FROM evenkeel.inbox WHERE state = 'pending' LIMIT ${COUNTED_TO + 1}
  ), parked AS MATERIALIZED (
    SELECT queue FROM evenkeel.inbox WHERE state = 'parked' LIMIT ${COUNTED_TO + 1}
  ), lanes AS (
    SELECT queue, lane, count(*) AS updates, min(received_at) < now() - $2 * interval '1 ms' AS late FROM waiting GROUP BY queue, lane
  )
  SELECT wanted.queue,
         coalesce(w.pending, 0) AS pending, coalesce(w.lanes, 0) AS lanes,
         coalesce(t.oldest, 0)::float8 AS "oldestSeconds", coalesce(p.parked, 0) AS parked,
         coalesce(t.waiting, 0) AS waiting, coalesce(h.active, 0) AS active, coalesce(s.stranded, 0) AS stranded
  FROM unnest($1::text[]) AS wanted (queue)
  LEFT JOIN (
    SELECT queue, sum(updates)::bigint AS pending, count(*) AS lanes FROM lanes GROUP BY queue
  ) AS w USING (queue)
  LEFT JOIN (SELECT queue, count(*) AS parked FROM parked GROUP BY queue) AS p USING (queue)
  LEFT JOIN (
    SELECT queue, count(*) AS waiting, extract(epoch FROM now() - min(due_at) FILTER (WHERE due_at <= now())) AS oldest
    FROM (SELECT queue, due_at FROM evenkeel.lane WHERE owner IS NULL ORDER BY bot_id, queue, due_at LIMIT ${COUNTED_TO + 1}) AS idle
    GROUP BY queue
  ) AS t USING (queue)
  LEFT JOIN (SELECT queue, count(*) AS active FROM evenkeel.lane WHERE owner IS NOT NULL GROUP BY queue) AS h USING (queue)
  LEFT JOIN (
    SELECT queue, sum(updates)::bigint AS stranded FROM lanes AS l
    WHERE late AND NOT EXISTS (SELECT FROM evenkeel.lane WHERE lane.lane = l.lane)
    GROUP BY queue
  ) AS s USING (queue)`;

/** @param strandedAfter age from which an update should have a lane, ms */
export async function readQueues(
  pool: Pool,
  queues: readonly QueueName[],
  strandedAfter: number,
): Promise<QueueState[]> {
  const { rows } = await pool.query<QueueState>(READ, [queues, strandedAfter]);
  return rows;
}

/** Age of the oldest transaction of any session, s; 0 without one. Sees others' by the role pg_read_all_stats. */
export async function oldestTransaction(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ seconds: number }>(
    `SELECT coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::float8 AS seconds
     FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
  return rows[0]!.seconds;
}
