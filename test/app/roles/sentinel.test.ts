import assert from 'node:assert/strict';
import { once, EventEmitter } from 'node:events';
import { test } from 'node:test';
import { pino } from 'pino';
import { ConfigError, readConfig } from '../../../app/config.ts';
import { startSentinel, startSentinelRole } from '../../../app/roles/sentinel.ts';
import { resolve } from '../../../posture/resolve.ts';
import { hang, world } from '../../sentinel/servers.ts';

const log = pino({ level: 'silent' });

test('the process looks again and again, and stops in the middle of a look', async (t) => {
  const { bot, telegram } = await world(t);
  const looks = new EventEmitter();
  const lines: string[] = [];
  const sentinel = startSentinel({
    posture: resolve({ sentinel: { every: '100ms', timeout: '1m' } }),
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
  assert.ok(performance.now() - started < 50_000, 'did not wait for the deadline of a minute');
  assert.equal(lines.length, before, 'a look that was cut short says nothing');
});

test('as a role of the container it names each variable that is missing or malformed, never a value', () => {
  assert.throws(
    () => readConfig('sentinel', { POSTURE: '{}', BOT_TOKEN: 'no-token', PUBLIC_URL: 'ftp://x' }),
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
});

test('as a role of the container it looks until it is drained', async (t) => {
  const { bot, telegram } = await world(t);
  const task = startSentinelRole(
    readConfig('sentinel', {
      POSTURE: '{}',
      PUBLIC_URL: bot.url,
      TELEGRAM_API_ROOT: telegram.url,
      BOT_TOKEN: '123456:ABC-DEF_ghijk',
      OPERATOR_TOKEN: 'operator-2',
    }),
    log,
  );
  while (bot.requests.length === 0) await new Promise(setImmediate);
  await task.drain();
  assert.equal(bot.requests.length, 1);
});
