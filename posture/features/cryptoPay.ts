/** What topping up by Crypto Pay (@CryptoBot) declares. What was paid is booked by what is always there: money.ts. */
import { z } from 'zod';
import { switched } from './feature.ts';

export const cryptoPay = switched({
  flag: z
    .boolean()
    .prefault(false)
    .describe(
      'Sell credits for crypto by Crypto Pay (@CryptoBot). Off as shipped: by Telegram’s terms (6.2) a bot sells digital goods for Stars alone, and one that is found with another way to pay is made inaccessible. What was paid is booked all the same.',
    ),
  paidBy: ['cryptoPay'],
});
