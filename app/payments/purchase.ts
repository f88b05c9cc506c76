/** Orders: what was offered to whom, at which price, until when. */
import { createHash } from 'node:crypto';
import { bigints, type Pool } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import type { Package } from './packages.ts';
import type { Subscription } from './subscription-rows.ts';

export interface Purchase {
  id: string;
  userId: number;
  package: string;
  credits: bigint;
  currency: string;
  price: bigint;
  /** How often it was paid. */
  paid: number;
  expired: boolean;
  /** Of a subscription: what each payment pays for, s. */
  period: number | null;
}

type Row = Omit<Purchase, 'userId'> & { user: string };

const COLUMNS = `id, user_id::text AS user, package, credits, currency, price, paid, expires_at < now() AS expired, period`;

const purchase = ({ user, ...row }: Row): Purchase => ({ ...row, userId: Number(user) });

/** The id of the order that an update asks for: run again, the update finds its own. Short enough for a payload. */
const idOf = (botId: number, updateId: number): string =>
  `o${BigInt(`0x${createHash('sha256').update(`${botId}:${updateId}`).digest('hex')}`)
    .toString(36)
    .slice(0, 25)}`;

export interface Wanted {
  botId: number;
  updateId: number;
  userId: number;
  package: Package;
  /** How long it can be paid, ms. */
  lasts: number;
  /** Of a subscription: what each payment pays for, s. */
  period?: number;
  /** Default: the package's, in Stars. */
  price?: { amount: bigint; currency: 'USD' };
}

/** purchase_pkey. Writes the order of an update down, once, before anything is said of it. */
export async function order(
  pool: Pool,
  { botId, updateId, userId, package: wanted, lasts, period, price }: Wanted,
): Promise<Purchase> {
  const id = idOf(botId, updateId);
  await pool.query({
    name: 'order',
    text: `
      INSERT INTO evenkeel.purchase (bot_id, id, user_id, package, credits, currency, price, expires_at, period)
      VALUES ($1, $2, $3, $4, $5, $9, $6, now() + $7 * interval '1 ms', $8)
      ON CONFLICT (bot_id, id) DO NOTHING`,
    values: [
      botId,
      id,
      userId,
      wanted.name,
      wanted.credits,
      price?.amount ?? wanted.price,
      lasts,
      period ?? null,
      price?.currency ?? 'XTR',
    ],
  });
  return (await purchaseOf(pool, botId, id))!;
}

/** purchase_pkey */
export async function purchaseOf(db: Pick<Tx, 'query'>, botId: number, id: string): Promise<Purchase | undefined> {
  const { rows } = await db.query<Row & Record<string, unknown>>({
    name: 'purchase-of',
    text: `SELECT ${COLUMNS} FROM evenkeel.purchase WHERE bot_id = $1 AND id = $2`,
    values: [botId, id],
    types: bigints,
  });
  return rows[0] && purchase(rows[0]);
}

/** purchase_pkey. The first lock of whoever books a payment: order, payment, subscription, accounts. */
export async function lockPurchase(tx: Tx, botId: number, id: string): Promise<Purchase | undefined> {
  const { rows } = await tx.query<Row & Record<string, unknown>>({
    name: 'lock-purchase',
    text: `SELECT ${COLUMNS} FROM evenkeel.purchase WHERE bot_id = $1 AND id = $2 FOR NO KEY UPDATE`,
    values: [botId, id],
    types: bigints,
  });
  return rows[0] && purchase(rows[0]);
}

/** What Telegram asks before it takes the money. */
export interface Asked {
  payload: string;
  from: number;
  currency: string;
  amount: number;
}

/** Why an order cannot be paid; each has its words for the person and its count. */
export type Objection = 'unknown' | 'foreign' | 'paid' | 'running' | 'expired' | 'changed' | 'amount';

/** A subscription that its user has. */
type Running = Pick<Subscription, 'purchase' | 'paidUntil'>;

/** How long before the end of what was paid a payment may be one for the next month, ms. */
const SOON = 2 * 86_400_000;

const isRenewal = ({ id, paid }: Purchase, running: Running | undefined): boolean =>
  paid > 0 && running?.purchase === id && running.paidUntil.getTime() - SOON < Date.now();

/**
 * Whether an order may be paid: the only moment at which no is still an answer. Not the last word: of two that are let
 * through at the same moment, both may pay. Telegram does not say whether it asks about renewals: they pass, at the price
 * that they were begun at.
 * @param packages what is sold now: packages, or subscriptions where the order is one
 * @param running the subscription of who asks
 */
export function objection(
  offered: Purchase | undefined,
  asked: Asked,
  packages: readonly Package[],
  running?: Running,
): Objection | undefined {
  if (!offered) return 'unknown';
  if (offered.userId !== asked.from) return 'foreign';
  const renews = offered.period !== null && isRenewal(offered, running);
  if (offered.paid > 0 && !renews) return 'paid';
  if (
    asked.currency !== offered.currency ||
    !Number.isSafeInteger(asked.amount) ||
    BigInt(asked.amount) !== offered.price
  )
    return 'amount';
  if (renews) return undefined;
  if (offered.period !== null && running) return 'running';
  if (offered.expired) return 'expired';
  const now = packages.find(({ name }) => name === offered.package);
  if (now?.credits !== offered.credits || now.price !== offered.price) return 'changed';
  return undefined;
}
