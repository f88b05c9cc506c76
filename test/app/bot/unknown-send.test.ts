/** A send whose outcome is unknown: repeated once at most, after proof that Telegram answers, and then listed (fault ambiguous-send). */
import assert from 'node:assert/strict';
import { after, beforeEach, test, type TestContext } from 'node:test';
import { Composer, InputFile } from 'grammy';
import type { BotContext } from '../../../app/bot/context.ts';
import { RetryLater, UnknownSend } from '../../../app/outcome.ts';
import type { SendRecord, StoredUpdate } from '../../../app/lanes/update.ts';
import type { TelegramFaults } from '../../../local/contract/index.ts';
import { resolve } from '../../../posture/resolve.ts';

import { createTestBot } from '../../harness/bot.ts';
import { message } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
beforeEach(() => {
  world.telegram.faults = {};
});

let lastChat = 100;

/** A bot whose feature is the test's, in a chat of its own, and the update as its attempts leave it. */
function setUp(
  t: TestContext,
  { handle, telegram = {} }: { handle: (ctx: BotContext) => Promise<unknown>; telegram?: object },
) {
  const chatId = ++lastChat;
  world.telegram.open(chatId);
  const composer = new Composer<BotContext>();
  composer.use(handle);
  const posture = resolve({
    providers: { telegram: { timeout: '500ms', backoff: '10ms', ...telegram } },
  });
  const bot = createTestBot(t, { world, database: world.database, posture, features: [composer] });
  let sends: StoredUpdate['sends'] = [];
  /** One attempt at the update, with what the one before left: how it ended, and what is kept. */
  async function attempt(options: { attempts?: number; takeovers?: number; signal?: AbortSignal } = {}) {
    const update = { ...bot.stored(message(1, chatId, 'x'), { ...options, sends }) };
    const ended = await bot.attempt(update, options).then(
      () => undefined,
      (error: unknown) => error,
    );
    sends = JSON.parse(JSON.stringify(update.sends)) as StoredUpdate['sends'];
    return { ended, sends };
  }
  const written = () =>
    world.telegram
      .messages(chatId)
      .filter(({ from }) => from === 'bot')
      .map(({ text }) => text);
  return { chatId, bot, attempt, written };
}

const states = (sends: (SendRecord | null)[]) => sends.map((send) => send?.state);

/** Everything takes effect, and nothing is answered so that it could be read. */
const DELIVERED: Record<string, TelegramFaults> = {
  'no answer in time': { loseAnswers: true },
  'an answer after the deadline': { lateAnswers: 800 },
  'half a body': { spoiltAnswers: 'cut' },
  null: { spoiltAnswers: 'null' },
  'malformed JSON': { spoiltAnswers: 'malformed' },
  'a reset': { spoiltAnswers: 'reset' },
  502: { gateway: { status: 502, delivered: true } },
  504: { gateway: { status: 504, delivered: true } },
};

for (const [what, fault] of Object.entries(DELIVERED)) {
  test(`${what}: postponed, repeated once after Telegram answered, listed when that is unknown as well`, async (t) => {
    const { attempt, written, bot } = setUp(t, { handle: (ctx) => ctx.reply('one') });
    world.telegram.faults = fault;
    const first = await attempt();
    assert.ok(first.ended instanceof RetryLater, String(first.ended));
    assert.deepEqual(states(first.sends), ['unknown']);
    const second = await attempt();
    assert.ok(second.ended instanceof RetryLater, 'nothing is sent while Telegram does not answer');
    assert.equal(written().length, 1);
    world.telegram.faults = { ...fault, sendsOnly: true };
    const third = await attempt();
    assert.ok(third.ended instanceof UnknownSend, String(third.ended));
    const kept = third.sends[0]!;
    assert.ok(kept.state === 'unknown' && kept.tries === 2 && kept.reason !== '' && Date.parse(kept.at) > 0);
    assert.deepEqual(written(), ['one', 'one'], 'one copy too many, and no more');
    const fourth = await attempt();
    assert.ok(fourth.ended instanceof UnknownSend);
    assert.equal(written().length, 2);
    assert.deepEqual(bot.telegram.state().sends, { unknown: 2, repeated: 1, listed: 2, unread: 0 });
    assert.ok(bot.telegram.state().failures > 0, 'the breaker has seen it');
  });
}

test('ambiguous: never: what is unknown is listed at once, and never repeated', async (t) => {
  const { attempt, written, bot } = setUp(t, {
    handle: (ctx) => ctx.reply('one'),
    telegram: { ambiguous: 'never' },
  });
  world.telegram.faults = { gateway: { status: 502, delivered: false } };
  assert.ok((await attempt()).ended instanceof UnknownSend);
  world.telegram.faults = {};
  assert.ok((await attempt()).ended instanceof UnknownSend);
  assert.deepEqual(written(), []);
  assert.deepEqual(bot.telegram.state().sends, { unknown: 1, repeated: 0, listed: 2, unread: 0 });
});

