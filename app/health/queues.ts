/** What waits in the inbox, a row a queue. Uses inbox_pending and inbox_parked, whose size is that of the backlog. */
import type { QueueName } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';

export interface QueueState {
  queue: QueueName;
  /** Updates accepted and not yet handled. */
  pending: number;
  /** Chats (or pre-checkout queries) that they belong to. */
  lanes: number;
  /** Age of the oldest of them, s. */
  oldestSeconds: number;
  /** Updates given up after their attempts; an operator decides. */
  parked: number;
}

export async function readQueues(pool: Pool, queues: readonly QueueName[]): Promise<QueueState[]> {
  const { rows } = await pool.query<QueueState>(
    `SELECT wanted.queue,
            coalesce(p.pending, 0) AS pending, coalesce(p.lanes, 0) AS lanes,
            coalesce(p.oldest, 0)::float8 AS "oldestSeconds", coalesce(k.parked, 0) AS parked
     FROM unnest($1::text[]) AS wanted (queue)
     LEFT JOIN (
       SELECT queue, count(*) AS pending, count(DISTINCT lane) AS lanes,
              extract(epoch FROM now() - min(received_at)) AS oldest
       FROM evenkeel.inbox WHERE state = 'pending' GROUP BY queue
     ) AS p USING (queue)
     LEFT JOIN (SELECT queue, count(*) AS parked FROM evenkeel.inbox WHERE state = 'parked' GROUP BY queue) AS k USING (queue)`,
    [queues],
  );
  return rows;
}
