/** Answers that are shown while they are written: drafts, edits, what breaks off in the midst, and a worker that is killed there. */
import assert from 'node:assert/strict';
import { after, afterEach, test, type TestContext } from 'node:test';
import { WRITING } from '../../../app/features/chat/frames.ts';
import { texts } from '../../../app/features/chat/texts.ts';
import { fromMarkdown } from '../../../app/markdown/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { TelegramEvent } from '../../../local/contract/index.ts';
import { createTestBot } from '../../harness/bot.ts';
import { settled } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { message } from '../../harness/webhook.ts';
import { raised, startWorld } from '../../harness/world.ts';

/** What only a hang reaches, ms. */
const WITHIN = 120_000;

/** Whatever it is called that sells: the chat stands without it as well. */
const NOTHING_FOR_SALE: object = { wallet: false };
const QUICK = raised({
  features: NOTHING_FOR_SALE,
  chat: { stream: { pace: '100ms' } },
});
const posture = resolve(QUICK);
const edits = resolve({ ...QUICK, chat: { stream: { by: 'edits', pace: '100ms' } } });
const impatient = resolve({ ...QUICK, providers: { ...QUICK.providers, openrouter: { idle: '300ms' } } });

const world = await startWorld({ after }, { posture: QUICK });
afterEach(() => {
  world.openrouter.faults = {};
  world.telegram.faults = {};
});

let lastChat = 0;
let lastUpdate = 0;

/** A bot of its own, and what a chat that nobody else uses has seen of it. */
function setUp(t: TestContext, given = posture) {
  const chatId = ++lastChat;
  world.telegram.open(chatId, 'Ada');
  const events: TelegramEvent[] = [];
  t.after(world.telegram.subscribe((event) => void (event.chatId === chatId && events.push(event))));
  const bot = createTestBot(t, { world, database: world.database, posture: given });
  return {
    chatId,
    bot,
    say: (text: string) => bot.run(message(++lastUpdate, chatId, text)),
    written: () => world.telegram.messages(chatId).filter(({ from }) => from === 'bot'),
    drafts: () => events.flatMap((event) => (event.kind === 'draft' ? [event.text] : [])),
    /** What each message was, one after the other. */
    versions: () =>
      events.flatMap((event) => (event.kind === 'message' && event.message.from === 'bot' ? [event.message] : [])),
  };
}

const remembered = (chatId: number) =>
  world.database.sql<{ text: string }>(`SELECT text FROM evenkeel.message WHERE chat_id = $1 AND role = 'assistant'`, [
    chatId,
  ]);

test('an answer is shown as a draft while it is written, and is there once', async (t) => {
  const { say, written, drafts, versions, chatId } = setUp(t);
  world.openrouter.faults = { pace: 40 };
  await say('tell me a list of steps');
  const [answer, ...more] = written();
  assert.equal(more.length, 0);
  assert.equal(versions().length, 1, 'sent once and never edited');
  assert.ok(drafts().length >= 2, `${drafts().length} drafts`);
  for (const draft of drafts()) assert.ok(answer!.text.startsWith(draft), draft);
  assert.ok(drafts().every((draft, index) => index === 0 || draft.length > drafts()[index - 1]!.length));
  assert.equal(world.telegram.draft(chatId), undefined, 'no draft is left beside the answer');
  assert.deepEqual(
    (await remembered(chatId)).map(({ text }) => fromMarkdown(text).text),
    [answer!.text],
  );
});

test('where Telegram knows no drafts, one message is edited until it is the answer; drafts are not asked for again', async (t) => {
  const { say, written, drafts, versions, bot } = setUp(t);
  world.openrouter.faults = { pace: 40 };
  world.telegram.faults = { noDrafts: true };
  await say('tell me a list of steps');
  assert.equal(written().length, 1);
  assert.deepEqual(drafts(), []);
  const seen = versions().map(({ text }) => text);
  assert.ok(seen.length >= 3, `${seen.length} versions`);
  for (const version of seen.slice(0, -1)) {
    assert.ok(version.endsWith(WRITING), version);
    assert.ok(seen.at(-1)!.startsWith(version.slice(0, -WRITING.length)), version);
  }
  assert.ok(!seen.at(-1)!.endsWith(WRITING));
  const refused = world.telegram.stats().errors['404'];
  await say('and how?');
  assert.equal(world.telegram.stats().errors['404'], refused, 'it is remembered that drafts were refused');
  assert.equal(written().length, 2);
  assert.equal(bot.telegram.state().breaker, 'closed');
});

test('declared whole, nothing is shown before it is; and what is over before its first turn is shown at once', async (t) => {
  for (const [given, pace] of [
    [resolve({ ...QUICK, chat: { stream: { by: 'whole', pace: '100ms' } } }), 40],
    [resolve({ ...QUICK, chat: { stream: { pace: '5s' } } }), 0],
  ] as const) {
    const { say, drafts, versions } = setUp(t, given);
    world.openrouter.faults = { pace };
    await say('hello');
    assert.deepEqual([drafts().length, versions().length], [0, 1]);
  }
});

test('what had come of an answer that stalls, is cut or breaks off is the answer, and says so', async (t) => {
  for (const faults of [{ stalls: true }, { cuts: true }, { breaksOff: true }]) {
    for (const given of [impatient, edits]) {
      if (given === edits && 'stalls' in faults) continue;
      const { say, written, chatId, bot } = setUp(t, given);
      world.openrouter.faults = { pace: 30, ...faults };
      await say('tell me a list of steps');
      const said = written().map(({ text }) => text);
      assert.equal(said.length, 1, JSON.stringify(faults));
      const [begun, note] = [said[0]!.slice(0, -texts['broke-off']('en').length), texts['broke-off']('en')];
      assert.ok(said[0]!.endsWith(note), said[0]);
      assert.match(begun, /You asked/);
      assert.deepEqual(
        (await remembered(chatId)).map(({ text }) => text),
        said,
        'the model knows where it was',
      );
      assert.equal(bot.openrouter.state().failures, 1, 'it counts for the breaker');
    }
  }
});

