/** An open transaction, as repositories take it that must not run outside one. */
import type { QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { Pool } from './pool.ts';
import { inTransaction } from './transaction.ts';

declare const ofTransaction: unique symbol;

/** What moves money takes this and never a pool. */
export interface Tx {
  readonly [ofTransaction]: true;
  query<Row extends QueryResultRow>(statement: string | QueryConfig, values?: unknown[]): Promise<QueryResult<Row>>;
}

/** Runs `work` in a transaction that no lane fences: for what is idempotent by its own key, such as a job. */
export const withTx = <T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> =>
  inTransaction(pool, (client) =>
    work({ query: (...args: Parameters<Tx['query']>) => client.query(...args) } as unknown as Tx),
  );
