/** Where a person's money is: what was paid, what moved, what is held. */
import { bigints, type Pool } from '../database/pool.ts';
import type { PaymentState } from './book.ts';

export interface Line {
  at: Date;
  kind: 'payment' | 'credit' | 'settle' | 'clawback' | 'adjust';
  /** What it did to the credits of the person. */
  amount: bigint;
  /** Of a payment. */
  number: bigint | null;
  paid: bigint | null;
  currency: string | null;
  /** Dismissed: parked, and a person has looked at it. */
  state: PaymentState | 'dismissed' | null;
  reason: string | null;
}

export interface Held {
  amount: bigint;
  until: Date;
}

/** payment_user, ledger_tx_user. The latest first; a payment is one line, whatever became of it. */
export async function history(pool: Pool, botId: number, userId: number, limit: number): Promise<Line[]> {
  const { rows } = await pool.query<Line & Record<string, unknown>>({
    name: 'history',
    text: `
      (SELECT paid_at AS at, 'payment' AS kind, credits AS amount, number, amount AS paid, currency,
              CASE WHEN state = 'parked' AND dismissed_at IS NOT NULL THEN 'dismissed' ELSE state END AS state, refund_reason AS reason
       FROM evenkeel.payment WHERE bot_id = $1 AND user_id = $2 ORDER BY number DESC LIMIT $3)
      UNION ALL
      (SELECT event_at, kind, CASE WHEN kind = 'settle' THEN -amount ELSE amount END, NULL, NULL, NULL, NULL, reason
       FROM evenkeel.ledger_tx
       WHERE bot_id = $1 AND user_id = $2 AND kind IN ('settle', 'adjust', 'credit') AND cause !~ '^(stars|cryptoPay|nowPayments):'
       ORDER BY id DESC LIMIT $3)
      ORDER BY at DESC LIMIT $3`,
    values: [botId, userId, limit],
    types: bigints,
  });
  return rows;
}

/** reserve_user */
export async function heldBy(pool: Pool, botId: number, userId: number): Promise<Held[]> {
  const { rows } = await pool.query<Held & Record<string, unknown>>({
    name: 'held-by',
    text: `
      SELECT amount, expires_at AS until FROM evenkeel.reserve
      WHERE bot_id = $1 AND user_id = $2 AND state = 'open' ORDER BY expires_at LIMIT 10`,
    values: [botId, userId],
    types: bigints,
  });
  return rows;
}

export interface Late {
  paid: bigint;
  at: Date;
}

/** star_transaction_unbooked, payment_pkey. What Telegram lists as paid, and is not booked yet: it has its grace, or fails. */
export async function lateOf(pool: Pool, botId: number, userId: number): Promise<Late[]> {
  const { rows } = await pool.query<Late & Record<string, unknown>>({
    name: 'late-of',
    text: `
      SELECT s.amount AS paid, s.at FROM evenkeel.star_transaction s
      WHERE s.bot_id = $1 AND s.booked_at IS NULL AND s.user_id = $2 AND s.direction = 'in' AND s.kind = 'user:invoice_payment'
        AND NOT EXISTS (SELECT FROM evenkeel.payment p WHERE p.bot_id = s.bot_id AND p.provider = 'stars' AND p.charge = s.id)
      ORDER BY s.at DESC LIMIT 10`,
    values: [botId, userId],
    types: bigints,
  });
  return rows;
}
