/** What topping up by NOWPayments declares. What was paid is booked by what is always there: money.ts. */
import { z } from 'zod';
import { switched } from './feature.ts';

export const nowPayments = switched({
  flag: z
    .boolean()
    .prefault(false)
    .describe(
      'Sell credits for crypto by NOWPayments. Off as shipped: by Telegram’s terms (6.2) a bot sells digital goods for Stars alone, and one that is found with another way to pay is made inaccessible. What was paid is booked all the same.',
    ),
  paidBy: ['nowPayments'],
});
