/** Somebody's credits as the bot's database has them, for the page: read by the superuser, as nothing of the bot's is taken. */
import pg from 'pg';
import type { LedgerView } from '../contract/index.ts';

/** Entries that the page shows. */
const SHOWN = 6;

const BALANCE = `
  SELECT available::text, held::text, debt::text FROM evenkeel.account WHERE bot_id = $1 AND user_id = $2`;

const ENTRIES = `
  SELECT e.id::text, t.kind, t.cause, e.account, e.amount::text, extract(epoch FROM t.created_at)::float8 * 1000 AS at
  FROM (SELECT id, kind, cause, created_at FROM evenkeel.ledger_tx
        WHERE bot_id = $1 AND user_id = $2 ORDER BY id DESC LIMIT ${SHOWN}) AS t
  JOIN evenkeel.ledger_entry e ON e.tx = t.id
  ORDER BY e.id DESC LIMIT ${SHOWN}`;

export interface LedgerReader {
  /** Undefined while the database cannot be asked. */
  read(userId: number): Promise<LedgerView | undefined>;
  stop(): Promise<void>;
}

export function readLedger(databaseUrl: string, botId: number): LedgerReader {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 1,
    application_name: 'evenkeel-page',
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
    idleTimeoutMillis: 5_000,
    allowExitOnIdle: true,
  });
  // A restart of the database is what people try here: the next look connects again.
  pool.on('error', () => undefined);
  const rowsOf = async <T extends pg.QueryResultRow>(text: string, userId: number) =>
    (await pool.query<T>(text, [botId, userId])).rows;
  return {
    async read(userId) {
      try {
        const [balance] = await rowsOf<Omit<LedgerView, 'entries'>>(BALANCE, userId);
        const entries = await rowsOf<LedgerView['entries'][number]>(ENTRIES, userId);
        return { available: '0', held: '0', debt: '0', ...balance, entries: entries.reverse() };
      } catch {
        return undefined;
      }
    },
    stop: () => pool.end(),
  };
}
