/** Rows of subscriptions: what somebody pays every month, as our books have it. */
import type { Tx } from '../database/tx.ts';
import type { SubscriptionState } from './subscription-states.ts';

export interface Subscription {
  /** The order that it was begun with; the payload of every payment of it. */
  purchase: string;
  userId: number;
  plan: string;
  state: SubscriptionState;
  firstCharge: string;
  paidUntil: Date;
  wish: 'cancel' | 'resume' | null;
  canceledBy: 'user' | 'bot' | null;
  /** Telegram has said, or confirmed, that it takes nothing more of it. */
  stopped: boolean;
}

export type Row = Omit<Subscription, 'userId'> & { user: string };

export const COLUMNS = `
  purchase, user_id::text AS user, plan, state, first_charge AS "firstCharge", paid_until AS "paidUntil", wish,
  canceled_by AS "canceledBy", stopped`;

export const subscriptionFrom = ({ user, ...row }: Row): Subscription => ({ ...row, userId: Number(user) });

export interface Key {
  botId: number;
  purchase: string;
  userId: number;
}

/** subscription_pkey. Its lock comes after that of its order and of its payment, and before that of an account. */
export async function lock(tx: Tx, { botId, purchase, userId }: Key): Promise<Subscription | undefined> {
  const { rows } = await tx.query<Row & Record<string, unknown>>({
    name: 'lock-subscription',
    text: `
      SELECT ${COLUMNS} FROM evenkeel.subscription
      WHERE bot_id = $1 AND purchase = $2 AND user_id = $3 FOR NO KEY UPDATE`,
    values: [botId, purchase, userId],
  });
  return rows[0] && subscriptionFrom(rows[0]);
}

/** subscription_pkey */
export async function subscriptionOf(
  db: Pick<Tx, 'query'>,
  { botId, purchase, userId }: Key,
): Promise<Subscription | undefined> {
  const { rows } = await db.query<Row & Record<string, unknown>>({
    name: 'subscription-of',
    text: `SELECT ${COLUMNS} FROM evenkeel.subscription WHERE bot_id = $1 AND purchase = $2 AND user_id = $3`,
    values: [botId, purchase, userId],
  });
  return rows[0] && subscriptionFrom(rows[0]);
}

/** subscription_running */
const RUNNING = `SELECT ${COLUMNS} FROM evenkeel.subscription WHERE bot_id = $1 AND user_id = $2 AND state <> 'ended'`;

/** What this person pays every month; one at a time. */
export async function runningOf(
  db: Pick<Tx, 'query'>,
  botId: number,
  userId: number,
): Promise<Subscription | undefined> {
  const { rows } = await db.query<Row & Record<string, unknown>>({
    name: 'running-subscription',
    text: RUNNING,
    values: [botId, userId],
  });
  return rows[0] && subscriptionFrom(rows[0]);
}

type Change = Partial<Pick<Subscription, 'state' | 'firstCharge' | 'paidUntil' | 'wish' | 'canceledBy' | 'stopped'>>;

/** subscription_pkey. Under the lock. */
export async function change(tx: Tx, botId: number, before: Subscription, to: Change): Promise<Subscription> {
  const after = { ...before, ...to };
  await tx.query({
    name: 'change-subscription',
    text: `
      UPDATE evenkeel.subscription
      SET state = $4, first_charge = $5, paid_until = $6, wish = $7, canceled_by = $8, stopped = $9,
          changed_at = now()
      WHERE bot_id = $1 AND purchase = $2 AND user_id = $3`,
    values: [
      botId,
      before.purchase,
      before.userId,
      after.state,
      after.firstCharge,
      after.paidUntil,
      after.wish,
      after.canceledBy,
      after.stopped,
    ],
  });
  return after;
}

/** subscription_running */
export async function lockRunning(tx: Tx, botId: number, userId: number): Promise<Subscription | undefined> {
  const { rows } = await tx.query<Row & Record<string, unknown>>({
    name: 'lock-running-subscription',
    text: `${RUNNING} FOR NO KEY UPDATE`,
    values: [botId, userId],
  });
  return rows[0] && subscriptionFrom(rows[0]);
}
