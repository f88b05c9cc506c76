/** Flood control of the simulated Telegram, which is on unless it is switched off. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remoteTelegram } from '../../../local/world/remote.ts';
import { CHAT_BURST, DEFAULT_LIMITS } from '../../../local/world/telegram/limits.ts';
import { startTelegram } from '../../../local/world/telegram/index.ts';
import { caller, telegramFor, type Call } from './helpers.ts';

const GROUP = -100_500;

/** Sends until one is refused; how many were not, and the refusal. */
async function untilRefused(call: Call, chatOf: (index: number) => number, most = 200) {
  for (let sent = 0; sent < most; sent += 1) {
    const answer = await call('sendMessage', { chat_id: chatOf(sent), text: 'x' });
    if (!answer.ok) return { sent, answer };
  }
  throw new Error(`none of ${most} was refused`);
}

test('a chat takes a short burst and then a message a second; the refusal is Telegram’s', async (t) => {
  const { telegram, call } = await telegramFor(t, { limits: DEFAULT_LIMITS });
  telegram.open(7);
  const { sent, answer } = await untilRefused(call, () => 7);
  assert.ok(sent >= CHAT_BURST);
  assert.equal(answer.status, 429);
  assert.match(answer.description!, /^Too Many Requests: retry after \d+$/);
  assert.ok(Number.isInteger(answer.parameters!.retry_after) && answer.parameters!.retry_after! >= 1);
  assert.equal((await call('sendChatAction', { chat_id: 7, action: 'typing' })).ok, true);
  assert.equal((await call('getMe')).ok, true);
});

test('a group gets 20 in a minute, whatever their kind', async (t) => {
  const { telegram, call } = await telegramFor(t, { limits: { group: 20 } });
  telegram.open(GROUP);
  const { sent, answer } = await untilRefused(call, () => GROUP);
  assert.equal(sent, 20);
  assert.ok(answer.parameters!.retry_after! > 30, 'until the first of them is a minute ago');
  assert.equal((await call('editMessageText', { chat_id: GROUP, message_id: 1, text: 'y' })).error_code, 429);
});

test('all chats together get a second’s worth at once', async (t) => {
  const { telegram, call } = await telegramFor(t, { limits: { global: 2 } });
  for (let chat = 1; chat <= 200; chat += 1) telegram.open(chat);
  const { sent } = await untilRefused(call, (index) => index + 1);
  assert.ok(sent >= 2);
});

test('the limits are changed and switched off over the control address', async (t) => {
  const telegram = await startTelegram();
  t.after(() => telegram.stop());
  const call = caller(telegram);
  assert.deepEqual(telegram.limits, { global: 30, chat: 1, group: 20 });
  telegram.open(7);
  await remoteTelegram(telegram.apiRoot).setLimits({});
  for (let sent = 0; sent < 60; sent += 1)
    assert.equal((await call('sendMessage', { chat_id: 7, text: 'x' })).ok, true);
  await assert.rejects(remoteTelegram(telegram.apiRoot).setLimits({ global: 0 }), /global/);
});
