/** What becomes of a subscription: by a payment, by what Telegram says, by its payer, by time. */
import type { Tx } from '../database/tx.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { mandates } from './mandate.ts';
import {
  change,
  COLUMNS,
  lock,
  lockRunning,
  runningOf,
  subscriptionFrom,
  type Key,
  type Row,
  type Subscription,
} from './subscription-rows.ts';
import { afterEvent, type SubscriptionEvent, type SubscriptionState } from './subscription-states.ts';

/** Telegram is told by a durable job, made in the same commit. */
const tellTelegram = (tx: Tx, botId: number, { purchase, userId }: Subscription, charge: string) =>
  enqueue(tx, mandates, { botId, userId, purchase, charge });

/** A payment of a subscription, as it is booked. */
export interface Installment extends Key {
  plan: string;
  charge: string;
  until: Date;
  /** Whether Telegram says that it begins one; undefined where its list is all that is known. */
  isFirst: boolean | undefined;
}

/**
 * `first`: it begins the subscription, or begins it anew. `renewal`: one month more. `twice`: the same order was paid by
 * another device as well; the credits are there, and Telegram is told to take no more for that one. `second`: another
 * subscription runs already; this one is cancelled, and its payment is to go back.
 */
export type InstallmentRole = 'first' | 'renewal' | 'twice' | 'second';

/** Under the lock of its order, in the transaction that books the payment and before any account is locked. */
export async function paidFor(tx: Tx, paid: Installment): Promise<InstallmentRole> {
  const { botId, userId, charge, until, isFirst } = paid;
  const known = await lock(tx, paid);
  if (!known) return begin(tx, paid);
  const later = until > known.paidUntil ? until : known.paidUntil;
  const isOther = isFirst === true && charge !== known.firstCharge;
  if (isOther && known.state !== 'ended') {
    await tellTelegram(tx, botId, known, charge);
    return 'twice';
  }
  if (known.state === 'ended' && (await runningOf(tx, botId, userId))) {
    await change(tx, botId, known, { wish: 'cancel', stopped: false, ...(isOther && { firstCharge: charge }) });
    await tellTelegram(tx, botId, known, isOther ? charge : known.firstCharge);
    return 'second';
  }
  const state = afterEvent(known.state, 'paid') ?? known.state;
  const begins = known.state === 'ended';
  await change(tx, botId, known, {
    state,
    paidUntil: later,
    stopped: false,
    ...(isOther && { firstCharge: charge }),
    // What was wished of one that is over is not wished of the next.
    ...(begins && { wish: null }),
    ...((begins || known.wish === null) && { canceledBy: null }),
  });
  return begins ? 'first' : 'renewal';
}

/** subscription_pkey, subscription_running */
async function begin(tx: Tx, { botId, purchase, userId, plan, charge, until }: Installment): Promise<InstallmentRole> {
  const insert = (state: SubscriptionState, wish: 'cancel' | null) =>
    tx.query({
      name: 'begin-subscription',
      text: `
        INSERT INTO evenkeel.subscription (bot_id, purchase, user_id, plan, state, first_charge, paid_until, wish, canceled_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $8 = 'cancel' THEN 'bot' END)
        ON CONFLICT DO NOTHING`,
      values: [botId, purchase, userId, plan, state, charge, until, wish],
    });
  if ((await insert('active', null)).rowCount === 1) return 'first';
  await insert('ended', 'cancel');
  await enqueue(tx, mandates, { botId, userId, purchase, charge });
  return 'second';
}

/** The same payment heard of again, with a later end than was known: from Telegram's list it is only computed. */
export async function paidUntilAtLeast(tx: Tx, key: Key, charge: string, until: Date): Promise<void> {
  await tx.query({
    name: 'payment-until',
    text: `
      UPDATE evenkeel.payment SET paid_until = $3
      WHERE bot_id = $1 AND provider = 'stars' AND charge = $2 AND state = 'credited' AND paid_until < $3`,
    values: [key.botId, charge, until],
  });
  const known = await lock(tx, key);
  if (known && known.state !== 'ended' && until > known.paidUntil)
    await change(tx, key.botId, known, { paidUntil: until });
}

/**
 * What was paid for a month went back. A month before the last one is only money; with the last one, or where it was
 * taken from us, the subscription is over, and Telegram is told not to take any more.
 */
export async function wentBackOf(
  tx: Tx,
  { botId, charge, userId, purchase }: Key & { charge: string },
  { isTaken }: { isTaken: boolean },
): Promise<void> {
  const known = await lock(tx, { botId, purchase, userId });
  if (!known || known.state === 'ended') return;
  const { rows } = await tx.query<{ own: Date | null; rest: Date | null; now: Date }>({
    name: 'paid-until',
    text: `
      SELECT max(paid_until) FILTER (WHERE charge = $4) AS own,
             max(paid_until) FILTER (WHERE charge <> $4 AND state IN ('credited', 'parked')) AS rest, now() AS now
      FROM evenkeel.payment WHERE bot_id = $1 AND user_id = $2 AND purchase = $3`,
    values: [botId, userId, purchase, charge],
  });
  const { own, rest, now } = rows[0]!;
  if (!isTaken && own !== null && rest !== null && rest.getTime() >= own.getTime() - DAY) return;
  await change(tx, botId, known, {
    state: afterEvent(known.state, 'taken-back') ?? known.state,
    paidUntil: rest !== null && rest < known.paidUntil ? rest : known.paidUntil < now ? known.paidUntil : now,
    wish: 'cancel',
    canceledBy: 'bot',
  });
  await tellTelegram(tx, botId, known, known.firstCharge);
}

