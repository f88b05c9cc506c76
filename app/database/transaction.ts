/** Transactions: short, on one client, and never held across an outbound call (fault tx-across-http). */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pool, PoolClient } from './pool.ts';

/** What a transaction has left for others to do, by who looks for it. */
export type Topic = 'jobs' | 'outbox';

const open = new AsyncLocalStorage<Set<Topic>>();
const listeners = new WeakMap<Pool, Map<Topic, Set<() => void>>>();

/** Whether what runs now was called from inside a transaction: it must not call out of the database. */
export const insideTransaction = (): boolean => open.getStore() !== undefined;

/**
 * Throws where a transaction is open: a call to a provider or to Telegram would hold its connection and its locks for as
 * long as somebody else likes.
 */
export function assertNoTransaction(what: string): void {
  if (insideTransaction())
    throw new Error(`${what} inside an open transaction: call out before it or after its commit`);
}

/**
 * Tells whoever waits for it in this process when the open transaction is committed. Others find it by looking: a NOTIFY
 * would have every other commit of the server wait for this one's flush.
 */
export const tellAfterCommit = (topic: Topic): void => void open.getStore()?.add(topic);

/** Calls `listener` after each commit on this pool that told of `topic`, until the returned function is called. */
export function onCommit(pool: Pool, topic: Topic, listener: () => void): () => void {
  const ofPool = listeners.get(pool) ?? new Map<Topic, Set<() => void>>();
  listeners.set(pool, ofPool);
  const ofTopic = ofPool.get(topic) ?? new Set();
  ofPool.set(topic, ofTopic);
  ofTopic.add(listener);
  return () => void ofTopic.delete(listener);
}

/**
 * Runs `work` in one transaction on one client. The client goes back clean, or is destroyed when its state is unknown.
 * `beforeCommit` may still refuse, by throwing.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  beforeCommit?: () => void,
): Promise<T> {
  const client = await pool.connect();
  const told = new Set<Topic>();
  let broken: Error | undefined;
  try {
    // Sent together with the first statement of the work, which fails if this does.
    const begun = client.query('BEGIN');
    begun.catch(() => undefined);
    const result = await open.run(told, () => work(client));
    await begun;
    beforeCommit?.();
    await client.query('COMMIT');
    for (const topic of told) for (const listener of listeners.get(pool)?.get(topic) ?? []) listener();
    return result;
  } catch (error) {
    // A failed COMMIT, a timeout or a lost connection leaves the session unknown; only a plain SQL error rolls back.
    broken = await client.query('ROLLBACK').then(
      () => undefined,
      (rollbackError: Error) => rollbackError,
    );
    throw error;
  } finally {
    client.release(broken);
  }
}
