import assert from 'node:assert/strict';
import { once, EventEmitter } from 'node:events';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import { ConfigError } from '../../../app/config.ts';
import { startSentinelRole } from '../../../app/sentinel/role.ts';
import { createHandler } from '../../../app/sentinel/handler.ts';
import { startSentinel } from '../../../app/sentinel/process.ts';
import { countOpenFiles, startVitals, vitals } from '../../../app/sentinel/vitals.ts';
import { alarms, TASK, TASK_METRICS } from '../../../posture/alarms/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import { hang, json, serve } from './servers.ts';

const log = pino({ level: 'silent' });

/** A bot that is well and tells details only to the right operator; a Telegram that knows one token. */
async function world(t: TestContext) {
  const bot = await serve(t, (request, response) => {
    const operator = request.headers.authorization === 'Bearer operator-2';
    json(200, operator ? { status: 'healthy', reasons: [], queues: {} } : { status: 'healthy' })(request, response);
  });
  const telegram = await serve(t, (request, response) =>
    request.url?.startsWith('/bot1:new/')
      ? json(200, { ok: true, result: { url: '', pending_update_count: 0 } })(request, response)
      : json(401, { ok: false, error_code: 401, description: 'Unauthorized' })(request, response),
  );
  return { bot, telegram };
}

const environment = (urls: { bot: { url: string }; telegram: { url: string } }) => ({
  STACK: 'evenkeel-test',
  PUBLIC_URL: urls.bot.url,
  TELEGRAM_API_ROOT: urls.telegram.url,
  BOT_TOKEN_ARN: 'arn:bot',
  OPERATOR_TOKEN_ARN: 'arn:operator',
});

test('the function reads secrets by their ARN, keeps them, and reads them again as soon as they are refused', async (t) => {
  const urls = await world(t);
  const secrets: Record<string, string> = { 'arn:bot': '1:old', 'arn:operator': 'operator-1' };
  const read: string[] = [];
  const lines: string[] = [];
  const handler = createHandler({
    posture: '{"sentinel":{"timeout":"2s"}}',
    env: environment(urls),
    readSecret: async (arn) => {
      read.push(arn);
      return secrets[arn]!;
    },
    write: (line) => lines.push(line),
  });
  await handler();
  assert.match(lines.join('\n'), /"TelegramTokenRefused":1/);
  assert.ok(lines.every((line) => !line.includes('1:old') && !line.includes('operator-1')));

  secrets['arn:bot'] = '1:new';
  secrets['arn:operator'] = 'operator-2';
  lines.length = 0;
  await handler();
  assert.match(lines.join('\n'), /"TelegramTokenRefused":0/);
  assert.equal(read.length, 4, 'read again after the refusal');
  await handler();
  assert.equal(read.length, 4, 'kept while they work');
});

test('a function without a variable, or with a posture that is not accepted, says which', () => {
  const options = { posture: '{}', readSecret: async () => 'x', write: () => undefined };
  const env = environment({ bot: { url: 'http://b' }, telegram: { url: 'http://t' } });
  assert.throws(() => createHandler({ ...options, env: { ...env, PUBLIC_URL: '' } }), /PUBLIC_URL is not set/);
  assert.throws(
    () => createHandler({ ...options, env, posture: '{"sentinel":{"evry":"1m"}}' }),
    /did you mean "every"/,
  );
});

test('a function whose secret cannot be read fails, so that its silence is an alarm', async (t) => {
  const handler = createHandler({
    posture: '{}',
    env: environment(await world(t)),
    readSecret: async () => {
      throw new Error('AccessDeniedException');
    },
    write: () => undefined,
  });
  await assert.rejects(handler(), /AccessDenied/);
});

