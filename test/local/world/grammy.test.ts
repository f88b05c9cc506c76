import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Bot, GrammyError, InlineKeyboard, webhookCallback } from 'grammy';
import type { SimulatedTelegram } from '../../../local/contract/index.ts';
import { startTelegram } from '../../../local/world/telegram/index.ts';
import { until } from './helpers.ts';

const CHAT = 42;

/** A bot with a command, a keyboard, a callback, a payment and an echo. */
function botFor({ apiRoot, botToken }: SimulatedTelegram): Bot {
  const bot = new Bot(botToken, { client: { apiRoot } });
  bot.command('start', (ctx) =>
    ctx.reply(`<b>Welcome</b> ${ctx.from!.first_name}`, {
      parse_mode: 'HTML',
      reply_markup: new InlineKeyboard().text('Go', 'go').url('Docs', 'https://example.com'),
    }),
  );
  bot.callbackQuery('go', async (ctx) => {
    await ctx.answerCallbackQuery('going');
    await ctx.editMessageText('gone');
  });
  bot.on('pre_checkout_query', (ctx) => ctx.answerPreCheckoutQuery(true));
  bot.on('message:successful_payment', (ctx) => ctx.reply(`paid ${ctx.message.successful_payment.invoice_payload}`));
  bot.on('message:text', (ctx) => ctx.reply(ctx.message.text));
  bot.on('edited_message:text', (ctx) => ctx.reply(`edited: ${ctx.editedMessage.text}`));
  return bot;
}

/** What the bot has said in the chat, last of all. */
const lastOf = (telegram: SimulatedTelegram) =>
  telegram.messages(CHAT).findLast((message) => message.from === 'bot')?.text;

async function converse(telegram: SimulatedTelegram): Promise<void> {
  const answered = (text: string) => until(() => lastOf(telegram) === text, `the bot says ${text}`);
  telegram.say(CHAT, '/start', { firstName: 'Ada' });
  await answered('Welcome Ada');
  const welcome = telegram.messages(CHAT).at(-1)!;
  assert.deepEqual(welcome.entities, [{ type: 'bold', offset: 0, length: 7 }]);
  assert.deepEqual(
    welcome.buttons.flat().map(({ text }) => text),
    ['Go', 'Docs'],
  );
  telegram.tap(CHAT, welcome.messageId, 'go');
  await answered('gone');
  telegram.say(CHAT, 'echo');
  await answered('echo');
  telegram.edit(CHAT, telegram.messages(CHAT).findLast(({ from }) => from === 'user')!.messageId, 'echo!');
  await answered('edited: echo!');
  telegram.preCheckout(CHAT, 'order-7');
  await answered('paid order-7');
}

test('grammY converses over long polling', async (t) => {
  const telegram = await startTelegram();
  t.after(() => telegram.stop());
  const bot = botFor(telegram);
  const started = Promise.withResolvers<void>();
  const running = bot.start({ drop_pending_updates: true, onStart: () => started.resolve() });
  try {
    await started.promise;
    await converse(telegram);
  } finally {
    await bot.stop();
    await running;
  }
});

test('grammY converses over a webhook', async (t) => {
  const telegram = await startTelegram();
  t.after(() => telegram.stop());
  const bot = botFor(telegram);
  const handle = webhookCallback(bot, 'http', { secretToken: 'sesame' });
  const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await bot.api.setWebhook(`http://127.0.0.1:${port}/`, { secret_token: 'sesame', max_connections: 5 });
  assert.equal((await bot.api.getWebhookInfo()).max_connections, 5);
  await converse(telegram);
  assert.equal(telegram.stats().retried, 0);
  await bot.api.deleteWebhook();
});

test('grammY sees errors as it would see Telegram’s', async (t) => {
  const telegram = await startTelegram({ faults: { rateLimit: { retryAfter: 9 } } });
  t.after(() => telegram.stop());
  const { api } = botFor(telegram);
  telegram.open(CHAT);
  const limited = await api.sendMessage(CHAT, 'x').catch((error: unknown) => error);
  assert.ok(limited instanceof GrammyError);
  assert.deepEqual([limited.error_code, limited.parameters.retry_after], [429, 9]);
  const unauthorized = await new Bot('1:wrong', { client: { apiRoot: telegram.apiRoot } }).api
    .getMe()
    .catch((error: unknown) => error);
  assert.ok(unauthorized instanceof GrammyError);
  assert.equal(unauthorized.error_code, 401);
});
