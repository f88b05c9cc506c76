import type { Posture } from '../schema/index.ts';
import { atMost, law } from './law.ts';

/** As the bot promises it to who paid (/paysupport). */
const PROMISED = 120_000;

/**
 * A payment whose update is lost is found in Telegram's own list: after the grace that its update is given, by the look
 * that begins next, at the end of that look.
 */
export const paymentsFound = law({
  name: 'payments.found',
  prevents: ['payment-lost'],
  says: 'A payment that no update tells of is credited within two minutes.',
  clauses: ({ payments, schedules }: Posture) => [
    atMost(
      {
        'payments.grace': payments.grace,
        'schedules.stars.every': schedules.stars.every,
        'schedules.stars.deadline': schedules.stars.deadline,
      },
      { 'the two minutes that are promised': PROMISED },
    ),
  ],
});