test('a repeat that arrives ends the matter, and what came before it is not sent again', async (t) => {
  const { attempt, written } = setUp(t, {
    handle: async (ctx) => {
      await ctx.reply('one');
      if (written().length === 1) world.telegram.faults = fault;
      await ctx.reply('two');
    },
  });
  let fault: TelegramFaults = { gateway: { status: 504, delivered: false } };
  assert.ok((await attempt()).ended instanceof RetryLater);
  world.telegram.faults = fault = {};
  const { ended, sends } = await attempt();
  assert.equal(ended, undefined);
  assert.deepEqual(states(sends), ['ok', 'ok']);
  assert.deepEqual(written(), ['one', 'two']);
});

test("a 500 in Telegram's own words is repeated on the spot and waited for: nothing was done", async (t) => {
  const { attempt, written } = setUp(t, { handle: (ctx) => ctx.reply('one') });
  world.telegram.faults = { error: true };
  const { calls } = world.telegram.stats();
  const { ended, sends } = await attempt();
  assert.ok(ended instanceof RetryLater);
  assert.equal(world.telegram.stats().calls - calls, 2, 'as often as declared');
  assert.deepEqual(sends, [null]);
  world.telegram.faults = {};
  assert.equal((await attempt()).ended, undefined);
  assert.deepEqual(written(), ['one']);
});

test('a send that is cut with its handler counts as one whose outcome is unknown', async (t) => {
  const { attempt, written } = setUp(t, { handle: (ctx) => ctx.reply('one'), telegram: { timeout: '5s' } });
  world.telegram.faults = { loseAnswers: true };
  const cut = await attempt({ signal: AbortSignal.timeout(200) });
  assert.ok(!(cut.ended instanceof RetryLater), 'its handler ran out of time, which is an attempt');
  assert.deepEqual(states(cut.sends), ['unknown']);
  await attempt({ attempts: 1, signal: AbortSignal.timeout(200) });
  assert.deepEqual(written(), ['one'], 'not before Telegram answers');
  world.telegram.faults = { loseAnswers: true, sendsOnly: true };
  await attempt({ attempts: 2, signal: AbortSignal.timeout(1000) });
  assert.ok((await attempt({ attempts: 3 })).ended instanceof UnknownSend);
  assert.deepEqual(written(), ['one', 'one']);
});

test('what a person sees once however often it is asked is not counted: typing, reading, answers to taps', async (t) => {
  const { attempt, bot } = setUp(t, { handle: (ctx) => ctx.replyWithChatAction('typing') });
  world.telegram.faults = { spoiltAnswers: 'reset' };
  const { calls } = world.telegram.stats();
  const { ended, sends } = await attempt();
  assert.ok(ended instanceof RetryLater);
  assert.equal(world.telegram.stats().calls - calls, 2, 'repeated on the spot');
  assert.deepEqual(sends, []);
  assert.equal(bot.telegram.state().sends.unknown, 0);
});

test('an upload is a send like any other: held before it leaves, unknown where its answer is lost', async (t) => {
  const { attempt } = setUp(t, { handle: (ctx) => ctx.replyWithDocument(new InputFile(Buffer.from('x'), 'x.txt')) });
  world.telegram.faults = { spoiltAnswers: 'null' };
  const { ended, sends } = await attempt();
  assert.ok(ended instanceof RetryLater, String(ended));
  assert.deepEqual(states(sends), ['unknown']);
  world.telegram.faults = { spoiltAnswers: 'reset' };
  const again = await attempt();
  assert.ok(again.ended instanceof RetryLater);
  assert.deepEqual(again.sends, sends);
});

test('the open breaker is probed by what waits, and nothing of its handler happens before', async (t) => {
  let runs = 0;
  const { attempt, written, bot } = setUp(t, {
    handle: async (ctx) => {
      runs += 1;
      await ctx.reply('one');
    },
    telegram: { breaker: { minimumCalls: 1, window: '2s', openFor: '300ms' } },
  });
  world.telegram.faults = { gateway: { status: 502, delivered: false } };
  await attempt();
  while (bot.telegram.state().breaker === 'closed') await attempt();
  const before = runs;
  const { calls } = world.telegram.stats();
  assert.ok((await attempt()).ended instanceof RetryLater);
  assert.equal(world.telegram.stats().calls, calls, 'an open breaker costs nothing');
  world.telegram.faults = {};
  let last = await attempt();
  for (const until = Date.now() + 10_000; last.ended !== undefined && Date.now() < until;) last = await attempt();
  assert.equal(last.ended, undefined);
  assert.equal(runs, before + 1, 'the handler ran once more, when the breaker was closed');
  assert.equal(bot.telegram.state().breaker, 'closed');
  assert.deepEqual(written(), ['one']);
});

test('a handler that looks away does not hide it: the update is over, and its send is listed', async (t) => {
  const { attempt, written, bot } = setUp(t, { handle: (ctx) => ctx.reply('one').catch(() => undefined) });
  world.telegram.faults = { spoiltAnswers: 'reset' };
  const { ended, sends } = await attempt();
  assert.ok(ended instanceof UnknownSend, String(ended));
  assert.deepEqual(states(sends), ['unknown']);
  assert.equal(written().length, 1);
  assert.equal(bot.telegram.state().sends.listed, 1);
});
