import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TelegramEvent } from '../../../local/contract/index.ts';
import { startTelegram } from '../../../local/world/telegram/index.ts';
import { refuse, succeed, telegramFor, until } from './helpers.ts';

interface Message {
  message_id: number;
  text: string;
  from: { id: number; is_bot: boolean };
  chat: { id: number; type: string };
  edit_date?: number;
  reply_markup?: { inline_keyboard: unknown[][] };
}

const CHAT = 42;

test('getMe shows the bot that the token names', async (t) => {
  const { call } = await telegramFor(t, { botToken: '123456:ABC-def', username: 'trial_bot' });
  const me = await succeed<{ id: number; is_bot: boolean; username: string }>(call, 'getMe');
  assert.deepEqual([me.id, me.is_bot, me.username], [123456, true, 'trial_bot']);
});

test('a wrong token is answered 401 in Telegram’s words', async (t) => {
  const { telegram } = await telegramFor(t);
  const response = await fetch(`${telegram.apiRoot}/bot1:wrong/getMe`);
  assert.equal(response.status, 401);
  assert.deepEqual(await response.json(), { ok: false, error_code: 401, description: 'Unauthorized' });
});

test('an unknown method and an unknown path are answered 404', async (t) => {
  const { telegram, call } = await telegramFor(t);
  await refuse(call, 'sendNothing', {}, 404, /^Not Found: method not found$/);
  assert.equal((await fetch(`${telegram.apiRoot}/elsewhere`)).status, 404);
});

test('a malformed token is refused at the start, with the form that it should have', async () => {
  await assert.rejects(startTelegram({ botToken: 'secret' }), /digits, a colon/);
});

test('a port that is taken is named at the start', async (t) => {
  const { telegram } = await telegramFor(t);
  const port = Number(new URL(telegram.apiRoot).port);
  await assert.rejects(startTelegram({ port }), new RegExp(`port ${port} on 127.0.0.1 is taken`));
});

test('parameters are taken as JSON, urlencoded, multipart and query string; methods in any case', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.open(CHAT);
  const root = `${telegram.apiRoot}/bot${telegram.botToken}`;
  const markup = JSON.stringify({ inline_keyboard: [[{ text: 'Go', callback_data: 'go' }]] });
  const form = new FormData();
  for (const [name, value] of Object.entries({ chat_id: String(CHAT), text: 'multipart', reply_markup: markup }))
    form.set(name, value);
  await succeed(call, 'sendMessage', { chat_id: CHAT, text: 'json' });
  await fetch(`${root}/SENDMESSAGE`, {
    method: 'POST',
    body: new URLSearchParams({ chat_id: String(CHAT), text: 'urlencoded', reply_markup: markup }),
  });
  await fetch(`${root}/sendMessage`, { method: 'POST', body: form });
  await fetch(`${root}/sendmessage?chat_id=${CHAT}&text=query`);
  const messages = telegram.messages(CHAT);
  assert.deepEqual(
    messages.map(({ text }) => text),
    ['json', 'urlencoded', 'multipart', 'query'],
  );
  assert.deepEqual(
    messages.map(({ buttons }) => buttons.flat().map((button) => button.callback_data)),
    [[], ['go'], ['go'], []],
  );
});

test('sendMessage answers the message as Telegram shows it', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.say(CHAT, 'hello', { firstName: 'Ada' });
  const keyboard = { inline_keyboard: [[{ text: 'Docs', url: 'https://example.com' }]] };
  const sent = await succeed<Message>(call, 'sendMessage', { chat_id: CHAT, text: ' hi ', reply_markup: keyboard });
  assert.deepEqual([sent.text, sent.chat.id, sent.chat.type, sent.from.is_bot], ['hi', CHAT, 'private', true]);
  assert.deepEqual(sent.reply_markup, keyboard);
  assert.equal(telegram.stats().sent, 1);
});

