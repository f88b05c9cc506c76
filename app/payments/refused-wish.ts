/** What a wish comes to that Telegram refuses, because it does not know the subscription any more. */
import type { Tx } from '../database/tx.ts';
import { lock, type Key, type Subscription } from './subscription-rows.ts';

/**
 * `over`: nothing is taken any more, and there is nothing left to have again: the wish is fulfilled. `else`: something
 * else is wished by now, and has a job of its own. `soon`: its money is on its way back. `due`: whether it is paid again
 * shows by then. `runs`: as far as we know Telegram goes on, and does not do what was wished: a person must look.
 */
export type Refused = { is: 'over' | 'else' | 'soon' | 'runs' } | { is: 'due'; after: number };

interface Standing {
  wish: 'cancel' | 'resume';
  /** As our books have it; undefined for a further one of the same order, which they do not carry. */
  known: Pick<Subscription, 'state' | 'wish' | 'stopped'> | undefined;
  /** Until when what was paid and has not gone back pays; null where all of it went back. */
  left: Date | null;
  /** A refund of it is under way. */
  isRefunding: boolean;
  now: Date;
  /** How long a renewal may be late, ms. */
  grace: number;
}

/** Pure. */
export function refusedWish({ wish, known, left, isRefunding, now, grace }: Standing): Refused {
  if (known && known.wish !== wish) return { is: 'else' };
  if (wish === 'cancel' && known?.stopped) return { is: 'over' };
  if (wish === 'resume' && known?.state === 'ended') return { is: 'over' };
  if (isRefunding) return { is: 'soon' };
  if (left === null) return { is: 'over' };
  const late = now.getTime() - left.getTime();
  if (late < 0) return { is: 'runs' };
  // What is cancelled ends with its month; Telegram tries for a while to be paid for another.
  return wish === 'resume' || late >= grace ? { is: 'over' } : { is: 'due', after: grace - late };
}

/**
 * subscription_pkey, payment_user. Under the lock of the subscription: of a renewal that is booked at the same time it
 * sees all or nothing.
 */
export async function whatIsRefused(
  tx: Tx,
  key: Key,
  { charge, wish, grace }: { charge: string; wish: 'cancel' | 'resume'; grace: number },
): Promise<Refused> {
  const row = await lock(tx, key);
  const { rows } = await tx.query<{ paid: number; left: Date | null; refunding: boolean; back: boolean; now: Date }>({
    name: 'left-of-subscription',
    text: `
      SELECT count(*)::int AS paid, now() AS now,
             max(paid_until) FILTER (WHERE state IN ('credited', 'parked', 'refunding')) AS left,
             coalesce(bool_or(state = 'refunding'), false) AS refunding,
             coalesce(bool_or(charge = $4 AND state IN ('refunded', 'taken-back')), false) AS back
      FROM evenkeel.payment WHERE bot_id = $1 AND user_id = $2 AND purchase = $3`,
    values: [key.botId, key.userId, key.purchase, charge],
  });
  const { paid, left, refunding, back, now } = rows[0]!;
  // Books that have forgotten what was paid, as after a restore, say nothing of whether it runs.
  if (paid === 0) return { is: 'runs' };
  const known = row?.firstCharge === charge ? row : undefined;
  const isOwnBack = known === undefined && back;
  return refusedWish({ wish, known, left: isOwnBack ? null : left, isRefunding: refunding, now, grace });
}
