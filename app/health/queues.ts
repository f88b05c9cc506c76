/** What waits in the inbox, a row a queue. Uses inbox_pending and inbox_parked, whose size is that of the backlog. */
import type { QueueHealth } from '../../contract/health.ts';
import type { QueueName } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { PGBOSS_SCHEMA } from '../lanes/queues.ts';

export interface QueueState extends QueueHealth {
  queue: QueueName;
}

export async function readQueues(pool: Pool, queues: readonly QueueName[]): Promise<QueueState[]> {
  const { rows } = await pool.query<QueueState>(
    `SELECT wanted.queue,
            coalesce(p.pending, 0) AS pending, coalesce(p.lanes, 0) AS lanes,
            coalesce(p.oldest, 0)::float8 AS "oldestSeconds", coalesce(k.parked, 0) AS parked,
            coalesce(t.tokens, 0) AS tokens, coalesce(t.active, 0) AS active
     FROM unnest($1::text[]) AS wanted (queue)
     LEFT JOIN (
       SELECT queue, count(*) AS pending, count(DISTINCT lane) AS lanes,
              extract(epoch FROM now() - min(received_at)) AS oldest
       FROM evenkeel.inbox WHERE state = 'pending' GROUP BY queue
     ) AS p USING (queue)
     LEFT JOIN (SELECT queue, count(*) AS parked FROM evenkeel.inbox WHERE state = 'parked' GROUP BY queue) AS k USING (queue)
     LEFT JOIN (
       SELECT name AS queue, count(*) FILTER (WHERE state < 'active') AS tokens, count(*) FILTER (WHERE state = 'active') AS active
       FROM ${PGBOSS_SCHEMA}.job WHERE name = ANY ($1) GROUP BY name
     ) AS t USING (queue)`,
    [queues],
  );
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
