import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHandler } from '../../sentinel/handler.ts';
import { world } from './servers.ts';

const environment = (urls: { bot: { url: string }; telegram: { url: string } }) => ({
  STACK: 'evenkeel-test',
  PUBLIC_URL: urls.bot.url,
  TELEGRAM_API_ROOT: urls.telegram.url,
  CLUSTER: 'evenkeel-test',
  SECRET_ARN: 'arn:sentinel',
});

test('the function reads secrets by their ARN, keeps them, and reads them again as soon as they are refused', async (t) => {
  const urls = await world(t);
  const secret = { BOT_TOKEN: '1:old', OPERATOR_TOKEN: 'operator-1' };
  const read: string[] = [];
  const lines: string[] = [];
  const handler = createHandler({
    posture: '{"sentinel":{"timeout":"2s"}}',
    env: environment(urls),
    readSecret: async (arn) => {
      read.push(arn);
      return JSON.stringify(secret);
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

  secret.BOT_TOKEN = '1:new';
  secret.OPERATOR_TOKEN = 'operator-2';
  lines.length = 0;
  await handler();
  assert.match(lines.join('\n'), /"TelegramTokenRefused":0/);
  assert.deepEqual(read, ['arn:sentinel', 'arn:sentinel'], 'read again after the refusal');
  await handler();
  assert.equal(read.length, 2, 'kept while they work');
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

test('a secret of another form is an error that has nothing of it', async (t) => {
  for (const text of ['1:token-as-plain-text', '{"BOT_TOKEN":"1:token-as-plain-text"}', '[]']) {
    const handler = createHandler({
      posture: '{}',
      env: environment(await world(t)),
      readSecret: async () => text,
      countTasks: async () => [],
      write: () => undefined,
    });
    await assert.rejects(handler(), { message: 'the secret has no BOT_TOKEN and OPERATOR_TOKEN' });
  }
});
