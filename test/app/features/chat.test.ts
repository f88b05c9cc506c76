/** What a person sees in the chat: answers, commands, buttons, and polite words when the provider is away. */
import assert from 'node:assert/strict';
import { after, afterEach, test, type TestContext } from 'node:test';
import { forgetConversation, recall, remember } from '../../../app/features/chat/conversation.ts';
import { texts as basics } from '../../../app/features/basics/texts.ts';
import { split } from '../../../app/text.ts';
import { texts } from '../../../app/features/chat/texts.ts';
import { texts as unread } from '../../../app/features/unread/texts.ts';
import { RetryLater } from '../../../app/outcome.ts';
import { isBlank } from '../../../app/text.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { TelegramEvent } from '../../../local/contract/index.ts';
import { createTestBot } from '../../harness/bot.ts';
import { probing } from '../../harness/control.ts';
import { settled, startLanes, store, workerPool } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { message } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const posture = resolve({ features: { wallet: false } });
/** For what is about a provider that does not answer: others must not fail because the machine is slow. */
const quick = resolve({
  providers: { openrouter: { timeout: '400ms', breaker: { minimumCalls: 3, window: '5s', openFor: '1s' } } },
});
/** Of a question to the database: an answer takes a few. */
const control = await probing({ after }, () => world.database.sql('SELECT 1'));
afterEach(() => {
  control.reset();
  world.openrouter.faults = {};
  world.telegram.faults = {};
});

let lastChat = 0;
let lastUpdate = 0;
const nextId = () => ++lastUpdate;

/** A bot of its own and a chat that nobody else uses. */
function setUp(t: TestContext, given = posture) {
  const chatId = ++lastChat;
  world.telegram.open(chatId, 'Ada');
  const bot = createTestBot(t, { world, database: world.database, posture: given });
  const written = () => world.telegram.messages(chatId).filter(({ from }) => from === 'bot');
  const say = (text: string) => bot.run(message(nextId(), chatId, text));
  return { chatId, bot, written, say, last: () => written().at(-1)!.text };
}

const command = (updateId: number, chatId: number, text: string) => {
  const update = message(updateId, chatId, text) as { message: object };
  const entities = [{ type: 'bot_command', offset: 0, length: text.split(' ')[0]!.length }];
  return { ...update, message: { ...update.message, entities } };
};

const tap = (chatId: number, messageId: number, data: string) => world.telegram.tap(chatId, messageId, data);

const remembered = (chatId: number) =>
  world.database.sql<{ role: string; text: string }>(
    'SELECT role, text FROM evenkeel.message WHERE chat_id = $1 ORDER BY created_at, role DESC',
    [chatId],
  );

test('a question is answered with the conversation in mind', async (t) => {
  const { say, last, chatId } = setUp(t);
  await say('my name is Grace');
  await say('what is my name?');
  assert.match(last(), /what is my name\?/);
  assert.match(last(), /I remember 2 earlier messages; it began with “my name is Grace”/);
  assert.deepEqual(
    (await remembered(chatId)).map(({ role }) => role),
    ['user', 'assistant', 'user', 'assistant'],
  );
});

test('an update that is run twice asks the provider once, and says the same', async (t) => {
  const { bot, chatId, written } = setUp(t);
  const update = message(nextId(), chatId, 'once');
  const before = world.openrouter.stats().calls;
  await bot.run(update);
  await bot.run(update);
  assert.equal(world.openrouter.stats().calls - before, 1);
  const [first, second] = written();
  assert.equal(first!.text, second!.text);
});

test('while the provider fails, hangs or limits, the answer is polite and within its timeout', async (t) => {
  for (const faults of [{ error: true }, { hang: true }, { rateLimit: true }]) {
    const { say, last, chatId } = setUp(t, quick);
    world.openrouter.faults = faults;
    const started = performance.now();
    await say('are you there?');
    assert.equal(last(), texts.away('en'), JSON.stringify(faults));
    assert.ok(performance.now() - started < 1000 + 5 * control.slowest());
    world.openrouter.faults = {};
    assert.deepEqual(
      (await remembered(chatId)).map(({ role }) => role),
      ['user'],
      'the question is kept, the excuse is not',
    );
  }
});

