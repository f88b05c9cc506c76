import { payersInUse } from '../limits.ts';
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
  clauses: (posture: Posture) => [
    atMost(
      {
        'payments.grace': posture.payments.grace,
        'schedules.stars.every': posture.schedules.stars.every,
        'schedules.stars.deadline': posture.schedules.stars.deadline,
      },
      { 'the two minutes that are promised': PROMISED },
    ),
    ...payersInUse(posture).map((payer) =>
      atMost(
        {
          'schedules.deposits.every': posture.schedules.deposits.every,
          'schedules.deposits.deadline': posture.schedules.deposits.deadline,
        },
        { [`the two minutes that are promised, by ${payer}`]: PROMISED },
      ),
    ),
  ],
});
