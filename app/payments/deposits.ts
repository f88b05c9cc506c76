/**
 * What providers beside Telegram have got, booked once for each of their ids, whoever finds it (faults payment-lost,
 * payment-twice, callback-silence).
 */
import type { CallbackSource } from '../../contract/paths.ts';
import { bigints } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import { credit } from '../ledger/index.ts';
import { accountOf, lockPayment, PAYMENT, paymentFrom, type Payment } from './book.ts';
import { decimal, fromCents, of, share, type Share } from './decimal.ts';
import { noteDeposit } from './deposit-rows.ts';
import { goOn } from './intent.ts';
import { lockPurchase, type Purchase } from './purchase.ts';
import { orderIn, payerIn } from './reference.ts';
import type { Deposit } from './tills/till.ts';

export const CURRENCY = 'USD';

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
  await noteDeposit(tx, botId, provider, seen, offered?.id ?? null);
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