test('an open breaker answers politely at once, without asking; closed again, the provider answers', async (t) => {
  const { say, last, bot } = setUp(t, quick);
  world.openrouter.faults = { error: true };
  for (let call = 0; bot.openrouter.state().breaker !== 'open'; call += 1) {
    assert.ok(call < 20, 'the breaker opens');
    await say('hm?');
  }
  const { calls } = world.openrouter.stats();
  world.openrouter.faults = { hang: true };
  await say('and now?');
  assert.equal(last(), texts.away('en'));
  assert.equal(world.openrouter.stats().calls, calls);
  world.openrouter.faults = {};
  await waitFor(
    async () => {
      await say('are you back?');
      return last() !== texts.away('en');
    },
    { what: 'an answer after the breaker has closed' },
  );
  assert.equal(bot.openrouter.state().breaker, 'closed');
});

test('what the provider refuses is not tried again', async (t) => {
  const { chatId, written } = setUp(t);
  const wrongKey = {
    ...world,
    openrouter: { ...world.openrouter, baseUrl: world.openrouter.baseUrl, apiKey: 'wrong' },
  };
  const bot = createTestBot(t, { world: wrongKey, database: world.database, posture });
  const before = world.openrouter.stats().calls;
  await bot.run(message(nextId(), chatId, 'hello'));
  assert.equal(written().at(-1)!.text, texts.refused('en'));
  assert.equal(world.openrouter.stats().calls - before, 1);
});

test('a long answer comes in parts, in order and whole', async (t) => {
  const { bot, chatId, written } = setUp(t);
  const id = nextId();
  const words = Array.from({ length: 1500 }, (_, index) => `word${index}`).join(' ');
  await remember(bot.pool, { botId: world.botId, updateId: id, chatId, threadId: 0, role: 'assistant', text: words });
  await bot.run(message(id, chatId, 'tell me everything'));
  const parts = written().map(({ text }) => text);
  assert.equal(parts.length, 4);
  assert.equal(parts.map((part) => part.trim()).join(' '), words);
});

test('a text with a NUL, a lone surrogate or characters of four bytes is answered', async (t) => {
  for (const text of ['nul \u0000 here', 'half \ud83d pair', '😀𝒳', '<b>&amp;</i>', '_*[`']) {
    const { say, written } = setUp(t);
    await say(text);
    assert.equal(written().length, 1, JSON.stringify(text));
  }
});

test('the conversation is bounded by messages and by characters, newest kept, oldest first', async (t) => {
  const pool = workerPool(t, world.database, posture);
  const chatId = ++lastChat;
  for (let n = 1; n <= 12; n += 1)
    await remember(pool, { botId: 1, updateId: n, chatId, threadId: 0, role: 'user', text: `${n}:`.padEnd(10, 'x') });
  const numbers = async (messages: number, characters: number) =>
    (await recall(pool, { botId: 1, chatId, threadId: 0 }, { messages, characters })).map(({ content }) =>
      parseInt(content),
    );
  assert.deepEqual(await numbers(3, 1000), [10, 11, 12]);
  assert.deepEqual(await numbers(50, 45), [9, 10, 11, 12]);
  assert.deepEqual(await numbers(50, 40), [9, 10, 11, 12]);
  assert.deepEqual(await numbers(50, 9), []);
  assert.deepEqual(await numbers(0, 1000), []);
  assert.equal((await numbers(50, 1000)).length, 12);
});

test('a question alone beyond the bound is asked by its beginning', async (t) => {
  const chatId = ++lastChat;
  world.telegram.open(chatId);
  const tight = resolve({ history: { characters: 10 } });
  const bot = createTestBot(t, { world, database: world.database, posture: tight });
  await bot.run(message(nextId(), chatId, 'abcdefghijklmnop'));
  assert.match(world.telegram.messages(chatId).at(-1)!.text, /“abcdefghij”/);
});

test('conversations of other chats, topics and bots are not mixed in, nor forgotten with one', async (t) => {
  const pool = workerPool(t, world.database, posture);
  const [here, there] = [++lastChat, ++lastChat];
  const limits = { messages: 10, characters: 1000 };
  const conversation = (botId: number, chatId: number, threadId = 0) => ({ botId, chatId, threadId });
  const all = [conversation(1, here), conversation(1, here, 11), conversation(1, there), conversation(2, here)];
  const textOf = (one: (typeof all)[number]) => Object.values(one).join('/');
  await Promise.all(all.map((one) => remember(pool, { ...one, updateId: nextId(), role: 'user', text: textOf(one) })));
  for (const one of all) assert.deepEqual(await recall(pool, one, limits), [{ role: 'user', content: textOf(one) }]);
  const [forgotten, ...kept] = all;
  await forgetConversation(pool, forgotten!);
  assert.deepEqual(await recall(pool, forgotten!, limits), []);
  for (const one of kept) assert.equal((await recall(pool, one, limits)).length, 1);
});

