/** How work is done: lanes, attempts, deadlines, what a conversation may cost. */
import { z } from 'zod';
import { workOfFeatures } from '../features/index.ts';
import { count, duration } from '../units.ts';
import { attempts } from './queue.ts';

export const jobs = z
  .strictObject({
    chat: z
      .strictObject({
        lanes: count(1, 1000).prefault(200).describe('Chats that one worker task handles at once.'),
        handler: duration('100ms', '10m').prefault('45s').describe('Deadline of the handling of one update.'),
        turn: duration('10ms', '10m')
          .prefault('30s')
          .describe('How long one chat may keep its lane before others get a turn.'),
        patience: duration('1s', '7d')
          .prefault('24h')
          .describe(
            'Age up to which an update that waits for somebody else (a provider that is away, a rate, the database) is postponed without using an attempt. Telegram itself keeps messages for 24h.',
          ),
        ...attempts({ attempts: 4, first: '2s', max: '30s' }),
      })
      .prefault({}),
    preCheckout: z
      .strictObject({
        lanes: count(1, 1000)
          .prefault(16)
          .describe('Pre-checkout queries that one worker task answers at once, in lanes of their own.'),
        perSecond: count(1, 1000).prefault(2).describe('Pre-checkout queries a second expected at the peak.'),
        handler: duration('100ms', '10m')
          .prefault('3700ms')
          .describe('Deadline of the handling of one pre-checkout query. Telegram cancels the payment after 10s.'),
        turn: duration('10ms', '10m').prefault('4s').describe('How long one query may keep its lane.'),
        patience: duration('1s', '7d')
          .prefault('10s')
          .describe(
            'Age up to which a query is postponed without using an attempt. Telegram cancels the payment after 10s.',
          ),
        ...attempts({ attempts: 2, first: '500ms', max: '1s' }),
      })
      .prefault({}),
    payment: z
      .strictObject({
        lanes: count(1, 1000)
          .prefault(16)
          .describe('Payers whose payments, refunds and subscriptions one worker task books at once.'),
        handler: duration('100ms', '10m')
          .prefault('20s')
          .describe('Deadline of the handling of one payment: it is credited first, and then its payer is told.'),
        turn: duration('10ms', '10m').prefault('20s').describe('How long one payer may keep the lane.'),
        patience: duration('1s', '7d')
          .prefault('24h')
          .describe('Age up to which a payment that waits for the database is postponed without using an attempt.'),
        ...attempts({ attempts: 8, first: '1s', max: '1m' }),
      })
      .prefault({}),
  })
  .prefault({});

/** Queues of durable jobs: each is declared by its feature, in posture/features. */
export const work = z.strictObject(workOfFeatures).prefault({});

export const outbox = z
  .strictObject({
    concurrency: count(1, 500)
      .prefault(32)
      .describe('Messages of the outbox that one worker task has under way at once.'),
    patience: duration('1m', '30d')
      .prefault('24h')
      .describe('Age up to which a message waits for Telegram or for its rate; after it, it is dead.'),
  })
  .prefault({})
  .describe('What follows from a payment, a job, a schedule or a broadcast and is said to Telegram.');

export const lanes = z
  .strictObject({
    poll: duration('50ms', '1m', 'each look is a query of every worker')
      .prefault('1s')
      .describe('How often a worker looks for work without having been notified.'),
    claimBatch: count(1, 1000)
      .prefault(50)
      .describe(
        'Lanes that one claim takes at most, so that workers share a burst instead of the first one taking all of it.',
      ),
    gather: duration('1ms', '1s', 'an answer waits for it')
      .prefault('2ms')
      .describe(
        'How long the first "done" of a batch waits for others to share its commit. What a kill may repeat grows with it.',
      ),
    announce: duration('1ms', '1s', 'an answer waits for it')
      .prefault('5ms')
      .describe('Least time between two notifications of one web task: each wakes every worker.'),
    heartbeat: duration('500ms', '10m')
      .prefault('10s')
      .describe('Lease of a worker: one that is silent for longer loses its lanes.'),
    touch: duration('50ms', '5m', 'each is a query of every worker')
      .prefault('2s')
      .describe('How often a worker renews its lease, and looks whether others renew theirs.'),
    sweep: duration('100ms', '10m').prefault('5s').describe('How often updates without a lane are looked for.'),
    takeovers: count(3, 100)
      .prefault(10)
      .describe(
        'Workers that may be lost while handling one update before it is parked as what ends them; after two it runs alone.',
      ),
    recoverWithin: duration('1s', '1h')
      .prefault('20s')
      .describe("Longest time until a crashed worker's chats are taken over."),
  })
  .prefault({});

export const history = z
  .strictObject({
    messages: count(0, 200).prefault(20).describe('Messages of the conversation that accompany a question at most.'),
    characters: count(0, 1_000_000)
      .prefault(16_000)
      .describe('Characters of the conversation that accompany a question at most, cut in SQL.'),
  })
  .prefault({});
