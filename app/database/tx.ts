/** An open transaction, as repositories take it that must not run outside one. */
import type { QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Pool, PoolClient } from './pool.ts';
import { inTransaction } from './transaction.ts';

declare const ofTransaction: unique symbol;

/** What moves money takes this and never a pool. */
export interface Tx {
  readonly [ofTransaction]: true;
  query<Row extends QueryResultRow>(statement: string | QueryConfig, values?: unknown[]): Promise<QueryResult<Row>>;
}

/** A client in a transaction. `check` may refuse each of its statements, by throwing. */
export const asTx = (client: PoolClient, check: () => void = () => undefined): Tx =>
  ({ query: (...args: Parameters<Tx['query']>) => (check(), client.query(...args)) }) as unknown as Tx;

/** Runs `work` in a transaction that nothing fences: for what is idempotent by its own key. */
export const withTx = <T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> =>
  inTransaction(pool, (client) => work(asTx(client)));
