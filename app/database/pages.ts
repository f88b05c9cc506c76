/** Tables that are read whole: in bites of their pages, so that no statement takes longer because there is more of it. */
import type { QueryConfig, QueryResultRow } from 'pg';
import type { Pool } from './pool.ts';
import { inTransaction } from './transaction.ts';
import { asTx, type Tx } from './tx.ts';

/** Pages of 8 KiB that one statement reads: 16 MiB, some tens of milliseconds, or a second from a slow disk. */
const BITE = 2_000;

/**
 * Runs `work` in one snapshot that only reads: what its statements see was there at one moment. It holds vacuum up as long
 * as it lasts, and waits for nobody.
 */
export const inSnapshot = <T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> =>
  inTransaction(pool, async (client) => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return work(asTx(client));
  });

export interface Bites {
  /** With its schema. */
  table: string;
  /** Reads the rows of `FROM table WHERE ctid >= $1::tid AND ctid < $2::tid`; its own parameters begin with $3. */
  text: string;
  name: string;
  values: readonly unknown[];
  types?: QueryConfig['types'];
  signal: AbortSignal;
  /** Default: 2,000 pages. */
  pages?: number;
}

/** Every row of a table, once, as the snapshot has it. `take` is given the rows of each bite's answer. */
export async function eachBite<Row extends QueryResultRow>(
  tx: Tx,
  { table, text, name, values, types, signal, pages = BITE }: Bites,
  take: (rows: Row[]) => void,
): Promise<void> {
  // After the snapshot: what it sees is on these pages, and on no later one.
  const { rows } = await tx.query<{ pages: number }>({
    name: 'pages-of',
    text: `SELECT (pg_relation_size($1::regclass) / current_setting('block_size')::int)::int AS pages`,
    values: [table],
  });
  for (let from = 0; from < rows[0]!.pages; from += pages) {
    signal.throwIfAborted();
    const bite = { name, text, values: [`(${from},0)`, `(${from + pages},0)`, ...values], ...(types && { types }) };
    take((await tx.query<Row>(bite)).rows);
  }
}