test('/start greets by name, with buttons; /help lists; an unknown command is told so', async (t) => {
  const { bot, chatId, last, written } = setUp(t);
  await bot.run(command(nextId(), chatId, '/start'));
  assert.match(last(), /Hello, Ada!/);
  assert.deepEqual(
    written()
      .at(-1)!
      .buttons.flat()
      .map(({ text }) => text),
    [basics['help-button']('en'), texts['forget-button']('en')],
  );
  await bot.run(command(nextId(), chatId, '/help'));
  assert.match(last(), /\/forget/);
  await bot.run(command(nextId(), chatId, '/nonsense'));
  assert.equal(last(), basics['unknown-command']('en'));
});

test('/forget forgets what was said', async (t) => {
  const { bot, chatId, say, last } = setUp(t);
  await say('a secret');
  await bot.run(command(nextId(), chatId, '/forget'));
  assert.equal(last(), texts['forget-done']('en', { later: 0 }));
  assert.deepEqual(await remembered(chatId), []);
  await say('what did I say?');
  assert.match(last(), /This is the start of our conversation/);
});

test('a name with markup in it cannot break the greeting', async (t) => {
  const { bot, chatId, last } = setUp(t);
  const update = command(nextId(), chatId, '/start') as unknown as { message: { from: { first_name: string } } };
  update.message.from.first_name = '<b>&"Ada';
  await bot.run(update);
  assert.match(last(), /Hello, <b>&"Ada!/);
});

test('buttons are answered, those of an older release too', async (t) => {
  const { chatId, written, bot } = setUp(t);
  const events: TelegramEvent[] = [];
  t.after(world.telegram.subscribe((event) => void events.push(event)));
  const answers = () => events.filter((event) => event.kind === 'callback-answer' && event.chatId === chatId);
  await bot.run(command(nextId(), chatId, '/start'));
  const { messageId } = written()[0]!;
  // Taps go through Telegram, whose query ids are what is answered: by long polling here.
  for (const [data, count] of [
    ['help', 1],
    ['forget', 2],
    ['of an older release', 3],
  ] as const) {
    const id = tap(chatId, messageId, data);
    await bot.run(await nextUpdate(id));
    assert.equal(answers().length, count, data);
  }
  assert.match(written().at(-1)!.text, /\/forget/);
});

test('a payment that nothing is sold for is refused within its time', async (t) => {
  const { chatId, bot } = setUp(t);
  const events: TelegramEvent[] = [];
  t.after(world.telegram.subscribe((event) => void events.push(event)));
  const id = world.telegram.preCheckout(chatId, 'p');
  await bot.run(await nextUpdate(id));
  const answer = events.find((event) => event.kind === 'callback-answer' && event.chatId === chatId);
  assert.ok(answer?.kind === 'callback-answer' && answer.alert);
  assert.match(answer.text ?? '', /^Nothing can be bought just now\./);
});

test('updates that no feature knows are handled by doing nothing', async (t) => {
  const { bot, chatId, written } = setUp(t);
  const chat = { id: chatId, type: 'private' };
  await bot.run({ update_id: nextId(), my_chat_member: { chat, from: { id: 1 }, date: 1 } });
  await bot.run({ update_id: nextId(), quantum_message: { chat } });
  await bot.run({ update_id: nextId(), edited_message: { chat, message_id: 1, date: 1, text: 'x' } });
  assert.equal(written().length, 0);
});

/** The update of that id, taken from Telegram. */
async function nextUpdate(id: number): Promise<object> {
  const updates = (await world.callTelegram('getUpdates', { offset: id, timeout: 0 })) as { update_id: number }[];
  const update = updates.find(({ update_id: given }) => given === id);
  assert.ok(update, `no update ${id}`);
  return update;
}

test('Telegram: 429 postpones the chat alone, 403 counts as done, 400 parks at once', async (t) => {
  const database = await world.freshDatabase(t);
  const [limited, free, blocked] = [++lastChat, ++lastChat, ++lastChat];
  for (const chatId of [limited, free, blocked]) world.telegram.open(chatId);
  world.telegram.faults = { rateLimit: { retryAfter: 5, chatId: limited }, blocked: [blocked] };
  const bot = createTestBot(t, { world, database, posture });
  const { pool } = await startLanes(t, {
    database,
    botId: world.botId,
    posture: resolve({ jobs: { chat: { lanes: 1 } } }),
    handle: bot.handle,
  });
  const ids = { limited: nextId(), free: nextId(), blocked: nextId(), unknown: nextId() };
  const started = performance.now();
  await store(pool, [command(ids.limited, limited, '/help')], world.botId);
  await waitFor(() => (world.telegram.stats().errors['429'] ?? 0) > 0, { what: 'a 429' });
  world.telegram.faults = { blocked: [blocked] };
  const others = [
    command(ids.free, free, '/help'),
    command(ids.blocked, blocked, '/help'),
    command(ids.unknown, 999_999, '/help'),
  ];
  await store(pool, others, world.botId);
  await waitFor(() => world.telegram.messages(free).length === 1, { what: 'the other chat to be served' });
  assert.equal(world.telegram.messages(limited).length, 0, 'it did not wait for the limited one');
  const rows = await settled(database);
  assert.ok(performance.now() - started >= 4900, 'the limited one came after its time');
  assert.deepEqual(
    rows.map(({ updateId, state, attempts }) => [updateId, state, attempts]),
    [
      [ids.limited, 'done', 0],
      [ids.free, 'done', 0],
      [ids.blocked, 'done', 0],
      [ids.unknown, 'parked', 1],
    ],
  );
  assert.equal(world.telegram.messages(limited).length, 1, 'once');
  assert.match(rows[3]!.error!, /telegram refused sendMessage: 400 .*chat not found/);
});

test('Telegram answering 500: the breaker opens, updates wait without using attempts, all are answered after', async (t) => {
  const database = await world.freshDatabase(t);
  const failing = resolve({
    providers: { telegram: { attempts: 1, breaker: { minimumCalls: 5, window: '5s', openFor: '1s' } } },
    jobs: { chat: { backoff: { first: '300ms' } } },
  });
  const bot = createTestBot(t, { world, database, posture: failing });
  const lanes = await startLanes(t, { database, posture: failing, botId: world.botId, handle: bot.handle });
  const { pool } = lanes;
  const chats = Array.from({ length: 40 }, () => ++lastChat);
  for (const chatId of chats) world.telegram.open(chatId);
  world.telegram.faults = { error: true };
  const ask = (some: number[]) =>
    store(
      pool,
      some.map((chatId) => command(nextId(), chatId, '/help')),
      world.botId,
    );
  await ask(chats.slice(0, 10));
  const open = () => bot.telegram.state().breaker === 'open' && bot.telegram.state().inFlight === 0;
  await waitFor(open, { what: 'the breaker to open' });
  const { calls } = world.telegram.stats();
  await ask(chats.slice(10));
  await waitFor(() => lanes.logs.matching(/^update postponed$/).length >= 30, { what: 'the others to be postponed' });
  assert.ok(world.telegram.stats().calls - calls <= 3, 'an open breaker asks no more, but for a probe');
  world.telegram.faults = {};
  const rows = await settled(database);
  assert.ok(rows.every(({ state }) => state === 'done'));
  assert.ok(rows.every(({ attempts }) => attempts === 0));
  for (const chatId of chats) assert.equal(world.telegram.messages(chatId).length, 1);
});

test('one chat through a minute of errors at Telegram: with little traffic the breaker stays closed, and nothing is parked', async (t) => {
  const database = await world.freshDatabase(t);
  const bot = createTestBot(t, { world, database, posture: resolve({ providers: { telegram: { attempts: 1 } } }) });
  const chatId = ++lastChat;
  world.telegram.open(chatId);
  world.telegram.faults = { error: true };
  for (const age of [0, 60_000, 3_600_000]) {
    const failed = bot.run(command(nextId(), chatId, '/help'), { age });
    await assert.rejects(failed, (error: unknown) => {
      assert.ok(error instanceof RetryLater, String(error));
      assert.equal(error.after, Math.min(Math.max(age / 2, 1000), 300_000), 'pauses grow with the outage');
      return true;
    });
  }
  world.telegram.faults = {};
});

/** A message of something else than text, in a private chat. */
const sent = (chatId: number, content: object) => {
  const update = message(nextId(), chatId, '') as { message: Record<string, unknown> };
  const { text: _, ...rest } = update.message;
  return { ...update, message: { ...rest, ...content } };
};
const photo = [{ file_id: 'x', file_unique_id: 'y', width: 90, height: 90 }];
const voice = { file_id: 'x', file_unique_id: 'y', duration: 3 };
const sticker = { ...voice, type: 'regular', width: 1, height: 1, is_animated: false, is_video: false };

test('what stands under a picture is answered as a text is', async (t) => {
  const { bot, chatId, last, written } = setUp(t);
  await bot.run(sent(chatId, { photo, caption: 'what is this?' }));
  assert.match(last(), /what is this\?/);
  assert.equal(written().length, 1);
});

test('a voice message, a sticker, a picture without a word: one polite line in private, an album one for all', async (t) => {
  for (const content of [{ voice }, { sticker }, { photo }]) {
    const { bot, chatId, written } = setUp(t);
    await bot.run(sent(chatId, content));
    assert.deepEqual(
      written().map(({ text }) => text),
      [unread['text-only']('en')],
    );
  }
  const { bot, chatId, written } = setUp(t);
  const album = { photo, media_group_id: 'album' };
  const first = sent(chatId, album);
  for (const update of [first, sent(chatId, album), sent(chatId, album)]) await bot.run(update);
  assert.equal(written().length, 1);
  await bot.run(first);
  assert.equal(written().length, 2, 'run again, the one that is answered is answered again');
  const words = { ...album, media_group_id: 'with words' };
  await bot.run(sent(chatId, { ...words, caption: 'look' }));
  await bot.run(sent(chatId, words));
  assert.equal(written().length, 3, 'the word under one picture is what all of them are answered by');
});

test('without the chat feature, a long text is echoed by its beginning, no character torn', async (t) => {
  const chatId = ++lastChat;
  world.telegram.open(chatId);
  const bot = createTestBot(t, {
    world,
    database: world.database,
    posture: resolve({ features: { chat: false } }),
  });
  await bot.run(message(nextId(), chatId, `${'a'.repeat(3999)}😀`));
  await bot.run(sent(chatId, { photo, caption: 'under it' }));
  const echoed = world.telegram.messages(chatId).map(({ text }) => text);
  assert.deepEqual(echoed, [`You wrote: ${'a'.repeat(3999)}`, 'You wrote: under it']);
});

test('an answer of nothing that can be seen is none: the user hears that the provider is away', async (t) => {
  assert.deepEqual(split('\u200b\u2800'), []);
  assert.deepEqual(split(`one ${'\u2800'.repeat(5000)}`), [`one ${'\u2800'.repeat(4092)}`]);
  for (const blank of ['', ' \n', '\u200b', '\u2800', '\ufeff\u3164']) assert.ok(isBlank(blank));
  for (const seen of ['.', '😀', '\u200b.', 'ا']) assert.ok(!isBlank(seen));
  const { say, last } = setUp(t);
  world.openrouter.faults = { blank: true };
  await say('are you there?');
  assert.equal(last(), texts.away('en'));
});

test('topics of a private chat are conversations of their own: what is asked, remembered, forgotten', async (t) => {
  const { bot, chatId, written } = setUp(t);
  const inTopic = (threadId: number, update: object) => {
    const { message: said, ...rest } = update as { message: object };
    return { ...rest, message: { ...said, message_thread_id: threadId, is_topic_message: true } };
  };
  const ask = async (threadId: number, text: string) => {
    await bot.run(inTopic(threadId, message(nextId(), chatId, text)));
    return written().at(-1)!.text;
  };
  await ask(11, 'my name is Ada');
  assert.match(await ask(12, 'what is my name?'), /This is the start of our conversation/);
  await bot.run(inTopic(12, command(nextId(), chatId, '/forget')));
  assert.match(await ask(12, 'and now?'), /This is the start of our conversation/);
  assert.match(await ask(11, 'and here?'), /it began with “my name is Ada”/);
});

test('a task of the release before writes into the table as it is now, and its words are part of the chat', async (t) => {
  const { chatId, say, last } = setUp(t);
  await world.database.sql(
    `INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, text) VALUES ($1, $2, 'user', $3, 'my name is Ada')`,
    [world.botId, nextId(), chatId],
  );
  await say('what is my name?');
  assert.match(last(), /it began with “my name is Ada”/);
});
