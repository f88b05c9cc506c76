/**
 * Refunds: asked for by a person with a role, made by a durable job, and believed when the books of who was paid say so.
 * NOWPayments gives nothing back by itself: there a person sends it by hand, and the job writes down that it went.
 */
import { z } from 'zod';
import { PAYERS, type CallbackSource } from '../../posture/payers.ts';
import { bigints, type Pool } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { jobQueue } from '../jobs/queue.ts';
import { lockAccounts } from '../ledger/index.ts';
import { audit } from './audit.ts';
import { lockPayment, type Payment } from './book.ts';

export const refunds = jobQueue(
  'refund',
  z.strictObject({
    botId: z.int(),
    userId: z.int(),
    charge: z.string().min(1),
    /** Absent: Stars. */
    provider: z.enum(PAYERS).optional(),
    /** A person has sent it back already. */
    sent: z.literal(true).optional(),
  }),
);

/** payment_number_key. Whose charge a receipt is of. */
export async function chargeOf(
  pool: Pool,
  botId: number,
  receipt: number,
): Promise<Pick<Payment, 'provider' | 'charge'> | undefined> {
  const { rows } = await pool.query<Pick<Payment, 'provider' | 'charge'>>({
    name: 'charge-of',
    text: 'SELECT provider, charge FROM evenkeel.payment WHERE number = $2 AND bot_id = $1',
    values: [botId, receipt],
  });
  return rows[0];
}

export interface RefundWish {
  botId: number;
  /** Default: stars. */
  provider?: Payment['provider'];
  charge: string;
  /** `owner:ID`, `support:ID`. */
  by: string;
  reason: string;
  /** Credits that this person may move; undefined: any number. */
  atMost: bigint | undefined;
  /** Also where the credits were spent: what is missing becomes a debt. */
  force: boolean;
  /** Whoever asks has sent the money back by hand; never of Stars, which only Telegram gives back. */
  sent?: boolean;
}

/** Those that give nothing back by themselves: payouts of NOWPayments want a second factor and a person. */
export const BY_HAND: ReadonlySet<Payment['provider']> = new Set(['nowPayments']);

export type RefundAnswer =
  | { asked: true; payment: Payment }
  | {
      asked: false;
      why: 'unknown' | 'over' | 'under-way' | 'too-much' | 'spent' | 'by-hand' | 'not-by-hand';
      payment?: Payment;
      missing?: bigint;
    };

/** Checks under the locks, and has the job made in the same commit as the audit. A payment is refunded whole or not at all. */
export async function askRefund(tx: Tx, wish: RefundWish): Promise<RefundAnswer> {
  const { botId, provider = 'stars', charge, by, reason, atMost, force, sent = false } = wish;
  const payment = await lockPayment(tx, botId, charge, provider);
  if (!payment) return { asked: false, why: 'unknown' };
  const { state, credits, userId, amount } = payment;
  if (state === 'refunding') return { asked: false, why: 'under-way', payment };
  if (state !== 'credited' && state !== 'parked') return { asked: false, why: 'over', payment };
  if (atMost !== undefined && credits > atMost) return { asked: false, why: 'too-much', payment };
  if (sent && provider === 'stars') return { asked: false, why: 'not-by-hand', payment };
  if (!sent && BY_HAND.has(provider)) return { asked: false, why: 'by-hand', payment };
  const balance = (await lockAccounts(tx, botId, [userId])).get(userId)!;
  if (!force && balance.available < credits)
    return { asked: false, why: 'spent', payment, missing: credits - balance.available };
  await tx.query({
    name: 'payment-refunding',
    text: `
      UPDATE evenkeel.payment
      SET state = 'refunding', refund_by = $3, refund_reason = $4, refund_error = NULL, changed_at = now()
      WHERE bot_id = $1 AND provider = $5 AND charge = $2`,
    values: [botId, charge, by, reason, provider],
  });
  await audit(tx, { botId, by, action: 'refund', subject: `${provider}:${charge}`, amount, reason, sent });
  await enqueue(tx, refunds, {
    botId,
    userId,
    charge,
    ...(provider !== 'stars' && { provider }),
    ...(sent && { sent }),
  });
  return { asked: true, payment: { ...payment, state: 'refunding', refundBy: by } };
}

/** payment_pkey. It will not be given back: the payment is as it was, and why is kept for a person. */
export async function refundRefused(
  tx: Tx,
  botId: number,
  charge: string,
  error: string,
  provider: Payment['provider'] = 'stars',
): Promise<void> {
  await tx.query({
    name: 'refund-refused',
    text: `
      UPDATE evenkeel.payment
      SET state = CASE WHEN credits > 0 THEN 'credited' ELSE 'parked' END, refund_error = $3, changed_at = now()
      WHERE bot_id = $1 AND provider = $4 AND charge = $2 AND state = 'refunding'`,
    values: [botId, charge, error, provider],
  });
}

/** payment_pkey, lineage_pkey. Whether the database was restored since this was last heard of: it may have gone on, and be forgotten. */
export async function wasRestored(pool: Pool, botId: number, charge: string): Promise<boolean> {
  const { rows } = await pool.query({
    name: 'payment-restored',
    text: `
      SELECT FROM evenkeel.payment AS p, evenkeel.lineage AS l
      WHERE p.bot_id = $1 AND p.provider = 'stars' AND p.charge = $2 AND l.one AND p.changed_at < l.accepted_at`,
    values: [botId, charge],
  });
  return rows.length > 0;
}

/** payment_pkey. Of these charges, those of which nobody here knows that they went, or are to go, back. */
export async function stillOurs(
  pool: Pool,
  botId: number,
  provider: CallbackSource,
  charges: readonly string[],
): Promise<{ charge: string; userId: number }[]> {
  const { rows } = await pool.query<{ charge: string; user: string }>({
    name: 'still-ours',
    text: `
      SELECT charge, user_id::text AS user FROM evenkeel.payment
      WHERE bot_id = $1 AND provider = $2 AND charge = ANY ($3) AND state IN ('credited', 'parked')`,
    values: [botId, provider, charges],
    types: bigints,
  });
  return rows.map(({ charge, user }) => ({ charge, userId: Number(user) }));
}

/** payment_pkey. It was asked for in time that the database has lost. False where somebody has asked for it by now. */
export async function forgottenRefund(
  tx: Tx,
  botId: number,
  provider: CallbackSource,
  charge: string,
): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'forgotten-refund',
    text: `
      UPDATE evenkeel.payment
      SET state = 'refunding', refund_by = 'unknown', refund_reason = 'made before the database was put back', refund_error = NULL,
          changed_at = now()
      WHERE bot_id = $1 AND provider = $2 AND charge = $3 AND state IN ('credited', 'parked')`,
    values: [botId, provider, charge],
  });
  return rowCount === 1;
}

/** payment_pkey. What came, as its provider writes it. */
export async function paidOf(
  pool: Pool,
  botId: number,
  provider: CallbackSource,
  charge: string,
): Promise<string | undefined> {
  const { rows } = await pool.query<{ paid: string | null }>({
    name: 'paid-of',
    text: 'SELECT paid FROM evenkeel.payment WHERE bot_id = $1 AND provider = $2 AND charge = $3',
    values: [botId, provider, charge],
  });
  return rows[0]?.paid ?? undefined;
}