test('sendMessage refuses what Telegram refuses', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.open(CHAT);
  const button = (fields: object) => ({ inline_keyboard: [[{ text: 'x', ...fields }]] });
  const send = (params: object, code: number, words: RegExp) => refuse(call, 'sendMessage', params, code, words);
  await send({ chat_id: 7, text: 'x' }, 400, /^Bad Request: chat not found$/);
  await send({ text: 'x' }, 400, /chat_id is empty/);
  await send({ chat_id: CHAT, text: '  ' }, 400, /message text is empty/);
  await send({ chat_id: CHAT, text: 'x'.repeat(4097) }, 400, /message is too long/);
  await send({ chat_id: CHAT, text: 'x', parse_mode: 'RTF' }, 400, /unsupported parse_mode/);
  await send({ chat_id: CHAT, text: 'x', reply_markup: button({ callback_data: 'é'.repeat(33) }) }, 400, /BUTTON_DATA/);
  await send({ chat_id: CHAT, text: 'x', reply_markup: button({}) }, 400, /Text buttons are unallowed/);
  await send({ chat_id: CHAT, text: 'x', reply_markup: '{' }, 400, /can't parse reply markup JSON/);
  await succeed(call, 'sendMessage', { chat_id: CHAT, text: 'x'.repeat(4096) });
  telegram.faults = { blocked: [CHAT] };
  await send({ chat_id: CHAT, text: 'x' }, 403, /^Forbidden: bot was blocked by the user$/);
  assert.deepEqual(telegram.stats().errors, { 400: 8, 403: 1 });
});

test('editMessageText changes the bot’s own messages only, and only when something changes', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.say(CHAT, 'mine');
  const { message_id } = await succeed<Message>(call, 'sendMessage', { chat_id: CHAT, text: 'one' });
  const target = { chat_id: CHAT, message_id };
  const edited = await succeed<Message>(call, 'editMessageText', { ...target, text: 'two' });
  assert.equal(edited.text, 'two');
  assert.equal(typeof edited.edit_date, 'number');
  assert.equal(telegram.messages(CHAT).at(-1)?.edited, true);
  await refuse(call, 'editMessageText', { ...target, text: 'two' }, 400, /message is not modified/);
  await refuse(call, 'editMessageText', { ...target, message_id: 99, text: 'x' }, 400, /message to edit not found/);
  await refuse(call, 'editMessageText', { ...target, message_id: 1, text: 'x' }, 400, /message can't be edited/);
});

test('editMessageReplyMarkup puts buttons under a message and takes them away', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.open(CHAT);
  const { message_id } = await succeed<Message>(call, 'sendMessage', { chat_id: CHAT, text: 'choose' });
  const target = { chat_id: CHAT, message_id };
  const reply_markup = { inline_keyboard: [[{ text: 'A', callback_data: 'a' }]] };
  await succeed(call, 'editMessageReplyMarkup', { ...target, reply_markup });
  assert.deepEqual(telegram.messages(CHAT)[0]?.buttons, reply_markup.inline_keyboard);
  await succeed(call, 'editMessageReplyMarkup', target);
  assert.deepEqual(telegram.messages(CHAT)[0]?.buttons, []);
});

test('deleteMessage removes a message once', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.open(CHAT);
  const { message_id } = await succeed<Message>(call, 'sendMessage', { chat_id: CHAT, text: 'gone' });
  await succeed(call, 'deleteMessage', { chat_id: CHAT, message_id });
  assert.deepEqual(telegram.messages(CHAT), []);
  await refuse(call, 'deleteMessage', { chat_id: CHAT, message_id }, 400, /message to delete not found/);
});

test('only the last messages of a chat are kept', async (t) => {
  const { telegram, call } = await telegramFor(t, { keepMessages: 3 });
  telegram.open(CHAT);
  for (let n = 1; n <= 20; n++) await succeed(call, 'sendMessage', { chat_id: CHAT, text: String(n) });
  assert.deepEqual(
    telegram.messages(CHAT).map(({ text }) => text),
    ['18', '19', '20'],
  );
});

