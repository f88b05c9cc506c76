/** What an access can be, and what makes it what. Pure; the database refuses what is not here (0032_access.sql). */

/**
 * `trial`: for nothing, until its end. `active`: paid for. `grace`: over, not paid again, and not taken yet.
 * `cancelled`: paid for until its end, and not to be renewed. `expired`: taken.
 */
export const STATES = ['trial', 'active', 'grace', 'cancelled', 'expired'] as const;
export type AccessState = (typeof STATES)[number];

/** `due`: the end has come. `lapsed`: so has that of the grace. `taken-back`: what was paid for it went back. */
export const EVENTS = ['paid', 'due', 'lapsed', 'cancelled', 'resumed', 'taken-back'] as const;
export type AccessEvent = (typeof EVENTS)[number];

const NEXT: Record<AccessState, Partial<Record<AccessEvent, AccessState>>> = {
  trial: { paid: 'active', due: 'expired' },
  active: { paid: 'active', due: 'grace', cancelled: 'cancelled', 'taken-back': 'expired' },
  grace: { paid: 'active', lapsed: 'expired', cancelled: 'cancelled', 'taken-back': 'expired' },
  // Who pays again wants it again.
  cancelled: { paid: 'active', due: 'expired', resumed: 'active', 'taken-back': 'expired' },
  expired: { paid: 'active' },
};

/** Undefined where that does not happen to such a one: nothing is changed then. */
export const afterEvent = (state: AccessState, event: AccessEvent): AccessState | undefined => NEXT[state][event];

/** Whether the provider should have its user. */
export const mayUse = (state: AccessState): boolean => state !== 'expired';

/** Every way from one state to another. */
export const MOVES: readonly (readonly [AccessState, AccessState])[] = STATES.flatMap((from) =>
  [...new Set(Object.values(NEXT[from]))].filter((to) => to !== from).map((to) => [from, to] as const),
);
