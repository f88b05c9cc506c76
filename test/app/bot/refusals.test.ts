/** What Telegram refuses: kept at its place in the journal, known to its handler, and never an incident where it is a property of a chat. */
import assert from 'node:assert/strict';
import { after, beforeEach, test, type TestContext } from 'node:test';
import { Composer, GrammyError, InputFile } from 'grammy';
import { cameTooLate } from '../../../app/bot/answers.ts';
import type { BotContext } from '../../../app/bot/context.ts';
import { Hopeless, LaneLost, RetryLater, Unreachable } from '../../../app/outcome.ts';
import type { SendRecord, StoredUpdate } from '../../../app/lanes/update.ts';
import { resolve } from '../../../posture/resolve.ts';
import { createTestBot } from '../../harness/bot.ts';
import { message } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const posture = resolve({ providers: { telegram: { timeout: '2s', backoff: '10ms' } } });
beforeEach(() => {
  world.telegram.faults = {};
});

let lastChat = 200;
let lastUpdate = 0;

function setUp(t: TestContext, handle: (ctx: BotContext) => Promise<unknown>, chatId = ++lastChat) {
  world.telegram.open(chatId);
  const composer = new Composer<BotContext>();
  composer.use(handle);
  const bot = createTestBot(t, { world, database: world.database, posture, features: [composer] });
  /** Runs an update as often as asked, each run with what the one before recorded; returns the calls of each run. */
  async function run(times: number, body: object = message(++lastUpdate, chatId, 'x'), options = {}) {
    const calls: number[] = [];
    let sends: StoredUpdate['sends'] = [];
    let ended: unknown;
    for (let n = 0; n < times; n += 1) {
      const before = world.telegram.stats().calls;
      const update = bot.stored(body, { sends, ...options });
      ended = await bot.attempt(update).catch((error: unknown) => error);
      sends = JSON.parse(JSON.stringify(update.sends)) as StoredUpdate['sends'];
      calls.push(world.telegram.stats().calls - before);
    }
    return { calls, sends, ended };
  }
  const written = () =>
    world.telegram
      .messages(chatId)
      .filter(({ from }) => from === 'bot')
      .map(({ text }) => text);
  return { bot, chatId, run, written };
}

const states = (sends: (SendRecord | null)[]) => sends.map((send) => send?.state);
const ignore = () => undefined;

test('a refused call that the handler went on after keeps its place, and is not made again', async (t) => {
  const { run, written, chatId } = setUp(t, async (ctx) => {
    await ctx.api.editMessageText(chatId, 999, 'new').catch(() => ctx.reply('instead'));
    throw new Error('after both');
  });
  const { calls, sends } = await run(3);
  assert.deepEqual(calls, [2, 0, 0]);
  assert.deepEqual(states(sends), ['refused', 'ok']);
  assert.deepEqual(written(), ['instead']);
});

test('the last refusal is asked again: what it was about may be mended', async (t) => {
  const { run, written, chatId } = setUp(t, (ctx) => ctx.reply('one'));
  world.telegram.faults = { forbidden: { [chatId]: 'message is too odd' } };
  const { ended, calls } = await run(2);
  assert.ok(ended instanceof Hopeless);
  assert.deepEqual(calls, [1, 1]);
  world.telegram.faults = {};
  const refused = { method: 'sendMessage', state: 'refused' as const, error_code: 400, description: 'x' };
  await run(1, undefined, { sends: [refused] });
  assert.deepEqual(written(), ['one']);
});

test('parallel sends are compared by place, whichever was confirmed first', async (t) => {
  const { run, written, chatId } = setUp(t, async (ctx) => {
    const slow = ctx.reply('slow');
    const refused = ctx.api.editMessageText(chatId, 999, 'x').catch(ignore);
    await Promise.all([slow, refused, ctx.api.sendMessage(chatId, 'quick')]);
    throw new Error('after all');
  });
  const { calls, sends } = await run(3);
  assert.deepEqual(calls, [3, 0, 0]);
  assert.deepEqual(states(sends), ['ok', 'refused', 'ok']);
  assert.equal(written().length, 2);
});

