/** An update that is run again does not repeat what was confirmed: in process, and over a worker that is killed. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { Composer } from 'grammy';
import type { BotContext } from '../../../app/bot/context.ts';
import { RetryLater } from '../../../app/outcome.ts';
import { resolve } from '../../../posture/resolve.ts';
import { createTestBot } from '../../harness/bot.ts';
import { settled, startLanes, store } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { message } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const posture = resolve({
  jobs: { chat: { backoff: { first: '100ms' } } },
  lanes: { poll: '200ms' },
  providers: { telegram: { timeout: '400ms' } },
});
beforeEach(() => {
  world.telegram.faults = {};
});

/** What the bot has written into a chat. */
const written = (chatId: number) =>
  world.telegram
    .messages(chatId)
    .filter(({ from }) => from === 'bot')
    .map(({ text }) => text);

/** A feature of the test's own. */
function feature(handle: (ctx: BotContext) => Promise<unknown>): Composer<BotContext>[] {
  const composer = new Composer<BotContext>();
  composer.on('message', handle);
  return [composer];
}

async function start(t: { after(end: () => Promise<void>): void }, handle: (ctx: BotContext) => Promise<unknown>) {
  const database = await world.freshDatabase(t);
  const bot = createTestBot(t, { world, database, posture, features: feature(handle) });
  const lanes = await startLanes(t, { database, posture, botId: world.botId, handle: bot.handle });
  return { database, ...lanes };
}

test('a send that hangs is tried once more, without using an attempt, and the two before it are not repeated', async (t) => {
  world.telegram.open(1);
  let attempts = 0;
  const { database, pool } = await start(t, async (ctx) => {
    attempts += 1;
    await ctx.reply('one');
    await ctx.reply('two');
    world.telegram.faults = attempts === 1 ? { hang: true } : {};
    await ctx.reply('three');
  });
  await store(pool, [message(1, 1, 'x')], world.botId);
  const rows = await settled(database);
  assert.deepEqual(written(1), ['one', 'two', 'three']);
  assert.deepEqual(
    rows.map(({ state, attempts: counted }) => [state, counted]),
    [['done', 0]],
  );
  assert.equal(attempts, 2);
});

test('a handler that fails after its only send does not repeat it', async (t) => {
  world.telegram.open(2);
  let attempts = 0;
  const { database, pool } = await start(t, async (ctx) => {
    await ctx.reply('one');
    if (++attempts === 1) throw new Error('after the send');
    if (attempts === 2) throw new RetryLater(100, 'after the send');
  });
  await store(pool, [message(1, 2, 'x')], world.botId);
  assert.equal((await settled(database))[0]!.attempts, 1);
  assert.equal(attempts, 3);
  assert.deepEqual(written(2), ['one']);
});

test('a handler that is cut at its deadline after a send does not repeat it', async (t) => {
  world.telegram.open(3);
  const database = await world.freshDatabase(t);
  const impatient = resolve({
    jobs: { chat: { handler: '300ms', backoff: { first: '100ms' } } },
    lanes: { poll: '200ms' },
  });
  let attempts = 0;
  const bot = createTestBot(t, {
    world,
    database,
    posture: impatient,
    features: feature(async (ctx) => {
      await ctx.reply('one');
      if (++attempts === 1) await new Promise(() => undefined);
    }),
  });
  const { pool } = await startLanes(t, { database, posture: impatient, botId: world.botId, handle: bot.handle });
  await store(pool, [message(1, 3, 'x')], world.botId);
  await settled(database);
  assert.equal(attempts, 2);
  assert.deepEqual(written(3), ['one']);
});

test('texts that jsonb would refuse are recorded like any other', async (t) => {
  world.telegram.open(4);
  const texts = ['nul \u0000 inside', 'half \ud83d of a pair', 'end'];
  const { database, pool } = await start(t, async (ctx) => {
    for (const text of texts) await ctx.reply(text);
  });
  await store(pool, [message(1, 4, 'x')], world.botId);
  assert.equal((await settled(database))[0]!.attempts, 0);
  assert.equal(written(4).length, 3);
});

test('after the first difference from the earlier run nothing is skipped any more', async (t) => {
  world.telegram.open(5);
  const bot = createTestBot(t, {
    world,
    database: world.database,
    posture,
    features: feature(async (ctx) => {
      await ctx.replyWithChatAction('typing');
      await ctx.reply('one');
      await ctx.reply('two');
    }),
  });
  const other = { method: 'deleteMessage', state: 'ok' as const, result: true };
  const sent = { method: 'sendMessage', state: 'ok' as const, result: { message_id: 1 } };
  await bot.run(message(1, 5, 'x'), { sends: [sent, other] });
  assert.deepEqual(written(5), ['two'], 'the first was confirmed, the second was another call');
  await bot.run(message(2, 5, 'x'), { sends: [other, sent] });
  assert.deepEqual(written(5), ['two', 'one', 'two']);
});

test('a worker that is killed between two sends: the next one goes on after what was confirmed', async (t) => {
  const chatId = 6;
  world.telegram.open(chatId);
  // An answer that is there already is only sent, in as many parts as it needs.
  const parts = ['a', 'b', 'c'].map((letter) => letter.repeat(4096));
  await world.database.sql(
    `INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, text) VALUES ($1, 1, 'assistant', $2, $3)`,
    [world.botId, chatId, parts.join('')],
  );
  world.telegram.faults = { latency: 600 };
  const first = await world.startTask(t, 'worker');
  await first.ready();
  const { pool } = createTestBot(t, { world, database: world.database, posture });
  await store(pool, [message(1, chatId, 'question')], world.botId);
  await waitFor(
    async () =>
      (await world.database.sql('SELECT FROM evenkeel.inbox WHERE json_array_length(sends) = 2')).length === 1,
    { what: 'two sends to be recorded' },
  );
  first.signal('SIGKILL');
  await first.exited;
  world.telegram.faults = {};
  const second = await world.startTask(t, 'worker');
  await second.ready();
  const rows = await settled(world.database);
  assert.deepEqual(
    rows.map(({ state, takeovers, attempts }) => [state, takeovers, attempts]),
    [['done', 1, 0]],
  );
  const sent = written(chatId).map((text) => text[0]);
  // The third was on its way at the kill: whether it arrived then nobody can know.
  assert.ok(['abc', 'abcc'].includes(sent.join('')), sent.join(''));
  assert.equal(world.openrouter.stats().calls, 0);
});
