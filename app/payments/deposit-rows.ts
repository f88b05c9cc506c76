/** What was asked of providers beside Telegram, and what they have said of it, in SQL. Each statement names the index that it relies on. */
import type { CallbackSource } from '../../contract/paths.ts';
import { bigints, type Pool } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import type { Bill, Deposit } from './tills/till.ts';

/** deposit_purchase. What was asked of a provider for this order before. */
export async function billOf(
  pool: Pool,
  botId: number,
  provider: CallbackSource,
  purchase: string,
): Promise<Bill | undefined> {
  const { rows } = await pool.query<{ bill: Bill | null }>({
    name: 'bill-of',
    text: `SELECT bill FROM evenkeel.deposit WHERE bot_id = $1 AND purchase = $3 AND provider = $2 AND parent IS NULL LIMIT 1`,
    values: [botId, provider, purchase],
  });
  return rows[0]?.bill ?? undefined;
}

/** deposit_pkey. Before anybody is told where to pay: what is told is watched. */
export async function keepBill(
  pool: Pool,
  botId: number,
  provider: CallbackSource,
  purchase: string,
  bill: Bill,
): Promise<void> {
  await pool.query({
    name: 'keep-bill',
    text: `
      INSERT INTO evenkeel.deposit (bot_id, provider, id, purchase, status, open, bill) VALUES ($1, $2, $3, $4, $5, true, $6)
      ON CONFLICT (bot_id, provider, id) DO NOTHING`,
    values: [botId, provider, bill.id, purchase, bill.status, JSON.stringify(bill)],
  });
}

/** By the clock of the database: what is looked at from now on is not due again in the same look. */
export async function lookBegins(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ at: string }>({ name: 'look-begins', text: 'SELECT now()::text AS at' });
  return rows[0]!.at;
}

/** Ids that {@link toLookAt} gives at once. */
const PAGE = 1_000;

/**
 * deposit_open, deposit_created. Ids of one provider that are to be looked at and were not since `begun`, those first that
 * were not for longest: a look that is cut short goes on there. At most a page of them: ask again until there is none.
 */
export async function toLookAt(
  pool: Pool,
  botId: number,
  provider: CallbackSource,
  which: { openWithin: number } | { allWithin: number },
  begun: string,
): Promise<string[]> {
  const [within, open] = 'openWithin' in which ? [which.openWithin, 'AND open'] : [which.allWithin, ''];
  const { rows } = await pool.query<{ id: string }>({
    name: open ? 'deposits-open' : 'deposits-all',
    text: `
      SELECT id FROM (
        -- In the order of the index: whatever the planner knows of the table, it reads those of the time alone.
        SELECT id, looked_at FROM evenkeel.deposit
        WHERE bot_id = $1 AND provider = $2 AND created_at > now() - $3 * interval '1 ms' AND looked_at < $4::timestamptz ${open}
        ORDER BY created_at DESC LIMIT 100000
      ) AS recent
      ORDER BY looked_at LIMIT ${PAGE}`,
    values: [botId, provider, within, begun],
  });
  return rows.map(({ id }) => id);
}

/** deposit_pkey. Its provider does not know these: that is what was seen, and they hold no other back. */
export async function noteUnknown(
  pool: Pool,
  botId: number,
  provider: CallbackSource,
  ids: readonly string[],
): Promise<void> {
  await pool.query({
    name: 'note-unknown',
    // They are there. As an insert that finds them, by its own key: an update may go through all of the provider's instead.
    text: `
      INSERT INTO evenkeel.deposit (bot_id, provider, id, status, open)
      SELECT $1, $2, id, 'unknown', false FROM unnest($3::text[]) AS asked (id)
      ON CONFLICT (bot_id, provider, id) DO UPDATE SET looked_at = now()`,
    values: [botId, provider, ids],
  });
}

/** deposit_pkey. Those of these that no row of ours knows. */
export async function unknownDeposits(
  pool: Pool,
  botId: number,
  provider: CallbackSource,
  ids: readonly string[],
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'unknown-deposits',
    text: `
      SELECT id FROM unnest($3::text[]) AS asked (id)
      WHERE coalesce((SELECT false FROM evenkeel.deposit d WHERE d.bot_id = $1 AND d.provider = $2 AND d.id = asked.id), true)`,
    values: [botId, provider, ids],
  });
  return rows.map(({ id }) => id);
}

/** deposit_pkey. The provider's last word. */
export async function noteDeposit(
  tx: Tx,
  botId: number,
  provider: CallbackSource,
  seen: Deposit,
  purchase: string | null,
): Promise<void> {
  await tx.query({
    name: 'note-deposit',
    text: `
      INSERT INTO evenkeel.deposit AS d (bot_id, provider, id, purchase, parent, status, open) VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT (bot_id, provider, id) DO UPDATE
      SET status = EXCLUDED.status, open = EXCLUDED.open, looked_at = now(), purchase = coalesce(d.purchase, EXCLUDED.purchase)`,
    values: [botId, provider, seen.id, purchase, seen.parent ?? null, seen.status, seen.open],
  });
}

/** callback_pkey. What was told, as it came: kept when the inbox has let go of it. */
export async function keepCallback(
  tx: Tx,
  told: { botId: number; id: number; provider: CallbackSource; deposit: string | undefined; raw: Buffer },
): Promise<void> {
  await tx.query({
    name: 'keep-callback',
    text: `
      INSERT INTO evenkeel.callback (bot_id, id, provider, deposit, raw) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (bot_id, id) DO NOTHING`,
    values: [told.botId, told.id, told.provider, told.deposit ?? null, told.raw],
  });
}

/** purchase_user, deposit_purchase, payment_pkey. What somebody has sent and no provider is sure of yet. */
export async function seenOf(pool: Pool, botId: number, userId: number): Promise<{ at: Date; price: bigint }[]> {
  const { rows } = await pool.query<{ at: Date; price: bigint }>({
    name: 'seen-of',
    text: `
      SELECT d.created_at AS at, p.price FROM evenkeel.purchase p
      JOIN evenkeel.deposit d ON d.bot_id = p.bot_id AND d.purchase = p.id
      WHERE p.bot_id = $1 AND p.user_id = $2 AND d.open AND d.status IN ('confirming', 'confirmed', 'sending')
        AND NOT EXISTS (SELECT FROM evenkeel.payment y
                        WHERE y.bot_id = d.bot_id AND y.provider = d.provider AND y.charge = d.id)
      ORDER BY d.created_at DESC LIMIT 10`,
    values: [botId, userId],
    types: bigints,
  });
  return rows;
}
