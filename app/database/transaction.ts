/** Transactions: short, on one client, and never held across an outbound call (fault tx-across-http). */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Pool, PoolClient } from './pool.ts';

const open = new AsyncLocalStorage<true>();

/** Whether what runs now was called from inside a transaction: it must not call out of the database. */
export const insideTransaction = (): boolean => open.getStore() === true;

/**
 * Throws where a transaction is open: a call to a provider or to Telegram would hold its connection and its locks for as
 * long as somebody else likes.
 */
export function assertNoTransaction(what: string): void {
  if (insideTransaction())
    throw new Error(`${what} inside an open transaction: call out before it or after its commit`);
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
  let broken: Error | undefined;
  try {
    // Sent together with the first statement of the work, which fails if this does.
    const begun = client.query('BEGIN');
    begun.catch(() => undefined);
    const result = await open.run(true, () => work(client));
    await begun;
    beforeCommit?.();
    await client.query('COMMIT');
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
