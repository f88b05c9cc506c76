/** What is for sale, and who may move money by hand. */
import { z } from 'zod';
import { count, duration } from '../units.ts';
import { breaker } from './providers.ts';

const pack = z.strictObject({
  credits: count(1, 1_000_000_000).describe('Credits that the package gives.'),
  stars: count(1, 10_000).describe('Its price in Telegram Stars.'),
  usd: z
    .string()
    .regex(/^(?!0+\.00$)\d{1,5}\.\d{2}$/, 'US dollars and cents, such as "1.45"')
    .optional()
    .describe('Its price in US dollars, for those who are paid in crypto; without it, it is sold for Stars alone.'),
});

const name = z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, 'a short name, such as "small"');

const monthly = z.strictObject({
  credits: count(1, 1_000_000_000).describe('Credits that each month gives.'),
  stars: count(1, 10_000).describe('Its price a month in Telegram Stars; Telegram sells months of 30 days alone.'),
});

export const payments = z
  .strictObject({
    packages: z
      .record(name, pack)
      .prefault({
        small: { credits: 100, stars: 50, usd: '1.00' },
        medium: { credits: 550, stars: 250, usd: '5.00' },
        large: { credits: 1_200, stars: 500, usd: '10.00' },
      })
      .describe(
        'Packages of credits by name, each with a price for each way to pay: no exchange rate is known anywhere, so none can be wrong. Digital goods are sold for Stars alone by Telegram’s terms (6.2).',
      ),
    subscriptions: z
      .record(name, monthly)
      .prefault({ monthly: { credits: 600, stars: 250 } })
      .describe(
        'Subscriptions by name: credits every month, paid in Stars until they are cancelled. A price that changes is that of new ones. `{}`: none are sold.',
      ),
    renewalGrace: duration('1h', '30d', 'Telegram tries a payment that failed again')
      .prefault('3d')
      .describe('How long the renewal of a subscription may be late before it is over.'),
    offerLasts: duration('1m', '7d', 'a person needs a moment to buy Stars')
      .prefault('1h')
      .describe('How long an offer can be paid at its price.'),
    coin: z
      .string()
      .regex(/^[a-z0-9]{2,20}$/, 'the name of a coin as NOWPayments writes it, such as "usdttrc20"')
      .prefault('usdttrc20')
      .describe('The coin that NOWPayments takes: one, so that no exchange rate and no network is chosen by mistake.'),
    providers: z
      .strictObject({
        timeout: duration('100ms', '1m', 'no answer comes from another country in less')
          .prefault('8s')
          .describe('Deadline of one call.'),
        attempts: count(1, 5).prefault(2).describe('Calls made for one request that surely was not done.'),
        backoff: duration('10ms', '1m')
          .prefault('500ms')
          .describe('Pause before the first repeat; doubled after each.'),
        concurrency: count(1, 100).prefault(4).describe('Calls that one task has open at once to one of them.'),
        breaker: breaker({ failures: 5, window: '1m', open: '15s' }),
      })
      .prefault({})
      .describe('How each provider of payments beside Telegram is asked.'),
    grace: duration('1s', '1h')
      .prefault('1m')
      .describe("How long a payment's update is given to come before it is booked from Telegram's list."),
  })
  .prefault({});

const id = z.int().min(1).describe('A Telegram user id.');

/** No person's: stands in the shipped stack for one's own, and every preview says so. */
export const EXAMPLE_OWNER = 1;

export const people = z
  .strictObject({
    owners: z
      .array(id)
      .prefault([])
      .describe(
        'Telegram ids of those who may refund and adjust without a limit. A production stack that sells names one (law owner.named); /paysupport reaches the first of support and owners who has opened the bot.',
      ),
    support: z
      .array(id)
      .prefault([])
      .describe('Telegram ids of those who may refund and adjust up to `supportAtMost`.'),
    supportAtMost: count(0, 1_000_000_000)
      .prefault(1_000)
      .describe('Credits that one refund or adjustment by support may move.'),
  })
  .prefault({});
