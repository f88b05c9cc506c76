/** What subscriptions declare: access elsewhere, by the period, for credits; given and taken at an access provider. */
import { z } from 'zod';
import { jobQueue, schedule } from '../schema/queue.ts';
import { count, duration } from '../units.ts';
import { switched } from './feature.ts';

const name = z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, 'a short name, such as "month"');

const plan = z.strictObject({
  credits: count(1, 1_000_000_000).describe('Credits that a period costs.'),
  period: duration('1h', '365d', 'people plan by days, and are reminded before one ends').describe(
    'How long what was paid for lasts.',
  ),
  stars: name
    .optional()
    .describe(
      'The subscription under `payments.subscriptions` whose monthly Stars bring the credits; without it, the plan is paid with credits alone.',
    ),
});

export const subscriptions = switched({
  flag: z
    .boolean()
    .prefault(false)
    .describe(
      '/plans: access at a provider of your own, by the period, for credits. Off as shipped: it needs the address and the key of that provider. What was paid for ends all the same.',
    ),
  jobsAsk: ['access'],
  work: {
    plan: {
      queue: jobQueue(
        { concurrency: 4, deadline: '10s', patience: '24h', attempts: 8, first: '1s', max: '5m' },
        'Periods of plans that were paid for: each is written down and its credits taken, once.',
      ),
      what: 'plans that were paid for',
      // Somebody has paid, and has nothing.
      dead: 'page',
    },
    access: {
      queue: jobQueue(
        { concurrency: 4, deadline: '45s', patience: '7d', attempts: 12, first: '2s', max: '10m' },
        'Access that is to be given, prolonged or taken at its provider.',
      ),
      what: 'accesses to be given or taken',
      dead: 'page',
    },
  },
  slots: {
    expiry: schedule({ every: '60s', deadline: '45s' }, 'Ends what was paid for, and begins the grace before.'),
    activation: schedule(
      { every: '5m', deadline: '4m' },
      'Has given, prolonged or taken what is not yet, and looks whether the provider has it as we do.',
    ),
    trialNotices: schedule({ every: '5m', deadline: '1m' }, 'Tells people that their trial ends soon.'),
    reminders: schedule({ every: '45m', deadline: '5m' }, 'Reminds people of the end of what they have paid for.'),
    renewals: schedule(
      { every: '10m', deadline: '5m' },
      'Renews from the balance what its owner wants renewed; only with plans.autoRenew.',
    ),
  },
  settings: {
    plans: z
      .strictObject({
        offered: z
          .record(name, plan)
          .prefault({ month: { credits: 500, period: '30d', stars: 'monthly' } })
          .describe('What is offered, by name. One that is removed is sold no more, and kept by who has it.'),
        trial: duration('0s', '90d')
          .prefault('3d')
          .describe('How long somebody may try a plan, once and for nothing. 0s: not at all.'),
        grace: duration('0s', '30d')
          .prefault('3d')
          .describe('How long access goes on after a period that was not paid again.'),
        remindBefore: duration('1h', '30d', 'a reminder that comes later helps nobody')
          .prefault('1d')
          .describe('How long before the end of a period people are reminded.'),
        noticeBefore: duration('10m', '30d', 'a notice that comes later helps nobody')
          .prefault('6h')
          .describe('How long before the end of a trial people are told.'),
        autoRenew: z
          .boolean()
          .prefault(false)
          .describe(
            'Whether credits are taken for the next period without a tap, of those who want that. Off as shipped: say so in your terms before you take money by the clock. The flag schedules.renewals stops it at once.',
          ),
        renewBefore: duration('10m', '30d', 'the schedule has to come by')
          .prefault('6h')
          .describe('How long before the end of a period it is renewed from the balance.'),
        offerLasts: duration('1m', '7d', 'a person needs a moment to decide')
          .prefault('1h')
          .describe('How long a plan can be chosen at the price that was shown.'),
        reserve: duration('1h', '30d', 'the job that takes the credits may have to wait for the database')
          .prefault('3d')
          .describe('How long the credits of a period are held at most before they are taken or go back.'),
        checkAfter: duration('1s', '1d', 'what is under way there has to end first')
          .prefault('2m')
          .describe('How long after a change the provider is asked whether it has it as we do.'),
      })
      .prefault({}),
  },
});
