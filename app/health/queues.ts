/** What waits in the inbox, a row a queue. */
import { COUNTED_TO, type QueueHealth } from '../../contract/health.ts';
import type { QueueName } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { PGBOSS_SCHEMA } from '../lanes/queues.ts';

export interface QueueState extends QueueHealth {
  queue: QueueName;
}

/**
 * Counts to {@link COUNTED_TO} and one more, which says "more": of a backlog of millions the rest is not read, or the
 * statement would time out just when its answer is wanted most. Uses inbox_pending and inbox_parked.
 */
const READ = `
  WITH waiting AS MATERIALIZED (
    SELECT queue, lane, received_at FROM evenkeel.inbox WHERE state = 'pending' LIMIT ${COUNTED_TO + 1}
  ), parked AS MATERIALIZED (
    SELECT queue FROM evenkeel.inbox WHERE state = 'parked' LIMIT ${COUNTED_TO + 1}
  ), lanes AS (
    SELECT queue, lane, count(*) AS updates, min(received_at) AS oldest FROM waiting GROUP BY queue, lane
  )
  SELECT wanted.queue,
         coalesce(w.pending, 0) AS pending, coalesce(w.lanes, 0) AS lanes,
         coalesce(w.oldest, 0)::float8 AS "oldestSeconds", coalesce(p.parked, 0) AS parked,
         coalesce(t.tokens, 0) AS tokens, coalesce(t.active, 0) AS active
  FROM unnest($1::text[]) AS wanted (queue)
  LEFT JOIN (
    SELECT queue, sum(updates)::bigint AS pending, count(*) AS lanes, extract(epoch FROM now() - min(oldest)) AS oldest
    FROM lanes GROUP BY queue
  ) AS w USING (queue)
  LEFT JOIN (SELECT queue, count(*) AS parked FROM parked GROUP BY queue) AS p USING (queue)
  LEFT JOIN (
    SELECT name AS queue, count(*) FILTER (WHERE state < 'active') AS tokens, count(*) FILTER (WHERE state = 'active') AS active
    FROM ${PGBOSS_SCHEMA}.job WHERE name = ANY ($1) GROUP BY name
  ) AS t USING (queue)`;

export async function readQueues(pool: Pool, queues: readonly QueueName[]): Promise<QueueState[]> {
  const { rows } = await pool.query<QueueState>(READ, [queues]);
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
