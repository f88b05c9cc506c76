/**
 * Booking what was paid and what was paid back, whoever finds it first: an update, its repetition, or the reconciliation.
 * The charge is the key (fault payment-twice). Everything is written in the caller's transaction, in one order of locks.
 */
import type { CallbackSource } from '../../contract/paths.ts';
import { bigints } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import { clawback, credit, type SystemAccount } from '../ledger/index.ts';
import { goOn } from './intent.ts';
import { lockPurchase, type Purchase } from './purchase.ts';
import { doStanding, undoStanding } from './standing.ts';
import { paidFor, paidUntilAtLeast, wentBackOf, type InstallmentRole } from './subscription.ts';

export type PaymentState = 'credited' | 'parked' | 'refunding' | 'refunded' | 'taken-back';

export interface Payment {
  number: bigint;
  provider: 'stars' | CallbackSource;
  charge: string;
  userId: number;
  purchase: string | null;
  currency: string;
  amount: bigint;
  credits: bigint;
  state: PaymentState;
  isForeign: boolean;
  refundBy: string | null;
  updateId: string | null;
  /** What was paid, as a provider beside Telegram writes it. */
  paid: string | null;
  /** Of a subscription. */
  paidUntil: Date | null;
}

type Row = Omit<Payment, 'userId' | 'isForeign' | 'refundBy' | 'updateId'> & {
  user: string;
  foreign: boolean;
  by: string | null;
  update: string | null;
};

export const PAYMENT = `
  number, provider, charge, user_id::text AS user, purchase, currency, amount, credits, state, is_foreign AS foreign,
  refund_by AS by, update_id::text AS update, paid, paid_until AS "paidUntil"`;

export const paymentFrom = ({ user, foreign, by, update, ...row }: Row): Payment => ({
  ...row,
  userId: Number(user),
  isForeign: foreign,
  refundBy: by,
  updateId: update,
});

/** payment_pkey. Its lock comes after that of its order and before that of an account. */
export async function lockPayment(
  tx: Tx,
  botId: number,
  charge: string,
  provider: Payment['provider'] = 'stars',
): Promise<Payment | undefined> {
  const { rows } = await tx.query<Row & Record<string, unknown>>({
    name: 'lock-payment',
    text: `
      SELECT ${PAYMENT} FROM evenkeel.payment
      WHERE bot_id = $1 AND provider = $3 AND charge = $2 FOR NO KEY UPDATE`,
    values: [botId, charge, provider],
    types: bigints,
  });
  return rows[0] && paymentFrom(rows[0]);
}

/** What Telegram says of a payment in Stars. */
export interface Paid {
  botId: number;
  charge: string;
  /** Who paid, and so whose the credits are. */
  from: number;
  payload: string;
  currency: string;
  amount: number;
  at: Date;
  foundBy: 'update' | 'reconciliation';
  updateId?: number;
  /** Of a subscription, as far as Telegram says it. */
  recurring?: { until: Date; isFirst?: boolean };
}

export interface Booked {
  /** False where it was booked before. */
  applied: boolean;
  payment: Payment;
  /** What it was to a subscription. */
  installment?: InstallmentRole;
}

/**
 * Books a payment: credits to who paid, once. What cannot be valued is parked for a person: an order that nobody knows,
 * another currency.
 */
export async function book(tx: Tx, paid: Paid): Promise<Booked> {
  const { botId, charge, payload, from: userId } = paid;
  if (!Number.isSafeInteger(paid.amount) || paid.amount <= 0)
    throw new RangeError(`${charge}: ${paid.amount} is no amount of Stars`);
  const amount = BigInt(paid.amount);
  const offered = await lockPurchase(tx, botId, payload);
  const credits =
    offered && paid.currency === offered.currency
      ? // As it was offered; what Telegram took instead is taken in proportion, and never rounded up.
        (offered.credits * amount) / offered.price
      : 0n;
  const until = untilOf(paid, offered);
  const { rows } = await tx.query<Row & Record<string, unknown>>({
    name: 'book-payment',
    text: `
      INSERT INTO evenkeel.payment
        (bot_id, provider, charge, user_id, purchase, payload, currency, amount, credits, state, is_foreign, found_by, update_id, paid_at, paid_until)
      VALUES ($1, 'stars', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
      ON CONFLICT (bot_id, provider, charge) DO NOTHING
      RETURNING ${PAYMENT}`,
    values: [
      botId,
      charge,
      userId,
      offered?.id ?? null,
      payload.replaceAll('\u0000', ''),
      paid.currency,
      amount,
      credits,
      credits > 0n ? 'credited' : 'parked',
      offered !== undefined && offered.userId !== userId,
      paid.foundBy,
      paid.updateId ?? null,
      paid.at,
      until,
    ],
    types: bigints,
  });
  const [booked] = rows;
  if (!booked) {
    const payment = (await lockPayment(tx, botId, charge))!;
    if (paid.recurring && payment.purchase !== null && payment.state === 'credited')
      await paidUntilAtLeast(tx, { botId, purchase: payment.purchase, userId }, charge, paid.recurring.until);
    return { applied: false, payment };
  }
  if (offered)
    await tx.query({
      name: 'purchase-paid',
      text: 'UPDATE evenkeel.purchase SET paid = paid + 1 WHERE bot_id = $1 AND id = $2',
      values: [botId, offered.id],
    });
  const installment =
    offered && until && credits > 0n
      ? await paidFor(tx, {
          botId,
          purchase: offered.id,
          userId,
          plan: offered.package,
          charge,
          until,
          isFirst: paid.recurring?.isFirst,
        })
      : undefined;
  if (credits > 0n)
    await credit(tx, { botId, userId, cause: `stars:${charge}`, at: paid.at }, { amount: credits, from: 'stars' });
  if (offered && (installment === 'first' || installment === 'renewal'))
    await doStanding(tx, { botId, userId, purchase: offered.id, charge });
  // What will go back begins nothing.
  if (credits > 0n && installment !== 'second') await goOn(tx, { botId, userId });
  return { applied: true, payment: paymentFrom(booked), ...(installment && { installment }) };
}

