/** Dispatching: stored updates get the tokens of their lanes. Sweeping: so does whatever was left without one. */
import type { PgBoss } from 'pg-boss';
import type { Posture, QueueName } from '../../posture/schema/index.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { on } from './boss.ts';
import { lanesWaiting, takeArrivals } from './inbox.ts';
import { ensureTokens } from './tokens.ts';

/**
 * Turns up to `lanes.dispatchBatch` arrivals into tokens, in one transaction: an arrival is gone only with the commit that
 * makes sure of its lane's token. Any number of workers may do so at once.
 * @returns how many arrivals were taken, and for which queues
 */
export async function dispatch(
  pool: Pool,
  boss: PgBoss,
  posture: Posture,
): Promise<{ count: number; queues: Set<QueueName> }> {
  return inTransaction(pool, async (client) => {
    const taken = await takeArrivals(client, posture.lanes.dispatchBatch);
    for (const [queue, updates] of Map.groupBy(taken, (update) => update.queue)) {
      await ensureTokens(
        boss,
        queue,
        updates.map(({ lane }) => lane),
        on(client),
      );
    }
    return { count: taken.length, queues: new Set(taken.map(({ queue }) => queue)) };
  });
}

/** Lanes that one sweep looks at. */
const SWEEP_LIMIT = 2000;

/**
 * Makes sure of a token for lanes whose updates have waited long: a token may have been deleted by hand or failed for
 * good. Lanes that have one keep it, so a needless sweep changes nothing. Goes round the lanes, one part a call.
 */
export function createSweep(pool: Pool, boss: PgBoss, posture: Posture): () => Promise<number> {
  let after = '';
  return async () => {
    const waiting = await lanesWaiting(pool, after, posture.lanes.sweep, SWEEP_LIMIT);
    after = waiting.length === SWEEP_LIMIT ? waiting[waiting.length - 1]!.lane : '';
    for (const [queue, lanes] of Map.groupBy(waiting, (lane): QueueName => lane.queue)) {
      await ensureTokens(
        boss,
        queue,
        lanes.map(({ lane }) => lane),
      );
    }
    return waiting.length;
  };
}