/** ms. Two payments of one month, from two devices, end at nearly the same time. */
const DAY = 86_400_000;

const EVENTS = { canceled: 'canceled', active: 'resumed', failed: 'failed' } as const satisfies Record<
  string,
  SubscriptionEvent
>;

/**
 * What Telegram says of a subscription; of one that is not known, or where it does not happen, nothing.
 * @returns it, where it has changed
 */
export async function heardOf(
  tx: Tx,
  key: Key,
  said: 'canceled' | 'active' | 'failed',
): Promise<Subscription | undefined> {
  const known = await lock(tx, key);
  if (!known) return undefined;
  const state = afterEvent(known.state, EVENTS[said]);
  const stopped = said === 'failed' ? known.stopped : said === 'canceled';
  if (said === 'active' && known.state === 'ended' && known.canceledBy === 'bot' && known.wish === null) {
    // Its money went back: what begins it anew is a payment of its own, and none is to be taken for this one.
    await change(tx, key.botId, known, { wish: 'cancel', stopped: false });
    await tellTelegram(tx, key.botId, known, known.firstCharge);
    return undefined;
  }
  if (!state || state === known.state) {
    // Also of one that is over here: it decides what is made of a wish that Telegram refuses.
    if (stopped !== known.stopped) await change(tx, key.botId, known, { stopped });
    return undefined;
  }
  return change(tx, key.botId, known, {
    state,
    stopped,
    ...(said === 'canceled' && { canceledBy: 'user' as const }),
    ...(said === 'active' && { canceledBy: null, wish: null }),
  });
}

/** They want to pay no more. Undefined where nothing runs, or it is cancelled already. */
export async function cancel(tx: Tx, botId: number, userId: number): Promise<Subscription | undefined> {
  const known = await lockRunning(tx, botId, userId);
  const state = known && afterEvent(known.state, 'canceled');
  if (!known || state === undefined || known.state === 'canceled') return undefined;
  await tellTelegram(tx, botId, known, known.firstCharge);
  return change(tx, botId, known, { state, wish: 'cancel', canceledBy: 'bot' });
}

/** They may have again what the bot has cancelled for them: Telegram is told so, and what they do there decides. */
export async function allow(tx: Tx, botId: number, userId: number): Promise<Subscription | undefined> {
  const known = await lockRunning(tx, botId, userId);
  if (known?.state !== 'canceled' || known.canceledBy !== 'bot') return undefined;
  await tellTelegram(tx, botId, known, known.firstCharge);
  return change(tx, botId, known, { wish: 'resume', canceledBy: 'user' });
}

/** subscription_pkey. Telegram has confirmed what was wished; unless something else is wished by now. */
export async function told(tx: Tx, { botId, purchase, userId }: Key, wish: 'cancel' | 'resume'): Promise<void> {
  await tx.query({
    name: 'mandate-told',
    text: `
      UPDATE evenkeel.subscription
      SET wish = NULL, changed_at = now(), stopped = stopped OR wish = 'cancel',
          -- It was paid once more while Telegram was being told.
          state = CASE WHEN wish = 'cancel' AND state IN ('active', 'failed') THEN 'canceled' ELSE state END
      WHERE bot_id = $1 AND purchase = $2 AND user_id = $3 AND wish = $4`,
    values: [botId, purchase, userId, wish],
  });
}

/** Subscriptions that one transaction ends. */
const BITE = 50;

/**
 * Ends what was not paid again: cancelled ones when their month is over, others `grace` ms later. subscription_due.
 * @returns those that ended now, at most {@link BITE}
 */
export async function lapse(tx: Tx, botId: number, grace: number): Promise<Subscription[]> {
  const { rows } = await tx.query<Row & Record<string, unknown>>({
    name: 'lapse-subscriptions',
    text: `
      UPDATE evenkeel.subscription SET state = 'ended', changed_at = now()
      WHERE (bot_id, purchase, user_id) IN (
        SELECT bot_id, purchase, user_id FROM evenkeel.subscription
        WHERE bot_id = $1 AND state <> 'ended' AND paid_until < now()
          AND (state = 'canceled' OR paid_until < now() - $2 * interval '1 ms')
        ORDER BY paid_until LIMIT ${BITE} FOR NO KEY UPDATE SKIP LOCKED)
      RETURNING ${COLUMNS}`,
    values: [botId, grace],
  });
  return rows.map(subscriptionFrom);
}
