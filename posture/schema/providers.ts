/** Who is asked outside: how long, how often, how much at once. */
import { z } from 'zod';
import { count, duration, percent } from '../units.ts';

export const breaker = (defaults: { failures: number; window: string; open: string }) =>
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
        upload: z
          .strictObject({
            timeout: duration('1s', '10m', 'a file takes longer than a message')
              .prefault('40s')
              .describe('Deadline of sending one file, from where it is fetched to where it is shown.'),
            concurrency: count(1, 200)
              .prefault(4)
              .describe('Files that one task sends at once, beside its other calls.'),
          })
          .prefault({}),
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
            broadcast: count(0, 1_000_000)
              .prefault(15)
              .describe(
                'Messages a second that a broadcast may take of it, over all tasks: one is under way at a time, and what others send goes first. 0: none goes out.',
              ),
            replies: count(0, 1_000_000).prefault(15).describe('Replies a second expected at the peak.'),
          })
          .prefault({}),
      })
      .prefault({}),
    openrouter: z
      .strictObject({
        ...provider({ timeout: '20s', attempts: 1, concurrency: 64, takes: '4s' }),
        idle: duration('100ms', '10m', 'a model takes a moment for its first word')
          .prefault('8s')
          .describe('Longest silence within an answer that is being written; beyond it the answer has broken off.'),
        breaker: breaker({ failures: 5, window: '30s', open: '15s' }),
        model: z.string().min(1).prefault('openrouter/auto').describe('Model that answers the chat.'),
        maxTokens: count(1, 32_768).prefault(800).describe('Longest answer, in tokens.'),
        contextTokens: count(1024, 2_000_000).prefault(32_768).describe("The model's context window, in tokens."),
      })
      .prefault({}),
    novita: z
      .strictObject({
        ...provider({ timeout: '15s', attempts: 1, concurrency: 8, takes: '1s' }),
        breaker: breaker({ failures: 5, window: '1m', open: '30s' }),
      })
      .prefault({})
      .describe('Renders pictures and videos; asked by jobs, which take a render in steps.'),
    access: z
      .strictObject({
        ...provider({ timeout: '10s', attempts: 1, concurrency: 4, takes: '1s' }),
        breaker: breaker({ failures: 5, window: '1m', open: '30s' }),
        address: z
          .url({ protocol: /^https?$/ })
          .prefault('https://access.example.com')
          .describe('Where the access provider is asked: yours, as docs/production.md says what it has to answer.'),
      })
      .prefault({})
      .describe('Gives access to what is sold by the period, and takes it; asked by jobs.'),
  })
  .prefault({});
