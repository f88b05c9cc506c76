import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { SENTINEL_METRICS } from '../../posture/alarms/index.ts';
import { jobAgeLimit, messageAgeLimit, slotAgeLimit } from '../../posture/alarms/work.ts';
import { resolve } from '../../posture/resolve.ts';
import { watch, type SentinelOptions } from '../../sentinel/sentinel.ts';
import '../harness/remind-by-media.ts';
import { lateness } from '../harness/control.ts';
import { hang, hangInBody, json, nobody, reset, serve, text, type Behaviour, type Server } from './servers.ts';

const TOKEN = '123456:AA-very-secret-token-of-the-bot';
const OPERATOR = 'operator-secret';
const posture = resolve({ sentinel: { timeout: '10s' } });
/** For peers that do not answer: others must not be late because the machine is slow. */
const impatient = resolve({ sentinel: { timeout: '1s' } });

const queue = (over: object = {}) => ({
  pending: 0,
  lanes: 0,
  oldestSeconds: 0,
  parked: 0,
  waiting: 0,
  active: 0,
  stranded: 0,
  ...over,
});
const jobs = (over: object = {}) => ({ due: 0, oldestSeconds: 0, running: 0, overdue: 0, dead: 0, ...over });
const work = (over: object = {}, messages: object = {}, unknown = 0, late = -1) => ({
  answers: { unknown },
  jobs: { remind: jobs(), refund: jobs(), ...over },
  schedules: {
    stars: { doneSeconds: 20, missed: 0 },
    retention: { doneSeconds: slotAgeLimit(posture, 'retention') / 1000 + late, missed: 5 },
  },
  messages: { due: 0, oldestSeconds: 0, dead: 0, unknown: 0, ...messages },
});
const healthy = {
  status: 'healthy',
  role: 'web',
  reasons: [],
  queues: { chat: queue(), preCheckout: queue(), payment: queue() },
  database: { oldestTransactionSeconds: 1.5 },
  work: work(),
};

const webhookOf = (bot: Server, over: object = {}) => ({
  ok: true,
  result: {
    url: `${bot.url}/telegram/webhook`,
    has_custom_certificate: false,
    pending_update_count: 0,
    max_connections: posture.telegram.maxConnections,
    allowed_updates: posture.telegram.allowedUpdates,
    ...over,
  },
});

interface World {
  bot: Server;
  telegram: Server;
  options: SentinelOptions;
}

async function world(t: TestContext, bot: Behaviour = json(200, healthy), info: object = {}): Promise<World> {
  const botServer = await serve(t, bot);
  const telegram = await serve(t, json(200, webhookOf(botServer, info)));
  const options = {
    posture,
    stack: 'test',
    publicUrl: `${botServer.url}/`,
    telegramApiRoot: telegram.url,
    botToken: TOKEN,
    operatorToken: OPERATOR,
  };
  return { bot: botServer, telegram, options };
}

interface Seen {
  metrics: Record<string, number>;
  words: string[];
  raw: string;
  /** What CloudWatch takes for metrics: what `_aws` announces. */
  sent: string[];
}

/** Reads the lines: values by name and dimensions other than the stack, and which of them CloudWatch is sent. */
async function see(options: SentinelOptions): Promise<Seen> {
  const { lines } = await watch(options);
  const metrics: Record<string, number> = {};
  const words: string[] = [];
  const sent: string[] = [];
  for (const line of lines) {
    const entry = JSON.parse(line) as Record<string, unknown> & {
      _aws?: {
        Timestamp: number;
        CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[];
      };
    };
    if (typeof entry['msg'] === 'string') {
      words.push(entry['msg']);
      continue;
    }
    assert.equal(entry['Stack'], 'test');
    const suffix = ['Queue', 'Role'].flatMap((name) => (name in entry ? [`:${String(entry[name])}`] : [])).join('');
    for (const Name of Object.values(SENTINEL_METRICS))
      if (Name in entry) metrics[Name + suffix] = entry[Name] as number;
    for (const { Dimensions, Metrics } of entry._aws?.CloudWatchMetrics ?? []) {
      assert.deepEqual(Dimensions, [Object.keys(entry).filter((name) => ['Stack', 'Queue', 'Role'].includes(name))]);
      sent.push(...Metrics.map(({ Name }) => Name + suffix));
    }
  }
  return { metrics, words, raw: lines.join('\n'), sent };
}

