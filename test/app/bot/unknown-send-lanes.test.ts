/** What may be sent twice, sentence by sentence (docs/faults.md), over real lanes and, where one is killed, a real worker. */
import assert from 'node:assert/strict';
import { after, beforeEach, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TelegramFaults } from '../../../local/contract/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import { createTestBot } from '../../harness/bot.ts';
import { settled, startLanes, store, workerPool } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { message } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
beforeEach(() => {
  world.telegram.faults = {};
});

/** Telegram's breaker opens soon and is tried again soon: minutes of an outage in seconds. */
const telegram = {
  timeout: '1s',
  backoff: '10ms',
  breaker: { minimumCalls: 5, window: '2s', openFor: '500ms' },
} as const;

let lastChat = 1000;
let lastUpdate = 0;

/** Real lanes with the app's own features, without the AI provider. */
async function setUp(t: TestContext, more: { ambiguous?: 'once' | 'never'; patience?: string; timeout?: string } = {}) {
  const { patience, ...changed } = more;
  const posture = resolve({
    features: { chat: false },
    providers: { telegram: { ...telegram, ...changed } },
    ...(patience !== undefined && { jobs: { chat: { patience } } }),
  });
  const database = await world.freshDatabase(t);
  const bot = createTestBot(t, { world, database, posture });
  const lanes = await startLanes(t, { database, posture, handle: bot.handle, botId: world.botId });
  /** So many chats, each of which says something. */
  async function say(chats: number): Promise<number[]> {
    const ids = Array.from({ length: chats }, () => ++lastChat);
    for (const id of ids) world.telegram.open(id);
    await store(
      lanes.pool,
      ids.map((id) => message(++lastUpdate, id, 'hello')),
      world.botId,
    );
    return ids;
  }
  const sends = () =>
    database.sql<{ send: { state: string; tries: number; reason: string; at: string } | null }>(
      `SELECT send FROM evenkeel.inbox, json_array_elements(sends) AS send WHERE sends IS NOT NULL`,
    );
  return { bot, database, say, sends, logs: lanes.logs };
}

const copies = (chatId: number) => world.telegram.messages(chatId).filter(({ from }) => from === 'bot').length;

for (const chats of [1, 40])
  test(`${chats} chats through an outage of 502 in which nothing is delivered: each is answered in the end, once`, async (t) => {
    // No send may be slow here: on a busy machine, one that arrived would be sent again for it, rightly.
    const { say, database, sends, bot } = await setUp(t, { timeout: '15s' });
    world.telegram.faults = { gateway: { status: 502, delivered: false } };
    const ids = await say(chats);
    await waitFor(() => bot.telegram.state().sends.unknown >= 1, { what: 'a first send to fail' });
    await sleep(6_000);
    world.telegram.faults = {};
    const rows = await settled(database, 60_000);
    assert.ok(rows.every(({ state, attempts }) => state === 'done' && attempts === 0));
    assert.deepEqual(ids.map(copies), Array(chats).fill(1));
    assert.deepEqual(await sends(), [], 'nothing is left to a person');
    assert.equal(bot.telegram.state().sends.listed, 0);
  });

const DELIVERED: TelegramFaults[] = [
  { gateway: { status: 502, delivered: true } },
  { loseAnswers: true },
  { spoiltAnswers: 'reset' },
];
for (const fault of DELIVERED)
  test(`everything is delivered and nothing is confirmed (${JSON.stringify(fault)}): one copy too many at most`, async (t) => {
    const { say, database } = await setUp(t);
    world.telegram.faults = fault;
    // Fewer than open the breaker, behind which the last ones would not be sent at all.
    const ids = await say(4);
    await waitFor(() => ids.every((id) => copies(id) === 1), { what: 'every chat to have it once' });
    await sleep(4_000);
    assert.ok(
      ids.every((id) => copies(id) === 1),
      'not repeated while Telegram does not answer',
    );
    world.telegram.faults = {};
    const rows = await settled(database, 60_000);
    assert.ok(rows.every(({ state }) => state === 'done'));
    assert.ok(ids.every((id) => copies(id) === 2));
  });