test('the process looks again and again, and stops in the middle of a look', async (t) => {
  const { bot, telegram } = await world(t);
  const looks = new EventEmitter();
  const lines: string[] = [];
  const sentinel = startSentinel({
    posture: resolve({ sentinel: { every: '20ms', timeout: '1m' } }),
    stack: 'laptop',
    publicUrl: bot.url,
    telegramApiRoot: telegram.url,
    botToken: '1:new',
    operatorToken: 'operator-2',
    log,
    write: (line) => lines.push(line),
    onLook: () => looks.emit('look'),
  });
  t.after(() => sentinel.stop());
  await once(looks, 'look');
  await once(looks, 'look');
  assert.match(lines.join('\n'), /"Stack":"laptop","Look":1/);

  bot.behave = hang;
  const asked = bot.requests.length;
  while (bot.requests.length === asked) await new Promise(setImmediate);
  const before = lines.length;
  const started = performance.now();
  await sentinel.stop();
  assert.ok(performance.now() - started < 5000, 'did not wait for the deadline of a minute');
  assert.equal(lines.length, before, 'a look that was cut short says nothing');
});

const worker = {
  lanes: {},
  listener: { connected: 0 },
  providers: { telegram: { breaker: 'closed', failures: 0 }, openrouter: { breaker: 'half-open', failures: 3 } },
};

test('a task says of itself what cannot be seen from outside', () => {
  assert.deepEqual(
    vitals('worker', worker, 42).map(({ name, value, dimensions }) => [name, value, dimensions]),
    [
      ['Heartbeat', 1, { Role: 'worker' }],
      ['OpenFiles', 42, { Role: 'worker' }],
      ['ListenerDown', 1, { Role: 'worker' }],
      ['BreakerOpen', 0, { Provider: 'telegram' }],
      ['BreakerOpen', 0.5, { Provider: 'openrouter' }],
    ],
  );
  assert.deepEqual(
    vitals('web', { intake: {} }, undefined).map(({ name }) => name),
    ['Heartbeat'],
  );
});

test('every metric of a task that an alarm reads is one that a task emits', () => {
  const read = new Set(alarms(resolve({})).flatMap(({ metric }) => (metric.namespace === TASK ? [metric.name] : [])));
  const emitted = new Set(vitals('worker', worker, 1).map(({ name }) => name));
  assert.deepEqual([...read].sort(), [...emitted].sort());
  assert.deepEqual([...emitted].sort(), Object.values(TASK_METRICS).sort());
});

test('a task emits its metrics at once and then again, until it is stopped', async () => {
  const written = new EventEmitter();
  const vital = startVitals({
    stack: 'laptop',
    role: 'worker',
    details: () => worker,
    log,
    every: 5,
    write: (line) => void written.emit('line', line),
  });
  const [first] = (await once(written, 'line')) as [string];
  await once(written, 'line');
  await vital.stop();
  const parsed = JSON.parse(first) as { _aws: { CloudWatchMetrics: unknown }; Stack: string };
  assert.equal(parsed.Stack, 'laptop');
  assert.ok(Array.isArray(parsed._aws.CloudWatchMetrics));
});

test('open files are counted where the system tells', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  assert.ok((countOpenFiles() ?? 0) > 2);
});

test('as a role of the container it names each variable that is missing or malformed, never a value', () => {
  assert.throws(
    () => startSentinelRole({ POSTURE: '{}', BOT_TOKEN: 'no-token', PUBLIC_URL: 'ftp://x' }, log),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.problems.map((line) => line.split(':')[0]),
        ['PUBLIC_URL', 'BOT_TOKEN', 'OPERATOR_TOKEN'],
      );
      assert.ok(!error.message.includes('no-token'));
      return true;
    },
  );
  assert.throws(() => startSentinelRole({ POSTURE: '{' }, log), ConfigError);
});

test('as a role of the container it looks until it is drained', async (t) => {
  const { bot, telegram } = await world(t);
  const task = startSentinelRole(
    {
      POSTURE: '{}',
      PUBLIC_URL: bot.url,
      TELEGRAM_API_ROOT: telegram.url,
      BOT_TOKEN: '1:new',
      OPERATOR_TOKEN: 'operator-2',
    },
    log,
  );
  while (bot.requests.length === 0) await new Promise(setImmediate);
  await task.drain();
  assert.equal(bot.requests.length, 1);
});