test('what waits for the media tasks adds one, and while something runs none is taken away', async (t) => {
  const age = async (remind: object) => {
    const { options } = await world(t, json(200, { ...healthy, work: work({ remind: jobs(remind) }) }));
    const { MediaAge, MediaBusy } = (await see(options)).metrics;
    return { MediaAge, MediaBusy };
  };
  assert.deepEqual(await age({}), { MediaAge: 0, MediaBusy: 0 });
  assert.deepEqual(await age({ due: 1, oldestSeconds: 42, running: 4 }), { MediaAge: 42, MediaBusy: 5 });
  assert.deepEqual(await age({ running: 1 }), { MediaAge: 0, MediaBusy: 1 });
});

test('a healthy world: every metric of the sentinel, and not a word', async (t) => {
  const { options, bot, telegram } = await world(t);
  const countTasks = async () => [
    { role: 'web' as const, wanted: 2, running: 2 },
    // In the middle of a deploy.
    { role: 'worker' as const, wanted: 2, running: 4 },
  ];
  const { metrics, words, sent } = await see({ ...options, countTasks });
  assert.deepEqual(metrics, {
    Look: 1,
    TelegramUnreachable: 0,
    TelegramTokenRefused: 0,
    WebhookPending: 0,
    WebhookMismatch: 0,
    WebhookFailing: 0,
    BotHealth: 0,
    DatabaseOldestTransaction: 1.5,
    'TasksMissing:web': 0,
    'TasksMissing:worker': 0,
    'QueuePending:chat': 0,
    'QueueAge:chat': 0,
    'QueueParked:chat': 0,
    'QueueStranded:chat': 0,
    'QueuePending:preCheckout': 0,
    'QueueAge:preCheckout': 0,
    'QueueParked:preCheckout': 0,
    'QueueStranded:preCheckout': 0,
    'QueuePending:payment': 0,
    'QueueAge:payment': 0,
    'QueueParked:payment': 0,
    'QueueStranded:payment': 0,
    JobsLateBy: 0,
    MediaAge: 0,
    MediaBusy: 0,
    JobsOverdue: 0,
    JobsDead: 0,
    JobsDeadUrgent: 0,
    SlotsMissed: 0,
    MessagesLateBy: 0,
    MessagesDead: 0,
    AnswersUnknown: 0,
    MessagesUnknown: 0,
  });
  assert.deepEqual(
    sent,
    [
      'Look',
      'DatabaseOldestTransaction',
      'MediaAge',
      'MediaBusy',
      'QueueAge:chat',
      'QueueAge:preCheckout',
      'QueueAge:payment',
    ],
    'a zero that is as good as silence is not sent: it would be paid for',
  );
  const names = new Set(Object.keys(metrics).map((name) => name.split(':')[0]));
  assert.deepEqual(names, new Set(Object.values(SENTINEL_METRICS)), 'each metric that an alarm reads is emitted');
  assert.deepEqual(words, []);
  assert.deepEqual(bot.requests, [{ path: '/health', authorization: `Bearer ${OPERATOR}` }]);
  assert.equal(telegram.requests[0]?.path, `/bot${TOKEN}/getWebhookInfo`);
  assert.equal(telegram.requests[0]?.authorization, undefined, 'Telegram does not get the operator token');
});

test('jobs and messages: of all queues together in the metrics, by name in words; a queue of another release is passed over', async (t) => {
  const late = jobAgeLimit(posture, 'refund') / 1000 + 7;
  const { options } = await world(
    t,
    json(200, {
      ...healthy,
      work: work(
        {
          refund: jobs({ oldestSeconds: late, overdue: 1, dead: 2 }),
          remind: jobs({ dead: 1 }),
          gone: jobs({ dead: 9 }),
        },
        { oldestSeconds: messageAgeLimit(posture) / 1000 + 3, dead: 4, unknown: 5 },
        6,
        1,
      ),
    }),
  );
  const { metrics, words } = await see(options);
  const { JobsLateBy, JobsOverdue, JobsDead, JobsDeadUrgent, MessagesLateBy, MessagesDead, MessagesUnknown } = metrics;
  assert.deepEqual(
    { JobsLateBy, JobsOverdue, JobsDead, JobsDeadUrgent, MessagesLateBy, MessagesDead, MessagesUnknown },
    {
      JobsLateBy: 7,
      JobsOverdue: 1,
      JobsDead: 1,
      JobsDeadUrgent: 2,
      MessagesLateBy: 3,
      MessagesDead: 4,
      MessagesUnknown: 5,
    },
  );
  assert.equal(metrics['AnswersUnknown'], 6);
  assert.equal(metrics['SlotsMissed'], 5);
  assert.deepEqual(words, [
    'bot: jobs of remind: 1 dead',
    'bot: jobs of refund: 2 dead',
    'bot: jobs of gone: 9 dead',
    'bot: outbox: 4 messages dead',
    'bot: outbox: 5 messages unknown',
    'bot: inbox: 6 answers unknown',
  ]);
});

