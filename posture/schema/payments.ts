/** What is for sale, and who may move money by hand. */
import { z } from 'zod';
import { count, duration } from '../units.ts';

const pack = z.strictObject({
  credits: count(1, 1_000_000_000).describe('Credits that the package gives.'),
  stars: count(1, 10_000).describe('Its price in Telegram Stars.'),
});

export const payments = z
  .strictObject({
    packages: z
      .record(z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, 'a short name, such as "small"'), pack)
      .prefault({
        small: { credits: 100, stars: 50 },
        medium: { credits: 550, stars: 250 },
        large: { credits: 1_200, stars: 500 },
      })
      .describe(
        'Packages of credits by name, each with a price for each way to pay: no exchange rate is known anywhere, so none can be wrong. Digital goods are sold for Stars alone by Telegram’s terms (6.2).',
      ),
    offerLasts: duration('1m', '7d', 'a person needs a moment to buy Stars')
      .prefault('1h')
      .describe('How long an offer can be paid at its price.'),
    grace: duration('1s', '1h')
      .prefault('1m')
      .describe("How long a payment's update is given to come before it is booked from Telegram's list."),
  })
  .prefault({});

const id = z.int().min(1).describe('A Telegram user id.');

export const people = z
  .strictObject({
    owners: z.array(id).prefault([]).describe('Telegram ids of those who may refund and adjust without a limit.'),
    support: z
      .array(id)
      .prefault([])
      .describe('Telegram ids of those who may refund and adjust up to `supportAtMost`.'),
    supportAtMost: count(0, 1_000_000_000)
      .prefault(1_000)
      .describe('Credits that one refund or adjustment by support may move.'),
  })
  .prefault({});
