/** What a subscription can be, and what makes it what. Pure. */

/**
 * `canceled`: paid for the month, and not again. `failed`: the month is over or nearly, and could not be paid again yet.
 */
export type SubscriptionState = 'active' | 'canceled' | 'failed' | 'ended';

/** `lapsed`: its time and its grace are over. `taken-back`: what was paid for it went back. */
export type SubscriptionEvent = 'paid' | 'canceled' | 'resumed' | 'failed' | 'lapsed' | 'taken-back';

const NEXT: Record<SubscriptionState, Partial<Record<SubscriptionEvent, SubscriptionState>>> = {
  active: {
    paid: 'active',
    resumed: 'active',
    canceled: 'canceled',
    failed: 'failed',
    lapsed: 'ended',
    'taken-back': 'ended',
  },
  // That it cannot be paid changes nothing of what will not be.
  canceled: { paid: 'active', resumed: 'active', canceled: 'canceled', lapsed: 'ended', 'taken-back': 'ended' },
  failed: {
    paid: 'active',
    resumed: 'failed',
    canceled: 'canceled',
    failed: 'failed',
    lapsed: 'ended',
    'taken-back': 'ended',
  },
  // Only money begins it anew.
  ended: { paid: 'active', 'taken-back': 'ended' },
};

/** Undefined where that does not happen to such a one: nothing is changed then. */
export const afterEvent = (state: SubscriptionState, event: SubscriptionEvent): SubscriptionState | undefined =>
  NEXT[state][event];
