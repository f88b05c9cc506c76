/**
 * What providers beside Telegram expect and have got: written down when it is asked for, looked at until it is over, and
 * booked once for each of their ids, whoever finds it (faults payment-lost, payment-twice, callback-silence).
 */
import type { CallbackSource } from '../../contract/paths.ts';
import { bigints, type Pool } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import { credit } from '../ledger/index.ts';
import { accountOf, lockPayment, PAYMENT, paymentFrom, type Payment } from './book.ts';
import { decimal, fromCents, of, share, type Share } from './decimal.ts';
import { goOn } from './intent.ts';
import { lockPurchase, type Purchase } from './purchase.ts';
import { orderIn, payerIn } from './reference.ts';
import type { Bill, Deposit } from './tills/till.ts';

export const CURRENCY = 'USD';

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

/** deposit_pkey. The provider's last word. */
async function note(tx: Tx, botId: number, provider: CallbackSource, seen: Deposit, purchase: string | null) {
  await tx.query({
    name: 'note-deposit',
    text: `
      INSERT INTO evenkeel.deposit AS d (bot_id, provider, id, purchase, parent, status, open) VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT (bot_id, provider, id) DO UPDATE
      SET status = EXCLUDED.status, open = EXCLUDED.open, looked_at = now(), purchase = coalesce(d.purchase, EXCLUDED.purchase)`,
    values: [botId, provider, seen.id, purchase, seen.parent ?? null, seen.status, seen.open],
  });
}

/** What it is worth of the order, and why nothing where it is. */
function valued(offered: Purchase | undefined, seen: Deposit): { arrived: Share } | { note: string } {
  if (!offered) return { note: 'of no order that is known here' };
  if (!seen.arrived) return { note: `nobody can say what ${seen.paid ?? 'it'} is worth of the price` };
  const [told, price] = [decimal(seen.price.amount), decimal(fromCents(offered.price))];
  const same = told && price && share(told, price);
  if (offered.currency !== seen.price.currency || !same || same.part !== same.whole)
    return { note: `the price was ${seen.price.amount} ${seen.price.currency}, not the order's` };
  return { arrived: seen.arrived };
}

export interface BookedDeposit {
  /** Undefined: there is no money in it. */
  payment: Payment | undefined;
  /** Something has changed that its payer is to be told of, or a person. */
  applied: boolean;
  /** What it is worth by the provider's word of now, in cents. */
  worth: bigint;
}

interface Found {
  botId: number;
  provider: CallbackSource;
  seen: Deposit;
  foundBy: 'callback' | 'reconciliation';
}

/**
 * Books what arrived, as its share of the price, rounded down. More of the same payment later is credited by the difference;
 * less, or a worse word, takes nothing: a person looks. Locks the order, then the payment, then the account.
 */
export async function bookDeposit(tx: Tx, { botId, provider, seen, foundBy }: Found): Promise<BookedDeposit> {
  const order = orderIn(seen.reference);
  const offered = order === undefined ? undefined : await lockPurchase(tx, botId, order);
  const before = await lockPayment(tx, botId, seen.id, provider);
  await note(tx, botId, provider, seen, offered?.id ?? null);
  // Nothing sure is said: what was said before holds.
  if (seen.verdict === 'waits') return { payment: before, applied: false, worth: before?.amount ?? 0n };
  if (seen.verdict === 'over') {
    if (before?.state !== 'credited') return { payment: before, applied: false, worth: 0n };
    return { payment: await park(tx, botId, before, `${seen.status} after it was credited`), applied: true, worth: 0n };
  }
  const value = valued(offered, seen);
  const credits = offered && 'arrived' in value ? of(value.arrived, offered.credits) : 0n;
  const cents = offered && 'arrived' in value ? of(value.arrived, offered.price) : 0n;
  const why =
    'note' in value ? value.note : credits === 0n ? `${seen.paid ?? 'what came'} is too little for one credit` : null;
  if (before) return more(tx, botId, before, { credits, cents, paid: seen.paid, provider });
  const userId = offered?.userId ?? payerIn(seen.reference) ?? 0;
  const { rows } = await tx.query<Parameters<typeof paymentFrom>[0] & Record<string, unknown>>({
    name: 'book-deposit',
    text: `
      INSERT INTO evenkeel.payment
        (bot_id, provider, charge, user_id, purchase, payload, currency, amount, credits, state, found_by, paid_at, paid, note)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now(), $12, $13)
      ON CONFLICT (bot_id, provider, charge) DO NOTHING
      RETURNING ${PAYMENT}`,
    values: [
      botId,
      provider,
      seen.id,
      userId,
      offered?.id ?? null,
      (seen.reference ?? '').replaceAll('\u0000', '').slice(0, 500),
      offered?.currency ?? CURRENCY,
      cents,
      credits,
      credits > 0n ? 'credited' : 'parked',
      foundBy,
      seen.paid ?? null,
      why,
    ],
    types: bigints,
  });
  // Booked by another since the look above: that was after a lock of the order, so only where there is none.
  if (!rows[0]) return { payment: await lockPayment(tx, botId, seen.id, provider), applied: false, worth: cents };
  const payment = paymentFrom(rows[0]);
  if (offered)
    await tx.query({
      name: 'purchase-paid',
      text: 'UPDATE evenkeel.purchase SET paid = paid + 1 WHERE bot_id = $1 AND id = $2',
      values: [botId, offered.id],
    });
  if (credits > 0n)
    await credit(
      tx,
      { botId, userId, cause: `${provider}:${seen.id}` },
      { amount: credits, from: accountOf(provider) },
    );
  if (credits > 0n) await goOn(tx, { botId, userId });
  return { payment, applied: true, worth: cents };
}

