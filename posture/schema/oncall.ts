/** Who is woken, how soon, and what the stack is for. */
import { z } from 'zod';
import { flagsOfFeatures } from '../features/index.ts';
import { count, duration, percent } from '../units.ts';

export const stage = z
  .enum(['production', 'development'])
  .prefault('development')
  .describe('A production stack must declare how it recovers (law recovery.declared).');

/** Each is declared in posture/features. */
export const features = z.strictObject(flagsOfFeatures).prefault({});

const CHAT = 'a chat id, such as "-1001234567890", or a name, such as "@oncall"';

/** Text or number as written: YAML, and `pulumi config set --path`, take an id without quotes for a number. */
const chat = z.codec(z.union([z.string().regex(/^(-?\d+|@\w+)$/, CHAT), z.int()], { error: CHAT }), z.string(), {
  decode: String,
  encode: (id) => id,
});

const emails = (what: string) =>
  z
    .array(z.email('an e-mail address, such as "oncall@your.domain"'))
    .prefault([])
    .describe(`Addresses that get ${what}. The first 1000 mails a month are free.`);

const https = (what: string) =>
  z
    .array(z.url({ protocol: /^https$/, error: 'an address that begins with https://' }))
    .prefault([])
    .describe(`HTTPS endpoints that get ${what}. The first 100000 calls a month are free.`);

const channel = (what: string) => z.strictObject({ emails: emails(what), https: https(what) }).prefault({});

const slackChannel = z.string().regex(/^C[A-Z0-9]{6,}$/, 'the id of a channel, such as "C0123ABCDEF"');

const slack = z
  .strictObject({
    team: z.string().regex(/^T[A-Z0-9]{6,}$/, 'the id of a workspace, such as "T0123ABCD"'),
    page: slackChannel.optional().describe('Channel that gets pages.'),
    ticket: slackChannel.optional().describe('Channel that gets tickets.'),
  })
  .describe(
    'Slack, by AWS itself (Amazon Q Developer, formerly AWS Chatbot), without charge. The workspace is let in once, in the console of AWS.',
  );

export const oncall = z
  .strictObject({
    emails: emails('pages and tickets'),
    https: https('pages and tickets'),
    page: channel('pages alone'),
    ticket: channel('tickets alone'),
    slack: slack.optional(),
    telegramChat: chat
      .optional()
      .describe('Chat that gets pages through a relay of its own, which does not depend on the bot.'),
    detectWithin: z
      .strictObject({
        page: duration('30s', '24h')
          .prefault('5m')
          .describe('Longest time from a fault that wakes somebody to its alarm.'),
        ticket: duration('1m', '7d')
          .prefault('15m')
          .describe('Longest time from a fault for the working day to its alarm.'),
      })
      .prefault({}),
    logRetention: duration('1d', '3653d').prefault('30d').describe('How long logs are kept.'),
  })
  .prefault({});

export const sentinel = z
  .strictObject({
    every: duration('100ms', '24h')
      .prefault('1m')
      .describe('How often the sentinel asks Telegram and the bot how they are.'),
    timeout: duration('100ms', '10m').prefault('20s').describe('Deadline of one look.'),
    connections: count(0, 10).prefault(2).describe('Database connections that a look may cost.'),
  })
  .prefault({});

export const scaling = z
  .strictObject({
    cpu: percent('5%', '95%').prefault('60%').describe('CPU use that autoscaling aims at.'),
    requestsPerTarget: count(1, 1_000_000)
      .prefault(3000)
      .describe('Requests a minute and web task that autoscaling aims at.'),
    queueAge: duration('1s', '1h').prefault('10s').describe('Age of the oldest unprocessed update that adds a worker.'),
    scaleInCooldown: duration('0s', '24h').prefault('5m').describe('Pause after tasks were taken away.'),
    scaleOutCooldown: duration('0s', '24h').prefault('1m').describe('Pause after tasks were added.'),
  })
  .prefault({});
