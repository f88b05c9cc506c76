/** One statement of a person's own, as the operator and read-only: without texts, and with the operator's time. */
import type pg from 'pg';
import { inTransaction } from '../database/transaction.ts';
import { table, type Outcome } from './outcome.ts';
import type { Call } from './verb.ts';

/** As the server writes it: nothing of a look is rounded or refused for its size. */
const asText: pg.CustomTypesConfig = { getTypeParser: () => (text: unknown) => text };

/** Statements of which no more is read than is shown. */
const BOUNDED = /^\s*(select|with|values|table)\b/i;

export async function runSql({ pool, words: [statement = ''], limit, by }: Call): Promise<Outcome> {
  const text = statement.trim().replace(/;$/, '');
  await inTransaction(pool, async (client) => {
    await client.query('SET TRANSACTION READ WRITE');
    await client.query('INSERT INTO evenkeel.audit (who, via, verb, target, detail) VALUES ($1, $2, $3, $4, $5)', [
      by.who,
      by.via,
      'sql',
      'database',
      JSON.stringify({ statement: text.slice(0, 2000) }),
    ]);
  });
  return inTransaction(pool, async (client) => {
    await client.query('SET TRANSACTION READ ONLY');
    const bounded = BOUNDED.test(text) ? `SELECT * FROM (${text}\n) AS asked LIMIT ${limit + 1}` : text;
    // The extended protocol takes one statement and no second one behind it.
    const { rows, command } = await client.query<Record<string, unknown>>({
      text: bounded,
      types: asText,
      queryMode: 'extended',
    } as pg.QueryConfig);
    const more = rows.length > limit;
    return {
      tables: rows.length > 0 ? [table(command, rows.slice(0, limit))] : [],
      said: [more ? `More than ${limit} rows: --limit N shows up to 500.` : `${rows.length} rows`],
    };
  });
}
