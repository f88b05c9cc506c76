/** BOT_TOKEN and OPENROUTER_API_KEY given: a simulated Telegram and provider stand in for the real ones. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { freePort } from '../../local/platform/ports.ts';
import { callTelegram } from '../../local/platform/telegram-api.ts';
import { startOpenRouter } from '../../local/world/provider/index.ts';
import { startTelegram } from '../../local/world/telegram/index.ts';
import { until } from '../local/platform/support.ts';
import { checkout, start } from './starting.ts';

const QUIET = ['--json', '--no-browser', '--port', '0'];

async function world(t: TestContext) {
  const telegram = await startTelegram({ username: 'real_bot' });
  t.after(() => telegram.stop());
  const provider = await startOpenRouter();
  t.after(() => provider.stop());
  const env = {
    BOT_TOKEN: telegram.botToken,
    TELEGRAM_API_ROOT: telegram.apiRoot,
    OPENROUTER_API_KEY: provider.apiKey,
    OPENROUTER_BASE_URL: provider.baseUrl,
  };
  return { telegram, provider, env, api: { root: telegram.apiRoot, token: telegram.botToken } };
}

test('a real bot is polled into the intake and answered by the real provider; no secret is printed', async (t) => {
  const { telegram, provider, env, api } = await world(t);
  const origin = `http://127.0.0.1:${await freePort()}`;
  const url = `${origin}/secret-path`;
  await callTelegram(api, 'setWebhook', { url });

  const refused = start(t, await checkout(t), QUIET, env);
  assert.equal(await refused.ended, 1);
  assert.match(
    refused.output(),
    new RegExp(
      `@real_bot has a webhook at ${origin}, which long polling would replace: .* --take-over to remove it\n$`,
    ),
  );
  assert.doesNotMatch(refused.output(), /secret-path/);
  assert.equal((await callTelegram<{ url: string }>(api, 'getWebhookInfo')).url, url);

  telegram.say(9, 'hello before the start');
  const started = start(t, await checkout(t), [...QUIET, '--take-over'], env);
  await started.ready();
  const answered = (count: number) => telegram.messages(9).filter(({ from }) => from === 'bot').length >= count;
  await until('the answer to what was written before', () => answered(1));
  telegram.say(9, 'and after');
  await until('the second answer', () => answered(2));
  assert.ok(provider.stats().calls >= 2);
  assert.equal(telegram.stats().pending, 0);

  started.process.kill('SIGINT');
  assert.equal(await started.ended, 0);
  const said = started.output();
  assert.ok(said.includes(`the webhook of @real_bot at ${origin} is removed`));
  for (const secret of [telegram.botToken, provider.apiKey, 'secret-path']) assert.ok(!said.includes(secret));
});

test('a token that Telegram does not know, or a Telegram that is away, is one line', async (t) => {
  const { env } = await world(t);
  const cwd = await checkout(t);
  const cases: [Record<string, string>, RegExp][] = [
    [
      { BOT_TOKEN: '1234567890:unknown-unknown-unknown' },
      /Telegram does not know this BOT_TOKEN \(401\): copy it again/,
    ],
    [{ BOT_TOKEN: 'unknown' }, /BOT_TOKEN is not a token such as "123456:ABC-DEF…": copy it from @BotFather/],
    [
      { TELEGRAM_API_ROOT: `http://127.0.0.1:${await freePort()}` },
      /Telegram at http:.* cannot be asked: getMe: ECONN/,
    ],
  ];
  for (const [change, line] of cases) {
    const started = start(t, cwd, QUIET, { ...env, ...change });
    assert.equal(await started.ended, 1);
    assert.match(started.output(), line);
    assert.doesNotMatch(started.output(), /unknown-unknown/);
  }
});