for (const [what, behave] of [
  ['hangs', hang],
  ['hangs in mid-answer', hangInBody],
  ['resets the connection', reset],
  ['answers 500', text(500, 'oops')],
  ['is a load balancer without targets', text(503, '<html>503 Service Temporarily Unavailable</html>')],
  ['answers 200 without JSON', text(200, 'hello')],
  ['says "healthy" with 503', json(503, { status: 'healthy' })],
  ['redirects', (_q, r) => void r.writeHead(302, { location: 'http://127.0.0.1:9/health' }).end()],
  ['never ends talking', (_q, r) => void r.writeHead(200).end('x'.repeat(3 * 1024 * 1024))],
] as [string, Behaviour][])
  test(`a bot that ${what} is unhealthy; its queues are unknown, and Telegram is still asked`, async (t) => {
    const { options } = await world(t, behave);
    const late = lateness(t);
    const hangs = behave === hang || behave === hangInBody;
    const started = performance.now();
    const { metrics, words } = await see(hangs ? { ...options, posture: impatient } : options);
    const took = performance.now() - started;
    assert.ok(took < impatient.sentinel.timeout + 1000 + 5 * late.slowest(), 'the deadline holds');
    assert.equal(metrics['BotHealth'], 2);
    assert.equal(metrics['QueueAge:chat'], undefined, 'unknown is not zero');
    assert.equal(metrics['DatabaseOldestTransaction'], undefined);
    assert.equal(metrics['WebhookPending'], 0);
    assert.equal(words.filter((word) => word.startsWith('bot: ')).length, 1, words.join('\n'));
  });

test('a bot that nobody serves is unhealthy, and the word says why', async (t) => {
  const { options } = await world(t);
  const { metrics, words } = await see({ ...options, publicUrl: await nobody(t) });
  assert.equal(metrics['BotHealth'], 2);
  assert.ok(words.includes('bot: ECONNREFUSED'), words.join('\n'));
});

test('a bot with another operator token shows its status alone, and the word says what to check', async (t) => {
  const { options } = await world(t, json(200, { status: 'healthy' }));
  const { metrics, words } = await see(options);
  assert.equal(metrics['BotHealth'], 0);
  assert.equal(metrics['QueueAge:chat'], undefined);
  assert.deepEqual(words, ['bot: no details; is the operator token the same on both sides?']);
});

test('degraded and unhealthy are told apart, with their reasons', async (t) => {
  const { options, bot } = await world(
    t,
    json(200, { ...healthy, status: 'degraded', reasons: ['openrouter: breaker is open'] }),
  );
  const degraded = await see(options);
  assert.equal(degraded.metrics['BotHealth'], 1);
  assert.deepEqual(degraded.words, ['bot: openrouter: breaker is open']);
  bot.behave = json(503, { status: 'unhealthy', reasons: ['database is away: ECONNREFUSED'] });
  const unhealthy = await see(options);
  assert.equal(unhealthy.metrics['BotHealth'], 2);
  assert.deepEqual(unhealthy.words, ['bot: database is away: ECONNREFUSED']);
});

test('stranded updates are told as the bot counts them, and not at all by one that cannot count them', async (t) => {
  const of = (over: object) => json(200, { ...healthy, queues: { chat: queue(over) } });
  const { options, bot } = await world(t, of({ pending: 7, stranded: 3 }));
  assert.equal((await see(options)).metrics['QueueStranded:chat'], 3);
  bot.behave = of({ pending: 7, stranded: undefined });
  assert.equal((await see(options)).metrics['QueueStranded:chat'], undefined);
});

for (const [what, behave] of [
  ['hangs', hang],
  ['answers 502', text(502, 'Bad Gateway')],
  ['answers 429', json(429, { ok: false, error_code: 429, description: 'Too Many Requests: retry after 5' })],
  ['resets the connection', reset],
] as [string, Behaviour][])
  test(`a Telegram that ${what} is unreachable; nothing is said of the webhook, and the bot is still asked`, async (t) => {
    const { options, telegram } = await world(t);
    telegram.behave = behave;
    const { metrics, words, raw } = await see(behave === hang ? { ...options, posture: impatient } : options);
    assert.equal(metrics['TelegramUnreachable'], 1);
    for (const name of ['WebhookPending', 'WebhookMismatch', 'WebhookFailing', 'TelegramTokenRefused'])
      assert.equal(metrics[name], undefined, name);
    assert.equal(metrics['BotHealth'], 0);
    assert.equal(words.length, 1);
    assert.ok(!raw.includes(TOKEN) && !raw.includes(OPERATOR), 'no secret is logged');
  });