test('unknown twice: done and not parked, listed for a person in what npm run ops reads, counted', async (t) => {
  const { say, database, sends, bot } = await setUp(t);
  world.telegram.faults = { gateway: { status: 504, delivered: true }, sendsOnly: true };
  const [chatId] = await say(1);
  const rows = await settled(database, 60_000);
  assert.deepEqual(
    rows.map(({ state, attempts }) => [state, attempts]),
    [['done', 0]],
  );
  assert.equal(copies(chatId!), 2);
  const [kept] = await sends();
  assert.ok(kept?.send?.state === 'unknown' && kept.send.tries === 2 && Date.parse(kept.send.at) > 0);
  const { unknown, repeated, listed } = bot.telegram.state().sends;
  assert.deepEqual({ unknown, repeated, listed }, { unknown: 2, repeated: 1, listed: 1 });

  const found = await database.sql<{ lane: string; method: string; tries: string; reason: string }>(
    'SELECT lane, method, tries::text, reason FROM evenkeel.unknown_send',
  );
  assert.deepEqual(
    found.map(({ lane, method, tries }) => [lane, method, tries]),
    [[`${world.botId}:${chatId}`, 'sendMessage', '2']],
  );
  assert.match(found[0]!.reason, /504/);
});

test('sends alone fail while Telegram answers all else: few repeats are spent on finding out, the others arrive', async (t) => {
  const { say, database, sends, bot } = await setUp(t, { timeout: '15s' });
  world.telegram.faults = { gateway: { status: 502, delivered: false }, sendsOnly: true };
  const ids = await say(40);
  await waitFor(() => bot.telegram.state().sends.unknown >= 40, { what: 'every first send to fail' });
  await sleep(8_000);
  world.telegram.faults = {};
  const rows = await settled(database, 60_000);
  assert.ok(rows.every(({ state, attempts }) => state === 'done' && attempts === 0));
  const lost = ids.filter((id) => copies(id) === 0).length;
  assert.equal(lost, (await sends()).length, 'whoever has no answer is listed for a person');
  assert.ok(lost <= 10, `${lost} of 40 repeats were spent`);
  assert.ok(ids.every((id) => copies(id) <= 1));
});

test('ambiguous: never: delivered once or not at all, and listed', async (t) => {
  for (const delivered of [true, false]) {
    const { say, database, sends } = await setUp(t, { ambiguous: 'never' });
    world.telegram.faults = { gateway: { status: 502, delivered } };
    const [chatId] = await say(1);
    assert.equal((await settled(database))[0]!.state, 'done');
    world.telegram.faults = {};
    assert.equal(copies(chatId!), delivered ? 1 : 0);
    assert.equal((await sends()).length, 1);
  }
});

test('patience ends before Telegram answers: done and listed, not parked', async (t) => {
  const { say, database, sends } = await setUp(t, { patience: '5s' });
  world.telegram.faults = { gateway: { status: 502, delivered: true } };
  const [chatId] = await say(1);
  assert.equal((await settled(database, 60_000))[0]!.state, 'done');
  assert.equal(copies(chatId!), 1);
  assert.equal((await sends()).length, 1);
});

test('a worker that is killed after a send that is not committed yet repeats it, once', async (t) => {
  const database = await world.freshDatabase(t);
  const chatId = ++lastChat;
  world.telegram.open(chatId);
  await store(workerPool(t, database, world.posture), [message(++lastUpdate, chatId, 'hello')], world.botId);
  const start = async () => {
    const worker = await world.startTask(t, 'worker', { database, posture: { features: { chat: false } } });
    await worker.ready();
    return worker;
  };
  await database.transaction(async (sql) => {
    // Somebody holds the row: the message is with the user, and its "done" waits.
    await sql('SELECT FROM evenkeel.inbox FOR UPDATE');
    const first = await start();
    await waitFor(() => copies(chatId) === 1, { what: 'the message to be delivered', within: 60_000 });
    first.signal('SIGKILL');
    await first.exited;
    const waiting = () => database.sql(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
    await waitFor(async () => (await waiting()).length === 0, {
      what: 'the dead worker to wait no more',
      within: 60_000,
    });
  });
  await start();
  const [row] = await settled(database, 60_000);
  assert.equal(row!.state, 'done');
  assert.equal(copies(chatId), 2);
});
