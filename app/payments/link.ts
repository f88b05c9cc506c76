/** Payments that nobody could value, and a person has: credited by a worker, once, whoever asked and however often. */
import { bigints, type Pool } from '../database/pool.ts';
import { withTx, type Tx } from '../database/tx.ts';
import { credit, type SystemAccount } from '../ledger/index.ts';
import { describeError, type Logger } from '../log.ts';
import { lockPayment, type Booked, type Payment } from './book.ts';
import { hadAgain, lostMonthOf, orderOfMonth } from './lost-month.ts';
import type { Package } from './packages.ts';
import { doStanding } from './standing.ts';

const FROM: Record<Payment['provider'], SystemAccount> = {
  stars: 'stars',
  cryptoPay: 'cryptopay',
  nowPayments: 'nowpayments',
};

interface Wish {
  userId: string;
  credits: bigint;
  by: string;
  reason: string;
}

export interface LinkNeeds {
  pool: Pool;
  botId: number;
  /** What is sold every month: a month of a lost order is one of these. */
  plans: readonly Package[];
  /** Says it to who paid, in the transaction that credits. */
  tell: (tx: Tx, booked: Booked) => Promise<unknown>;
  signal: AbortSignal;
  log: Logger;
}

/** payment_linked. @returns how many were credited */
export async function creditLinked(needs: LinkNeeds): Promise<number> {
  const { pool, botId, signal, log } = needs;
  const { rows } = await pool.query<Pick<Payment, 'provider' | 'charge'>>({
    name: 'linked-payments',
    text: `
      SELECT provider, charge FROM evenkeel.payment
      WHERE bot_id = $1 AND state = 'parked' AND link_credits IS NOT NULL AND credits = 0 ORDER BY number LIMIT 200`,
    values: [botId],
  });
  let done = 0;
  for (const { provider, charge } of rows) {
    if (signal.aborted) break;
    try {
      done += await withTx(pool, (tx) => creditOne(tx, needs, provider, charge));
    } catch (error) {
      // One that cannot be credited holds no other back.
      log.error({ charge, error: describeError(error) }, 'a payment that a person has valued could not be credited');
    }
  }
  return done;
}

/** payment_pkey. Locks the order where it was lost, the payment, its subscription, then the account. */
async function creditOne(
  tx: Tx,
  { botId, plans, tell }: LinkNeeds,
  provider: Payment['provider'],
  charge: string,
): Promise<number> {
  const month = provider === 'stars' ? await lostMonthOf(tx, botId, charge) : undefined;
  const plan = month && (await orderOfMonth(tx, botId, month, plans));
  const payment = await lockPayment(tx, botId, charge, provider);
  if (payment?.state !== 'parked') return 0;
  const { rows } = await tx.query<Wish & Record<string, unknown>>({
    name: 'link-payment',
    text: `
      UPDATE evenkeel.payment
      SET user_id = link_user, credits = link_credits, state = 'credited', note = NULL, dismissed_at = NULL, changed_at = now()
      -- One that was credited before it was parked has its credits.
      WHERE bot_id = $1 AND provider = $2 AND charge = $3 AND link_credits IS NOT NULL AND credits = 0
      RETURNING link_user::text AS "userId", link_credits AS credits, link_by AS by, link_reason AS reason`,
    values: [botId, provider, charge],
    types: bigints,
  });
  const [wish] = rows;
  if (!wish) return 0;
  const userId = Number(wish.userId);
  const { by, reason, credits: amount } = wish;
  const installment = month && plan !== undefined ? await hadAgain(tx, botId, month, plan) : undefined;
  await credit(
    tx,
    { botId, userId, cause: `${provider}:${charge}:link`, by, reason },
    { amount, from: FROM[provider] },
  );
  // What its credits are for, where that is still known.
  if (month && (installment === 'first' || installment === 'renewal'))
    await doStanding(tx, { botId, userId, purchase: month.purchase, charge });
  const now = month && { purchase: month.purchase, paidUntil: month.until };
  const credited = { ...payment, userId, credits: amount, state: 'credited', ...now } as const;
  await tell(tx, { applied: true, payment: credited, ...(installment && { installment }) });
  return 1;
}