for (const [status, description] of [
  [401, 'Unauthorized'],
  [404, 'Not Found'],
] as const)
  test(`a token that Telegram answers with ${status} is refused`, async (t) => {
    const { options, telegram } = await world(t);
    telegram.behave = json(status, { ok: false, error_code: status, description });
    const { metrics, words, raw } = await see(options);
    assert.equal(metrics['TelegramTokenRefused'], 1);
    assert.equal(metrics['TelegramUnreachable'], 0);
    assert.deepEqual(words, [`Telegram refuses the bot token: HTTP ${status} ${description}`]);
    assert.ok(!raw.includes(TOKEN));
  });

test('a 404 that is not of the Bot API (a proxy in between) does not accuse the token', async (t) => {
  const { options, telegram } = await world(t);
  telegram.behave = text(404, 'no such site');
  const { metrics } = await see(options);
  assert.equal(metrics['TelegramTokenRefused'], undefined);
  assert.equal(metrics['TelegramUnreachable'], 1);
});

test('a broken address is a word without the token in it', async (t) => {
  const { options } = await world(t);
  const { metrics, raw } = await see({ ...options, telegramApiRoot: 'http://[broken' });
  assert.equal(metrics['TelegramUnreachable'], 1);
  assert.ok(!raw.includes(TOKEN));
});

for (const [what, info, value] of [
  ['a missing webhook', { url: '' }, 2],
  ["somebody else's webhook", { url: 'https://thief.example.com/hook', max_connections: 1 }, 2],
  ['other max_connections', { max_connections: 1 }, 1],
  ['other allowed_updates', { allowed_updates: ['message'] }, 1],
] as const)
  test(`${what} is a mismatch`, async (t) => {
    const { options } = await world(t, json(200, healthy), info);
    const { metrics, words } = await see(options);
    assert.equal(metrics['WebhookMismatch'], value, 'only another address pages');
    assert.match(words[0] ?? '', /^webhook: (url|max_connections|allowed_updates) .*declared/);
  });

test('the order of allowed_updates, and a list that Telegram leaves out, are no mismatch', async (t) => {
  const reversed = [...posture.telegram.allowedUpdates].reverse();
  for (const info of [{ allowed_updates: reversed }, { allowed_updates: undefined, max_connections: undefined }]) {
    const { options } = await world(t, json(200, healthy), info);
    assert.equal((await see(options)).metrics['WebhookMismatch'], 0);
  }
});

test('pending updates are counted; an error since the look before counts, an old one does not', async (t) => {
  const at = (secondsAgo: number) => ({
    pending_update_count: 73,
    last_error_date: Math.floor(Date.now() / 1000) - secondsAgo,
    last_error_message: 'Wrong response from the webhook: 503 Service Unavailable',
  });
  const { options, telegram, bot } = await world(t, json(200, healthy), at(20));
  const fresh = await see(options);
  assert.equal(fresh.metrics['WebhookPending'], 73);
  assert.equal(fresh.metrics['WebhookFailing'], 1);
  assert.ok(fresh.words[0]?.includes('503'), fresh.words.join('\n'));
  telegram.behave = json(200, webhookOf(bot, at(600)));
  assert.equal((await see(options)).metrics['WebhookFailing'], 0);
});

test('both away at once: the look still ends in time and still counts as a look', async (t) => {
  const { options, telegram } = await world(t, hang);
  telegram.behave = hang;
  const late = lateness(t);
  const started = performance.now();
  const { metrics } = await see({ ...options, posture: impatient });
  assert.ok(performance.now() - started < impatient.sentinel.timeout + 1000 + 5 * late.slowest());
  assert.deepEqual(metrics, { Look: 1, TelegramUnreachable: 1, BotHealth: 2 });
});

test('tasks that are wanted and do not run are counted, and named', async (t) => {
  const { options } = await world(t);
  const { metrics, words } = await see({
    ...options,
    countTasks: async () => [{ role: 'web', wanted: 3, running: 1 }],
  });
  assert.equal(metrics['TasksMissing:web'], 2);
  assert.deepEqual(words, ['tasks: 1 of 3 web tasks run']);
});

for (const [what, countTasks, said] of [
  [
    'refuses',
    async () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDeniedException' })),
    'AccessDeniedException',
  ],
  ['never answers', () => new Promise<never>(() => undefined), 'no answer in time'],
] as const)
  test(`who counts the tasks ${what}: no count, a word about it, and the other answers all the same`, async (t) => {
    const { options } = await world(t);
    const { metrics, words } = await see({ ...options, posture: impatient, countTasks });
    assert.deepEqual(
      Object.keys(metrics).filter((name) => name.startsWith('Tasks')),
      [],
    );
    assert.equal(metrics['BotHealth'], 0);
    assert.deepEqual(words, [`tasks: ${said}`]);
  });
