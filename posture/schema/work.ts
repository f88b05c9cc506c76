/** How work is done: lanes, attempts, deadlines, providers, what a conversation may cost. */
import { z } from 'zod';
import { count, duration, percent } from '../units.ts';

/** Attempts after which a poisonous update is parked, and the pauses between them. */
const attempts = (
  defaults: { attempts: number; first: string; max: string },
  what = 'Attempts at one update before it is parked and its chat goes on.',
) => ({
  attempts: count(1, 20).prefault(defaults.attempts).describe(what),
  backoff: z
    .strictObject({
      first: duration('10ms', '10m')
        .prefault(defaults.first)
        .describe('Pause after the first failed attempt; doubled after each further one.'),
      max: duration('10ms', '1h').prefault(defaults.max).describe('Longest pause between two attempts.'),
    })
    .prefault({}),
});

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

interface JobDefaults {
  concurrency: number;
  deadline: string;
  patience: string;
  attempts: number;
  first: string;
  max: string;
}

/** A queue of durable jobs: what the bot does by its own decision, once, whatever is killed. */
const jobQueue = (defaults: JobDefaults, what: string) =>
  z
    .strictObject({
      concurrency: count(1, 200).prefault(defaults.concurrency).describe('Jobs that one worker task runs at once.'),
      deadline: duration('100ms', '1h').prefault(defaults.deadline).describe('Longest run of one job.'),
      patience: duration('1s', '30d')
        .prefault(defaults.patience)
        .describe(
          'Time since a job was due up to which it is postponed without using an attempt while it waits for somebody else (a provider that is away, a rate, the database).',
        ),
      ...attempts(defaults, 'Attempts at one job before it is dead: kept with its cause, for a person.'),
    })
    .prefault({})
    .describe(what);

export const work = z
  .strictObject({
    remind: jobQueue(
      { concurrency: 4, deadline: '10s', patience: '24h', attempts: 5, first: '1s', max: '1m' },
      'Reminders that are due: each is said once.',
    ),
    refund: jobQueue(
      { concurrency: 2, deadline: '30s', patience: '24h', attempts: 8, first: '5s', max: '10m' },
      'Payments whose Stars go back to who paid them.',
    ),
  })
  .prefault({});

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

const breaker = (defaults: { failures: number; window: string; open: string }) =>
  z
    .strictObject({
      failureRate: percent(
        '1%',
        '99%',
        'at 0% it would open without a failure, at 100% it would stay closed through all of them',
      )
        .prefault('50%')
        .describe('Share of failed calls in the window that opens the breaker.'),
      minimumCalls: count(1, 1000).prefault(defaults.failures).describe('Calls in the window before the share counts.'),
      window: duration('1s', '10m')
        .prefault(defaults.window)
        .describe('Sliding window over which failures are counted.'),
      openFor: duration('100ms', '10m')
        .prefault(defaults.open)
        .describe('How long the breaker stays open before one call may try again.'),
    })
    .prefault({});

const provider = (defaults: { timeout: string; attempts: number; concurrency: number; takes: string }) => ({
  timeout: duration('100ms', '10m', 'no answer comes from another country in less')
    .prefault(defaults.timeout)
    .describe('Deadline of one call.'),
  takes: duration('1ms', '10m')
    .prefault(defaults.takes)
    .describe('How long one call usually takes: what the places for the expected traffic are counted by.'),
  attempts: count(1, 5)
    .prefault(defaults.attempts)
    .describe('Calls made for one request when the failure is transient.'),
  backoff: duration('10ms', '1m')
    .prefault('500ms')
    .describe('Pause before the first repeat; doubled after each, jittered.'),
  concurrency: count(1, 2000)
    .prefault(defaults.concurrency)
    .describe(
      'Calls that one task has open at once (bulkhead); others wait for a place as long as their handler can spare.',
    ),
});

export const providers = z
  .strictObject({
    telegram: z
      .strictObject({
        ...provider({ timeout: '5s', attempts: 2, concurrency: 256, takes: '200ms' }),
        breaker: breaker({ failures: 20, window: '20s', open: '5s' }),
        ambiguous: z
          .enum(['once', 'never'])
          .prefault('once')
          .describe(
            'How often a message may be sent again when nobody knows whether Telegram took it (no answer in time, a reset, 502, 504): once, after Telegram answers again, so that it may be there twice; or never, so that it may be missing.',
          ),
        rate: z
          .strictObject({
            global: count(1, 1_000_000)
              .prefault(30)
              .describe("Messages a second to all chats together, over all tasks: Telegram's limit for a free bot."),
            chat: count(1, 1_000_000).prefault(1).describe('Messages a second to one chat.'),
            group: count(2, 1_000_000).prefault(20).describe('Messages a minute to one group or channel.'),
            chatBurst: count(1, 100)
              .prefault(3)
              .describe(
                'Messages that one chat may get at once before its pace holds: Telegram tolerates short bursts.',
              ),
            patience: duration('500ms', '1m', 'a turn has to be leased before it can come')
              .prefault('2s')
              .describe('Longest wait of a handler for its turn to send; beyond it the update is postponed.'),
            broadcast: count(0, 1_000_000).prefault(15).describe('Messages a second that broadcasts may take of it.'),
            replies: count(0, 1_000_000).prefault(15).describe('Replies a second expected at the peak.'),
          })
          .prefault({}),
      })
      .prefault({}),
    openrouter: z
      .strictObject({
        ...provider({ timeout: '20s', attempts: 1, concurrency: 64, takes: '4s' }),
        breaker: breaker({ failures: 5, window: '30s', open: '15s' }),
        model: z.string().min(1).prefault('openrouter/auto').describe('Model that answers the chat.'),
        maxTokens: count(1, 32_768).prefault(800).describe('Longest answer, in tokens.'),
        contextTokens: count(1024, 2_000_000).prefault(32_768).describe("The model's context window, in tokens."),
      })
      .prefault({}),
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
