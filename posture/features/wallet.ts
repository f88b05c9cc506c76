/** What the wallet declares. What was paid is booked by what is always there: money.ts. */
import { z } from 'zod';
import { switched } from './feature.ts';

export const wallet = switched({
  flag: z
    .boolean()
    .prefault(true)
    .describe('Sell credits for Telegram Stars. Off: nothing new can be bought; what was paid is booked all the same.'),
  sells: true,
});