test('subscribers see messages, changes, deletions, typing and callback answers', async (t) => {
  const { telegram, call } = await telegramFor(t);
  const events: TelegramEvent[] = [];
  const unsubscribe = telegram.subscribe((event) => events.push(event));
  telegram.say(CHAT, 'hello');
  await succeed(call, 'sendChatAction', { chat_id: CHAT, action: 'typing' });
  const { message_id } = await succeed<Message>(call, 'sendMessage', { chat_id: CHAT, text: 'one' });
  await succeed(call, 'editMessageText', { chat_id: CHAT, message_id, text: 'two' });
  await succeed(call, 'deleteMessage', { chat_id: CHAT, message_id });
  assert.deepEqual(
    events.map((event) => (event.kind === 'message' ? event.message.text : event.kind)),
    ['hello', 'typing', 'one', 'two', 'deleted'],
  );
  unsubscribe();
  telegram.say(CHAT, 'unseen');
  assert.equal(events.length, 5);
  await refuse(call, 'sendChatAction', { chat_id: CHAT, action: 'dancing' }, 400, /wrong parameter action/);
});

test('a callback query is answered once, by its id', async (t) => {
  const { telegram, call } = await telegramFor(t);
  const answers: TelegramEvent[] = [];
  telegram.subscribe((event) => event.kind === 'callback-answer' && answers.push(event));
  telegram.tap(CHAT, 1, 'go');
  const [update] = await succeed<{ callback_query: { id: string; data: string } }[]>(call, 'getUpdates');
  const callback_query_id = update!.callback_query.id;
  assert.equal(update!.callback_query.data, 'go');
  await succeed(call, 'answerCallbackQuery', { callback_query_id, text: 'done', show_alert: true });
  assert.deepEqual(answers, [{ kind: 'callback-answer', chatId: CHAT, text: 'done', alert: true }]);
  await refuse(call, 'answerCallbackQuery', { callback_query_id }, 400, /query is too old/);
});

test('a payment that is confirmed in time is followed by its service message', async (t) => {
  const { telegram, call } = await telegramFor(t);
  telegram.preCheckout(CHAT, 'order-1');
  const [asked] = await succeed<{ update_id: number; pre_checkout_query: { id: string; currency: string } }[]>(
    call,
    'getUpdates',
  );
  const pre_checkout_query_id = asked!.pre_checkout_query.id;
  assert.equal(asked!.pre_checkout_query.currency, 'XTR');
  await refuse(call, 'answerPreCheckoutQuery', { pre_checkout_query_id, ok: false }, 400, /ERROR_MESSAGE_EMPTY/);
  await succeed(call, 'answerPreCheckoutQuery', { pre_checkout_query_id, ok: true });
  const [paid] = await succeed<{ message: { successful_payment: { invoice_payload: string } } }[]>(call, 'getUpdates', {
    offset: asked!.update_id + 1,
  });
  assert.equal(paid!.message.successful_payment.invoice_payload, 'order-1');
});

test('a payment that is confirmed after 10 s is too late', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 100 });
  const askedAt = performance.now();
  telegram.preCheckout(CHAT, 'late');
  const [asked] = await succeed<{ pre_checkout_query: { id: string } }[]>(call, 'getUpdates');
  const pre_checkout_query_id = asked!.pre_checkout_query.id;
  await until(() => performance.now() - askedAt > 101, 'ten seconds of simulated time');
  await refuse(call, 'answerPreCheckoutQuery', { pre_checkout_query_id, ok: true }, 400, /query is too old/);
});

test('commands are kept by scope and language, and checked', async (t) => {
  const { call } = await telegramFor(t);
  const commands = [{ command: 'start', description: 'Begin' }];
  await succeed(call, 'setMyCommands', { commands });
  await succeed(call, 'setMyCommands', { commands: [], language_code: 'de' });
  assert.deepEqual(await succeed(call, 'getMyCommands'), commands);
  assert.deepEqual(await succeed(call, 'getMyCommands', { language_code: 'de' }), []);
  await refuse(call, 'setMyCommands', { commands: [{ command: 'No!' }] }, 400, /BOT_COMMAND_INVALID/);
});
