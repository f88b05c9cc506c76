/**
 * The queues, as pg-boss holds them. A job of these queues is a *token*: the right to handle one lane (a chat, or one
 * pre-checkout query). What is to be handled stands in evenkeel.inbox; a token carries nothing but its lane.
 *
 * Policy `exclusive`, key = lane: at most one token of a lane is queued or active, whatever the number of workers, so
 * a lane is handled by one worker at a time (fault lock-race). Drained 20,000 tokens with four fetchers of 100, on two
 * shared cores: exclusive 9,381/s, standard 8,901/s, singleton 3,216/s, stately 3,736/s, key_strict_fifo 36/s right
 * after a burst (stale planner statistics) and 2,375/s once analysed. `short` (10,163/s) does not bound active tokens.
 */
import type pg from 'pg';
import type { PgBoss, QueueOptions } from 'pg-boss';
import type { Posture, QueueName } from '../../posture/schema/index.ts';

export const PGBOSS_SCHEMA = 'pgboss';

/** Exhaustive by type: a queue declared in the posture and missing here does not compile. */
const PRIORITY: Record<QueueName, number> = { preCheckout: 0, chat: 1 };

/** Every queue, the most urgent first. */
export const QUEUES = (Object.keys(PRIORITY) as QueueName[]).sort((a, b) => PRIORITY[a] - PRIORITY[b]);

function queueOptions(posture: Posture, queue: QueueName): QueueOptions {
  return {
    expireInSeconds: Math.ceil(posture.jobs[queue].expire / 1000),
    heartbeatSeconds: Math.ceil(posture.lanes.heartbeat / 1000),
    // Attempts are counted where they belong, on the update (inbox.attempts, inbox.takeovers). A token that lost its
    // worker is simply queued again, at once and as often as it takes.
    retryLimit: 1_000_000,
    retryDelay: 0,
    retryBackoff: false,
    deleteAfterSeconds: Math.ceil(posture.database.retention.jobs / 1000),
  };
}

/** A token lives for milliseconds and is deleted: vacuum by count, soon, and without pausing. */
const AUTOVACUUM =
  'autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0';

async function tableOf(db: pg.Client, queue: QueueName): Promise<string> {
  const { rows } = await db.query<{ table_name: string }>(
    `SELECT quote_ident(table_name) AS table_name FROM ${PGBOSS_SCHEMA}.queue WHERE name = $1`,
    [queue],
  );
  return rows[0]!.table_name;
}

/** Creates the queues and brings their options to the posture. Each has a table of its own, small and hot. */
export async function ensureQueues(boss: PgBoss, db: pg.Client, posture: Posture): Promise<void> {
  for (const queue of QUEUES) {
    const options = queueOptions(posture, queue);
    const existing = await boss.getQueue(queue);
    if (!existing) await boss.createQueue(queue, { policy: 'exclusive', partition: true, ...options });
    else await boss.updateQueue(queue, options);
    await db.query(`ALTER TABLE ${PGBOSS_SCHEMA}.${await tableOf(db, queue)} SET (${AUTOVACUUM})`);
  }
}