/** Until when it pays; of an order that is lost, as far as Telegram says it: a person who values it can have it go on. */
function untilOf({ recurring, at }: Paid, offered: Purchase | undefined): Date | null {
  if (!offered) return recurring?.until ?? null;
  return offered.period === null ? null : (recurring?.until ?? new Date(at.getTime() + offered.period * 1000));
}

/** The account in the ledger that stands for what a provider has got. */
export const accountOf = (provider: Payment['provider']): SystemAccount =>
  ({ stars: 'stars', cryptoPay: 'cryptopay', nowPayments: 'nowpayments' })[provider] as SystemAccount;

/** What is known of money that went back to its payer: Telegram says it of Stars. */
export interface PaidBack {
  botId: number;
  /** Default: stars. */
  provider?: Payment['provider'];
  charge: string;
  to: number;
  payload: string;
  currency: string;
  amount: number;
  at: Date;
  foundBy: 'update' | 'reconciliation';
}

/**
 * Books that a payment went back, once: its credits are taken, and what was spent of them is a debt. Who has not asked
 * for it learns it from Telegram alone: it was taken back (fault clawback). One whose payment was never seen leaves a row
 * that the payment finds: together they are nothing.
 */
export async function takeBack(tx: Tx, back: PaidBack): Promise<Booked> {
  const { botId, charge, provider = 'stars' } = back;
  const payment = await lockPayment(tx, botId, charge, provider);
  if (!payment) {
    if (provider !== 'stars') throw new Error(`${provider} gave back ${charge}, which was never booked`);
    const { rows } = await tx.query<Row & Record<string, unknown>>({
      name: 'book-taken-back',
      text: `
        INSERT INTO evenkeel.payment (bot_id, provider, charge, user_id, payload, currency, amount, state, found_by, paid_at)
        VALUES ($1, 'stars', $2, $3, $4, $5, $6, 'taken-back', $7, $8)
        ON CONFLICT (bot_id, provider, charge) DO NOTHING
        RETURNING ${PAYMENT}`,
      values: [
        botId,
        charge,
        back.to,
        back.payload.replaceAll('\u0000', ''),
        back.currency,
        back.amount,
        back.foundBy,
        back.at,
      ],
      types: bigints,
    });
    // Booked meanwhile by somebody else: then it is there, and is taken back.
    return rows[0] ? { applied: true, payment: paymentFrom(rows[0]) } : takeBack(tx, back);
  }
  if (payment.state === 'refunded' || payment.state === 'taken-back') return { applied: false, payment };
  const state: PaymentState = payment.state === 'refunding' ? 'refunded' : 'taken-back';
  await tx.query({
    name: 'payment-went-back',
    text: `
      UPDATE evenkeel.payment SET state = $3, changed_at = now(), refund_error = NULL
      WHERE bot_id = $1 AND provider = $4 AND charge = $2`,
    values: [botId, charge, state, provider],
  });
  const { purchase, userId } = payment;
  if (purchase !== null && payment.paidUntil !== null)
    await wentBackOf(tx, { botId, charge, userId, purchase }, { isTaken: state === 'taken-back' });
  if (payment.credits > 0n)
    await clawback(
      tx,
      {
        botId,
        userId: payment.userId,
        cause: `${provider}:${charge}:clawback`,
        at: back.at,
        ...(payment.refundBy !== null && { by: payment.refundBy }),
      },
      { amount: payment.credits, to: accountOf(provider) },
    );
  if (purchase !== null && payment.paidUntil !== null) await undoStanding(tx, { botId, userId, purchase, charge });
  return { applied: true, payment: { ...payment, state } };
}
