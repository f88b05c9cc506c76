/**
 * A month of a subscription whose order is lost, as by a restore: with the credits that a person gives it, order and
 * subscription are there again, so that Telegram's next months are booked by themselves and it can be cancelled.
 */
import { bigints } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import { MONTH, type Package } from './packages.ts';
import { lockPurchase } from './purchase.ts';
import { paidFor, type InstallmentRole } from './subscription.ts';

export interface LostMonth {
  /** The order's id, which Telegram names with every month. */
  purchase: string;
  userId: number;
  charge: string;
  /** That of its first payment, as far as one is booked: Telegram names a subscription by it. */
  first: string;
  amount: bigint;
  credits: bigint;
  until: Date;
  /** s */
  period: number;
}

/**
 * payment_pkey, star_transaction_pkey, payment_user. Undefined for what is no month of a subscription, has its order, or was given to
 * somebody else than who paid: then it is credits alone. Until when it pays is said by the update, else by Telegram's list.
 */
export async function lostMonthOf(tx: Tx, botId: number, charge: string): Promise<LostMonth | undefined> {
  type Row = Omit<LostMonth, 'userId'> & { user: string };
  const { rows } = await tx.query<Row & Record<string, unknown>>({
    name: 'lost-month',
    text: `
      SELECT p.payload AS purchase, p.user_id::text AS user, p.charge, p.amount, p.link_credits AS credits,
             coalesce(p.paid_until, s.at + s.period * interval '1 s') AS until, coalesce(s.period, ${MONTH}) AS period,
             (SELECT f.charge FROM evenkeel.payment f
              WHERE f.bot_id = p.bot_id AND f.user_id = p.user_id AND f.provider = 'stars' AND f.payload = p.payload
              ORDER BY f.paid_at LIMIT 1) AS first
      FROM evenkeel.payment p
      LEFT JOIN evenkeel.star_transaction s ON s.bot_id = p.bot_id AND s.id = p.charge AND s.direction = 'in'
      WHERE p.bot_id = $1 AND p.provider = 'stars' AND p.charge = $2 AND p.currency = 'XTR' AND p.state = 'parked'
        AND p.purchase IS NULL AND p.payload <> '' AND p.link_user = p.user_id AND coalesce(p.paid_until, s.at) IS NOT NULL
        AND (p.paid_until IS NOT NULL OR s.period IS NOT NULL)`,
    values: [botId, charge],
    types: bigints,
  });
  const [row] = rows;
  return row && { ...row, userId: Number(row.user) };
}

/**
 * purchase_pkey. Its order, as it must have been; locked, before the payment is.
 * @param plans what is sold every month: the one that has this price and gives these credits is its plan
 * @returns the plan's name
 */
export async function orderOfMonth(
  tx: Tx,
  botId: number,
  { purchase, userId, amount, credits, period }: LostMonth,
  plans: readonly Package[],
): Promise<string> {
  const priced = plans.filter(({ price }) => price === amount);
  const plan = (priced.find((one) => one.credits === credits) ?? priced[0])?.name ?? 'restored';
  await tx.query({
    name: 'lost-order',
    text: `
      INSERT INTO evenkeel.purchase (bot_id, id, user_id, package, credits, currency, price, expires_at, period)
      VALUES ($1, $2, $3, $4, $5, 'XTR', $6, now(), $7)
      ON CONFLICT (bot_id, id) DO NOTHING`,
    values: [botId, purchase, userId, plan, credits, amount, period],
  });
  return (await lockPurchase(tx, botId, purchase))!.package;
}

/**
 * purchase_pkey, payment_pkey. Under the locks of both: the subscription is had again. Where another one was begun since,
 * that is the one that runs: Telegram is told to take no more for this one.
 */
export async function hadAgain(
  tx: Tx,
  botId: number,
  { purchase, userId, charge, first, until }: LostMonth,
  plan: string,
): Promise<InstallmentRole> {
  await tx.query({
    name: 'lost-order-paid',
    text: 'UPDATE evenkeel.purchase SET paid = paid + 1 WHERE bot_id = $1 AND id = $2',
    values: [botId, purchase],
  });
  await tx.query({
    name: 'month-of-order',
    text: `
      UPDATE evenkeel.payment SET purchase = $3, paid_until = $4
      WHERE bot_id = $1 AND provider = 'stars' AND charge = $2`,
    values: [botId, charge, purchase, until],
  });
  const role = await paidFor(tx, { botId, purchase, userId, plan, charge: first, until, isFirst: undefined });
  // Its first month may be found after a later one.
  await tx.query({
    name: 'first-of-lost',
    text: `
      UPDATE evenkeel.subscription SET first_charge = $4
      WHERE bot_id = $1 AND purchase = $2 AND user_id = $3 AND first_charge <> $4`,
    values: [botId, purchase, userId, first],
  });
  return role;
}