test('an answer has the markup that its Markdown says; where Telegram cannot read that, it is there all the same', async (t) => {
  for (const [given, pace] of [
    [posture, 0],
    [posture, 40],
    [edits, 40],
  ] as const)
    for (const faults of [{}, { noMarkup: true }]) {
      const { say, written, bot } = setUp(t, given);
      world.openrouter.faults = { pace };
      world.telegram.faults = faults;
      await say('show me the code of it');
      world.telegram.faults = {};
      const [answer, ...more] = written();
      assert.equal(more.length, 0, 'once');
      const isRead = !('noMarkup' in faults);
      const marks = answer!.entities.filter(({ type }) => ['pre', 'bold', 'code'].includes(type));
      assert.equal(marks.length > 0, isRead, JSON.stringify(answer));
      assert.doesNotMatch(answer!.text, /```|\*\*/);
      assert.equal(bot.telegram.state().sends.unread > 0, !isRead);
      assert.equal(bot.telegram.state().breaker, 'closed');
    }
});

test('an answer that is declined in its midst leaves nothing of itself', async (t) => {
  for (const given of [posture, edits]) {
    const { say, written, chatId } = setUp(t, given);
    world.openrouter.faults = { pace: 30, declines: true };
    await say('tell me a list of steps');
    assert.deepEqual(
      written().map(({ text }) => text),
      [texts.refused('en')],
    );
    assert.deepEqual(await remembered(chatId), []);
    assert.equal(world.telegram.draft(chatId), undefined);
  }
});

test('a stream that says nothing at all, or that cannot be read, is a provider that is away', async (t) => {
  const { say, written } = setUp(t, impatient);
  world.openrouter.faults = { blank: true, cuts: true };
  await say('hm?');
  assert.equal(written().at(-1)!.text, texts.away('en'));
});

test('a person who deletes the message while it is written gets the answer all the same', async (t) => {
  const { say, written, chatId } = setUp(t, edits);
  world.openrouter.faults = { pace: 40 };
  const saying = say('tell me a list of steps');
  const begun = await waitFor(() => written()[0], { what: 'the beginning' });
  await world.callTelegram('deleteMessage', { chat_id: chatId, message_id: begun.messageId });
  await saying;
  assert.equal(written().length, 1);
  assert.ok(!written()[0]!.text.endsWith(WRITING));
});

test('Telegram that refuses all frames by its rate, or is slow with them, keeps nobody from the answer', async (t) => {
  const { say, written, bot } = setUp(t);
  world.openrouter.faults = { pace: 30 };
  world.telegram.faults = { latency: 300 };
  await say('tell me a list of steps');
  assert.equal(written().length, 1);
  assert.equal(bot.telegram.state().rate.postponed, 0, 'what was left out says nothing about the rate');
});

test('a question of 100 kB is refused in one clear line, and asked of nobody', async (t) => {
  const { say, written, chatId } = setUp(t);
  const { calls } = world.openrouter.stats();
  await say('x'.repeat(100 * 1024));
  assert.deepEqual(
    written().map(({ text }) => text),
    [texts['too-long']('en', { limit: 4096 })],
  );
  assert.equal(world.openrouter.stats().calls, calls);
  assert.deepEqual(await world.database.sql('SELECT FROM evenkeel.message WHERE chat_id = $1', [chatId]), []);
});

test(
  'a worker killed in the midst of an answer: the next one gives it, and there is one',
  { timeout: 4 * WITHIN },
  async (t) => {
    const web = await world.startTask(t, 'web');
    await web.ready(WITHIN);
    await world.setWebhook(web);
    for (const faults of [{}, { noDrafts: true }]) {
      const chatId = 900_000 + ++lastChat;
      world.telegram.open(chatId, 'Ada');
      world.telegram.faults = faults;
      const written = () => world.telegram.messages(chatId).filter(({ from }) => from === 'bot');
      // So slow that the worker is surely killed before the end.
      world.openrouter.faults = { pace: 1_000 };
      const victim = await world.startTask(t, 'worker');
      await victim.ready(WITHIN);
      world.telegram.say(chatId, 'tell me a list of steps');
      await waitFor(
        async () => {
          if (!('noDrafts' in faults)) return world.telegram.draft(chatId);
          // Its number has been written down.
          const [row] = await world.database.sql<{ sends: unknown[] }>(
            `SELECT sends FROM evenkeel.inbox WHERE state = 'pending' AND sends::text LIKE '%message_id%'`,
          );
          return row && written().length === 1;
        },
        { what: 'the beginning of an answer', within: WITHIN },
      );
      victim.signal('SIGKILL');
      await victim.exited;
      world.openrouter.faults = {};
      const next = await world.startTask(t, 'worker');
      await next.ready(WITHIN);
      await settled(world.database, WITHIN);
      const [answer, ...more] = written();
      assert.deepEqual(more, [], 'one answer');
      assert.match(answer!.text, /You asked: “tell me a list of steps”/);
      assert.match(answer!.text, /start of our conversation/, 'all of it');
      assert.ok(!answer!.text.endsWith(WRITING));
      next.signal('SIGKILL');
      await next.exited;
    }
  },
);