test('a handler that fails while a send is under way is over when that is known', async (t) => {
  const { run, written, chatId } = setUp(t, async (ctx) => {
    await Promise.all([ctx.reply('slow'), ctx.api.editMessageText(chatId, 999, 'x')]);
  });
  world.telegram.faults = { latency: 100 };
  const { sends } = await run(2);
  assert.deepEqual(states(sends), ['ok', 'refused']);
  assert.deepEqual(written(), ['slow']);
});

test('what the release before recorded is not repeated', async (t) => {
  const { run, written } = setUp(t, async (ctx) => {
    await ctx.reply('one');
    await ctx.reply('two');
  });
  const former = [{ method: 'sendMessage', result: { message_id: 1 } }] as unknown as StoredUpdate['sends'];
  const { sends } = await run(1, undefined, { sends: former });
  assert.deepEqual(written(), ['two']);
  assert.deepEqual(states(sends), ['ok', 'ok']);
});

test('an edit that changes nothing has succeeded', async (t) => {
  const { run } = setUp(t, async (ctx) => {
    const { message_id: id } = await ctx.reply('one');
    await ctx.api.editMessageText(ctx.chat!.id, id, 'one');
  });
  const { ended, sends } = await run(1);
  assert.equal(ended, undefined);
  assert.deepEqual(states(sends), ['ok', 'ok']);
});

const preCheckout = (id: string) => ({
  update_id: ++lastUpdate,
  pre_checkout_query: {
    id,
    from: { id: 1, is_bot: false, first_name: 'A' },
    currency: 'XTR',
    total_amount: 1,
    invoice_payload: 'p',
  },
});

test('a payment answered too late: its handler knows on the first run, and nobody is called if it does not ask', async (t) => {
  let told: unknown;
  const aware = setUp(t, (ctx) => ctx.answerPreCheckoutQuery(true).catch((error: unknown) => (told = error)));
  assert.equal((await aware.run(1, preCheckout('gone'))).ended, undefined);
  assert.ok(told instanceof GrammyError && cameTooLate(told));
  const unaware = setUp(t, (ctx) => ctx.answerPreCheckoutQuery(true));
  const { ended } = await unaware.run(1, preCheckout('gone'));
  assert.ok(ended instanceof Unreachable && /too old/.test(ended.message), String(ended));
});

test('run again, "too old" is what an answered query says', async (t) => {
  for (const options of [{ attempts: 1 }, { takeovers: 1 }]) {
    let failed = false;
    const { run } = setUp(t, (ctx) => ctx.answerPreCheckoutQuery(true).catch(() => (failed = true)));
    assert.equal((await run(1, preCheckout('gone'), options)).ended, undefined);
    assert.equal(failed, false);
  }
});

test('an answer that was confirmed, or whose confirmation was lost, is not taken for one that came too late', async (t) => {
  let failed = 0;
  const { run, chatId } = setUp(t, async (ctx) => {
    if (!ctx.preCheckoutQuery) return;
    await ctx.answerPreCheckoutQuery(true).catch((error: unknown) => {
      if (cameTooLate(error)) failed += 1;
      throw error;
    });
    await ctx.api.sendMessage(chatId, 'thanks');
    throw new Error('after both');
  });
  const id = world.telegram.preCheckout(chatId, 'p');
  const updates = (await world.callTelegram('getUpdates', { offset: id, timeout: 0 })) as { update_id: number }[];
  const asked = updates.find(({ update_id: given }) => given === id)!;
  // Taken, and nothing answered: repeated on the spot, and told that the query is gone.
  world.telegram.faults = { spoiltAnswers: 'reset' };
  setTimeout(() => (world.telegram.faults = {}), 5);
  const { sends } = await run(3, asked);
  assert.equal(failed, 0);
  assert.ok(sends.some((send) => send?.method === 'answerPreCheckoutQuery' && send.state === 'ok'));
});

