import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandler } from '../../sentinel/handler.ts';
import { world } from './servers.ts';

const environment = (urls: { bot: { url: string }; telegram: { url: string } }) => ({
  STACK: 'evenkeel-test',
  PUBLIC_URL: urls.bot.url,
  TELEGRAM_API_ROOT: urls.telegram.url,
  CLUSTER: 'evenkeel-test',
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
    countTasks: async (cluster) => {
      assert.equal(cluster, 'evenkeel-test');
      return [{ role: 'worker', wanted: 3, running: 1 }];
    },
    write: (line) => lines.push(line),
  });
  await handler();
  assert.match(lines.join('\n'), /"TelegramTokenRefused":1/);
  assert.match(lines.join('\n'), /"TasksMissing":2/);
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
  const options = { posture: '{}', readSecret: async () => 'x', countTasks: async () => [], write: () => undefined };
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
    countTasks: async () => [],
    write: () => undefined,
  });
  await assert.rejects(handler(), /AccessDenied/);
});
