/** Telegram's own list of transactions in Stars, read into a table of ours: what it says is what is true. */
import type { Api } from 'grammy';
import type { StarTransaction, TransactionPartner } from 'grammy/types';
import type { Pool } from '../database/pool.ts';

/** Transactions that one call gives at most. */
const PAGE = 100;
/** How far behind the position every reading begins: an entry that appears late is seen by a later one. */
const OVERLAP = 100;

export interface Reading {
  read: number;
  /** Not seen before. */
  fresh: number;
}

interface Reader {
  pool: Pool;
  api: Api;
  botId: number;
  signal: AbortSignal;
}

/**
 * Reads what is new, oldest first, as Telegram lists them to bots, and remembers how far it came. `whole`: from the
 * beginning. A kill in between costs a page that is read again.
 */
export async function readTransactions({ pool, api, botId, signal }: Reader, whole = false): Promise<Reading> {
  const { rows } = await pool.query<{ position: number }>({
    name: 'star-position',
    text: 'SELECT position FROM evenkeel.star_cursor WHERE bot_id = $1',
    values: [botId],
  });
  let offset = whole ? 0 : Math.max(0, (rows[0]?.position ?? 0) - OVERLAP);
  const reading: Reading = { read: 0, fresh: 0 };
  for (;;) {
    const page = await api.getStarTransactions(
      { offset, limit: PAGE },
      signal as unknown as Parameters<typeof api.getMe>[0],
    );
    const { transactions } = page;
    offset += transactions.length;
    reading.read += transactions.length;
    reading.fresh += await keep(pool, botId, transactions, offset);
    if (transactions.length < PAGE) return reading;
  }
}

/** star_transaction_pkey. An entry and the position behind it are there together. */
async function keep(pool: Pool, botId: number, page: readonly StarTransaction[], position: number): Promise<number> {
  const list = page.map(entry);
  const { rows } = await pool.query<{ fresh: number }>({
    name: 'keep-stars',
    text: `
      WITH kept AS (
        INSERT INTO evenkeel.star_transaction (bot_id, id, direction, kind, user_id, payload, amount, nanos, at, period)
        SELECT $1, t.id, t.direction, t.kind, t.user_id, t.payload, t.amount, t.nanos, to_timestamp(t.date), t.period
        FROM json_to_recordset($2::json) AS t (
          id text, direction text, kind text, user_id bigint, payload text, amount bigint, nanos integer, date bigint, period integer)
        ON CONFLICT (bot_id, id, direction) DO NOTHING
        RETURNING 1
      ), moved AS (
        INSERT INTO evenkeel.star_cursor AS c (bot_id, position) VALUES ($1, $3)
        ON CONFLICT (bot_id) DO UPDATE SET position = greatest(c.position, EXCLUDED.position)
      )
      SELECT count(*)::int AS fresh FROM kept`,
    values: [botId, JSON.stringify(list), position],
  });
  return rows[0]!.fresh;
}

function entry({ id, amount, nanostar_amount: nanos = 0, date, source, receiver }: StarTransaction) {
  const partner = source ?? receiver;
  return {
    id,
    direction: source ? 'in' : 'out',
    kind: partner ? kindOf(partner) : 'unknown',
    user_id: partner && 'user' in partner ? partner.user.id : null,
    payload:
      partner && 'invoice_payload' in partner ? (partner.invoice_payload?.replaceAll('\u0000', '') ?? null) : null,
    amount,
    nanos,
    date,
    period: partner && 'subscription_period' in partner ? (partner.subscription_period ?? null) : null,
  };
}

const kindOf = (partner: TransactionPartner): string =>
  partner.type === 'user' ? `user:${partner.transaction_type}` : partner.type;

/** star_transaction_pkey. Whether Telegram's books, as far as they were read, say that this payment went back. */
export async function hasGoneBack(pool: Pool, botId: number, charge: string): Promise<boolean> {
  const { rows } = await pool.query({
    name: 'gone-back',
    text: `SELECT FROM evenkeel.star_transaction WHERE bot_id = $1 AND id = $2 AND direction = 'out'`,
    values: [botId, charge],
  });
  return rows.length > 0;
}