/** The rest of what was booked in part. */
async function more(
  tx: Tx,
  botId: number,
  before: Payment,
  now: { credits: bigint; cents: bigint; paid: string | undefined; provider: CallbackSource },
): Promise<BookedDeposit> {
  const { credits, cents, provider } = now;
  if (credits <= before.credits || !['credited', 'parked'].includes(before.state))
    return { payment: before, applied: false, worth: cents };
  await tx.query({
    name: 'book-rest',
    text: `
      UPDATE evenkeel.payment
      SET credits = $4, amount = $5, paid = coalesce($6, paid), state = 'credited', note = NULL, changed_at = now()
      WHERE bot_id = $1 AND provider = $2 AND charge = $3`,
    values: [botId, provider, before.charge, credits, cents, now.paid ?? null],
  });
  await credit(
    tx,
    { botId, userId: before.userId, cause: `${provider}:${before.charge}:${credits}` },
    { amount: credits - before.credits, from: accountOf(provider) },
  );
  await goOn(tx, { botId, userId: before.userId });
  const payment: Payment = { ...before, credits, amount: cents, paid: now.paid ?? before.paid, state: 'credited' };
  return { payment, applied: true, worth: cents };
}

async function park(tx: Tx, botId: number, payment: Payment, why: string): Promise<Payment> {
  await tx.query({
    name: 'park-payment',
    text: `
      UPDATE evenkeel.payment SET state = 'parked', note = $4, changed_at = now()
      WHERE bot_id = $1 AND provider = $2 AND charge = $3`,
    values: [botId, payment.provider, payment.charge, why],
  });
  return { ...payment, state: 'parked' };
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

/** States in which what was paid is with us. */
const OURS = new Set<Payment['state']>(['credited', 'parked', 'refunding']);

/** In cents of a US dollar. */
export interface Compared {
  /** What our payments say that came, of what was looked at. */
  expected: bigint;
  /** What the provider says of the same. */
  found: bigint;
  /** What of the difference is parked: a person has it before them. */
  explained: bigint;
}

export const compared = ({ payment, worth }: BookedDeposit): Compared => {
  // What went back is in nobody's sum, whatever the provider goes on to say of it.
  if (payment && !OURS.has(payment.state)) return { expected: 0n, found: 0n, explained: 0n };
  const expected = payment?.amount ?? 0n;
  return { expected, found: worth, explained: payment?.state === 'parked' ? worth - expected : 0n };
};

/** payment_pkey. What we have booked of these, which the provider does not know. */
export async function bookedOf(
  pool: Pool,
  botId: number,
  provider: CallbackSource,
  charges: readonly string[],
): Promise<bigint> {
  const { rows } = await pool.query<{ sum: bigint }>({
    name: 'booked-of',
    text: `
      SELECT coalesce(sum(amount), 0)::bigint AS sum FROM evenkeel.payment
      WHERE bot_id = $1 AND provider = $2 AND charge = ANY ($3) AND state IN ('credited', 'parked', 'refunding')`,
    values: [botId, provider, charges],
    types: bigints,
  });
  return rows[0]!.sum;
}

/** till_pkey. What a look at all has found; `complete`: nothing of it failed, and nothing is left. */
export async function noteTill(
  pool: Pool,
  botId: number,
  provider: CallbackSource,
  { expected, found, explained }: Compared,
  complete: boolean,
): Promise<void> {
  await pool.query({
    name: 'note-till',
    text: `
      INSERT INTO evenkeel.till AS t (bot_id, provider, expected, found, explained, complete_at)
      VALUES ($1, $2, $3, $4, $5, CASE WHEN $6::boolean THEN now() END)
      ON CONFLICT (bot_id, provider) DO UPDATE
      SET expected = EXCLUDED.expected, found = EXCLUDED.found, explained = EXCLUDED.explained, keyless_since = NULL,
          -- One that has its key again is late from now on, not since then.
          since = CASE WHEN t.keyless_since IS NULL THEN t.since ELSE now() END,
          complete_at = coalesce(EXCLUDED.complete_at, CASE WHEN t.keyless_since IS NULL THEN t.complete_at END)`,
    values: [botId, provider, expected, found, explained, complete],
  });
}

/** till_pkey. Of providers that there is no key for any more, what was found last stays, and is not late. */
export async function noteKeyless(pool: Pool, botId: number, keyed: readonly string[]): Promise<void> {
  await pool.query({
    name: 'note-keyless',
    text: `
      UPDATE evenkeel.till SET keyless_since = now()
      WHERE bot_id = $1 AND keyless_since IS NULL AND NOT provider = ANY ($2)`,
    values: [botId, keyed],
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