test('answerWebAppQuery posts a message, and is a send', async (t) => {
  const { run } = setUp(t, async (ctx) => {
    const article = { type: 'article', id: '1', title: 't', input_message_content: { message_text: 'x' } } as const;
    await ctx.api.answerWebAppQuery('q', article);
  });
  assert.deepEqual(states((await run(1)).sends), ['refused']);
});

test('a group that became a supergroup is answered there, once, and the send keeps its place', async (t) => {
  const [before, now] = [-4012345678, -1004012345678];
  world.telegram.open(now);
  const { run } = setUp(
    t,
    async (ctx) => {
      await ctx.reply('here');
      throw new Error('after it');
    },
    before,
  );
  world.telegram.faults = { migrated: { [before]: now } };
  const update = message(++lastUpdate, before, '/help') as { message: { chat: object } };
  update.message.chat = { id: before, type: 'group', title: 'Flat' };
  const { calls, sends } = await run(2, update);
  assert.deepEqual(calls, [2, 0], 'the old id, the new id, and nothing when it is run again');
  assert.deepEqual(states(sends), ['ok']);
  assert.deepEqual(
    world.telegram.messages(now).map(({ text }) => text),
    ['here'],
  );
  assert.deepEqual(world.telegram.messages(before), []);
});

test('a chat in which the bot may not write is nobody to answer, and no incident', async (t) => {
  for (const description of [
    'not enough rights to send text messages to the chat',
    'have no rights to send a message',
    'need administrator rights in the channel chat',
    'CHAT_RESTRICTED',
    'CHAT_WRITE_FORBIDDEN',
    'CHAT_SEND_PLAIN_FORBIDDEN',
    'CHAT_GUEST_SEND_FORBIDDEN',
    'TOPIC_CLOSED',
    'TOPIC_DELETED',
    'message thread not found',
  ]) {
    const { run, chatId } = setUp(t, (ctx) => ctx.reply('x'));
    world.telegram.faults = { forbidden: { [chatId]: description } };
    const { ended } = await run(1);
    assert.ok(ended instanceof Unreachable, description);
    assert.ok(ended.message.includes(description));
  }
});

test('a 429 is obeyed for as long as it asks, and for an hour at most: then Telegram is asked again', async (t) => {
  for (const [asked, obeyed] of [
    [7, 7],
    [3_600, 3_600],
    [1_000_000_000, 3_600],
  ] as const) {
    const { run, written } = setUp(t, (ctx) => ctx.reply('x'));
    world.telegram.faults = { rateLimit: { retryAfter: asked } };
    const { ended, sends } = await run(1);
    assert.ok(ended instanceof RetryLater);
    assert.equal(ended.after, obeyed * 1000);
    assert.deepEqual(sends, [null], 'nothing was done');
    assert.deepEqual(written(), []);
  }
});

test('nothing leaves once the lane is lost, be it a text or a file', async (t) => {
  for (const send of [
    (ctx: BotContext) => ctx.reply('x'),
    (ctx: BotContext) => ctx.replyWithDocument(new InputFile(Buffer.from('x'), 'x.txt')),
  ]) {
    const { bot, chatId } = setUp(t, send);
    const { calls } = world.telegram.stats();
    const update = bot.stored(message(++lastUpdate, chatId, 'x'));
    let held = 0;
    // Lost after the send was begun, before its request leaves.
    const hold = () => {
      if (++held > 1) throw new LaneLost('taken over');
    };
    await assert.rejects(bot.attempt(update, { hold }), LaneLost);
    assert.equal(world.telegram.stats().calls, calls);
    assert.deepEqual(update.sends, [null]);
  }
});
