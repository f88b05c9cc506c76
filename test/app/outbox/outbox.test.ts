/** The outbox: what follows from a commit is said, in order, and never more often than its class allows. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withTx } from '../../../app/database/tx.ts';
import { say } from '../../../app/outbox/index.ts';
import { startBlocked } from '../../../app/outbox/blocked.ts';
import type { MessageClass } from '../../../app/outbox/classes.ts';
import { outboxLease } from '../../../posture/limits.ts';
import { resolve } from '../../../posture/resolve.ts';
import { workerPool } from '../../harness/lanes.ts';
import { captureLog } from '../../harness/logs.ts';
import type { TestDatabase } from '../../harness/database.ts';
import { outboxRows, sayAll, startTestOutbox, text } from '../../harness/outbox.ts';
import { waitFor } from '../../harness/wait.ts';
import { raised, startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const { telegram } = world;
let chats = 1000;

/** A chat of its own for a test, with faults of its own. */
async function stage(t: TestContext) {
  t.after(() => void (telegram.faults = {}));
  const chat = (chats += 1);
  telegram.open(chat);
  return { database: await world.freshDatabase(t), chat };
}

const said = (chat: number): string[] =>
  telegram
    .messages(chat)
    .filter(({ from }) => from === 'bot')
    .map(({ text }) => text);

const settled = (database: TestDatabase) =>
  waitFor(
    async () => {
      const rows = await outboxRows(database);
      return rows.length > 0 && rows.every(({ state }) => !['waiting', 'sending'].includes(state)) ? rows : undefined;
    },
    { what: 'every message to be settled' },
  );

test('a message is there exactly if its transaction is, and once for each cause and ordinal', async (t) => {
  const { database, chat } = await stage(t);
  const { pool } = startTestOutbox(t, { world, database });
  await assert.rejects(
    withTx(pool, async (tx) => {
      await say(tx, text('a', chat, 'never'));
      throw new Error('rolled back');
    }),
    /rolled back/,
  );
  const written = await sayAll(
    pool,
    text('a', chat, 'one'),
    text('a', chat, 'again'),
    text('a', chat, 'two', { ordinal: 1 }),
  );
  assert.deepEqual(written, [true, false, true]);
  await settled(database);
  assert.deepEqual(await sayAll(pool, text('a', chat, 'one')), [false]);
  assert.deepEqual(said(chat), ['one', 'two']);
  const [kept] = await database.sql<{ payload: object; result: { message_id: number } }>(
    'SELECT payload, result FROM evenkeel.outbox ORDER BY id LIMIT 1',
  );
  assert.deepEqual(kept!.payload, {}, 'what was said is not kept');
  assert.equal(typeof kept!.result.message_id, 'number');
});

test("a chat's messages are sent in order, whatever the number of workers; marketing holds nothing up", async (t) => {
  const { database } = await stage(t);
  const senders = Array.from({ length: 3 }, () => startTestOutbox(t, { world, database }));
  telegram.faults = { latency: 5 };
  const four = Array.from({ length: 4 }, () => (chats += 1));
  four.forEach((chat) => telegram.open(chat));
  const COUNT = 25;
  for (let n = 0; n < COUNT; n += 1)
    await sayAll(senders[n % 3]!.pool, ...four.map((chat) => text(`${chat}:${n}`, chat, String(n))));
  await settled(database);
  const inOrder = Array.from({ length: COUNT }, (_, n) => String(n));
  for (const chat of four) assert.deepEqual(said(chat), inOrder);
  await database.sql(`UPDATE evenkeel.outbox SET state = 'sent'`);
  // One that waits long for its turn.
  const [chat] = four as [number];
  await database.sql(
    `INSERT INTO evenkeel.outbox (cause, chat_id, class, rank, method, payload, due_at) VALUES ('ad', $1, 'marketing', 4, 'sendMessage', '{"text": "ad"}', now() + interval '1 hour')`,
    [chat],
  );
  await sayAll(senders[0]!.pool, text('paid', chat, 'paid', { class: 'receipt' }));
  await waitFor(() => said(chat).at(-1) === 'paid', { what: 'the receipt' });
});

/** What a person has and what is kept, when the first answer is lost although the message arrived. */
const COPIES: Record<MessageClass, { copies: string[]; state: string }> = {
  receipt: { copies: ['hello', 'hello\n\n(again)'], state: 'sent' },
  notice: { copies: ['hello', 'hello'], state: 'sent' },
  progress: { copies: ['hello'], state: 'unknown' },
  marketing: { copies: ['hello'], state: 'unknown' },
  transfer: { copies: ['hello'], state: 'unknown' },
};

for (const [name, { copies, state }] of Object.entries(COPIES) as [MessageClass, (typeof COPIES)[MessageClass]][]) {
  test(`${name}: when nobody knows whether it arrived, it is there ${copies.length} times and ${state}`, async (t) => {
    const { database, chat } = await stage(t);
    telegram.faults = { gateway: { status: 502, delivered: true }, sendsOnly: true };
    const { pool, outbox } = startTestOutbox(t, { world, database });
    await sayAll(pool, text('a', chat, 'hello', { class: name }));
    await waitFor(() => said(chat).length === 1, { what: 'the first copy' });
    await waitFor(async () => (await outboxRows(database))[0]!.state !== 'sending', { what: 'it to be written down' });
    telegram.faults = {};
    assert.equal((await settled(database))[0]!.state, state);
    assert.deepEqual(said(chat), copies);
    assert.equal(outbox.state().repeated, copies.length - 1);
    assert.equal(outbox.state().unknown, state === 'unknown' ? 1 : 0);
  });
}

test('a receipt of which nobody knows twice is left to a person, with two copies at most', async (t) => {
  const { database, chat } = await stage(t);
  telegram.faults = { spoiltAnswers: 'reset', sendsOnly: true };
  const { pool, outbox } = startTestOutbox(t, { world, database });
  await sayAll(pool, text('a', chat, 'hello', { class: 'receipt' }));
  assert.deepEqual(await settled(database), [{ cause: 'a', state: 'unknown', attempts: 2, code: null }]);
  assert.deepEqual(said(chat), ['hello', 'hello\n\n(again)']);
  assert.equal(outbox.state().unknown, 1);
});

test('what surely was not done waits for Telegram and is said once, whatever its class', async (t) => {
  const { database, chat } = await stage(t);
  telegram.faults = { error: true };
  const { pool } = startTestOutbox(t, { world, database });
  const classes = Object.keys(COPIES) as MessageClass[];
  await sayAll(pool, ...classes.map((name) => text(name, chat, name, { class: name })));
  await waitFor(async () => (await outboxRows(database)).some(({ state }) => state === 'waiting'), { what: 'a wait' });
  telegram.faults = {};
  for (const { state, attempts } of await settled(database)) assert.deepEqual([state, attempts], ['sent', 1]);
  assert.deepEqual(said(chat).sort(), [...classes].sort());
});

test('asked to wait, a chat waits, which is no failure', async (t) => {
  const { database, chat } = await stage(t);
  telegram.faults = { rateLimit: { retryAfter: 1, chatId: chat } };
  const { pool, outbox } = startTestOutbox(t, { world, database });
  await sayAll(pool, text('a', chat, 'hello'));
  await waitFor(async () => (await outboxRows(database))[0]!.state === 'waiting', { what: 'a wait' });
  telegram.faults = {};
  assert.deepEqual(await settled(database), [{ cause: 'a', state: 'sent', attempts: 1, code: null }]);
  assert.equal(outbox.state().dead, 0);
});

test('who has blocked the bot is marked, and is marked no longer when they write; the cause is not touched', async (t) => {
  const { database, chat } = await stage(t);
  telegram.faults = { blocked: [chat] };
  const { pool, outbox, blocked } = startTestOutbox(t, { world, database });
  await sayAll(pool, text('a', chat, 'hello', { class: 'receipt' }));
  assert.deepEqual(await settled(database), [{ cause: 'a', state: 'dead', attempts: 1, code: 403 }]);
  assert.deepEqual([outbox.state().blocked, outbox.state().dead], [1, 0]);
  const marks = () => database.sql('SELECT user_id::int AS user FROM evenkeel.person WHERE blocked_at IS NOT NULL');
  await waitFor(async () => (await marks()).length === 1, { what: 'the mark' });
  assert.equal(blocked.seen(chat + 1_000_000), undefined, 'of others nothing is asked');
  // Another worker learns of it.
  const other = startBlocked(workerPool(t, database, world.posture), world.botId, captureLog().log);
  t.after(() => other.stop());
  await waitFor(() => other.seen(chat) !== undefined, { what: 'the other worker to know' });
  await waitFor(async () => (await marks()).length === 0, { what: 'no mark' });
});

test('what Telegram refuses is dead with its cause, and the chat goes on', async (t) => {
  const { database, chat } = await stage(t);
  const { pool, outbox, logs } = startTestOutbox(t, { world, database });
  await sayAll(pool, text('a', chat, ''), text('b', chat, 'fine'));
  assert.deepEqual(
    (await settled(database)).map(({ state, code }) => [state, code]),
    [
      ['dead', 400],
      ['sent', null],
    ],
  );
  assert.deepEqual(said(chat), ['fine']);
  assert.equal(outbox.state().dead, 1);
  assert.match(String(logs.matching(/^a message was given up$/)[0]!['error']), /^telegram refused sendMessage: 400 /);
});

test('progress is replaced: what waits goes unsaid, what was said is edited in place', async (t) => {
  const { database, chat } = await stage(t);
  const pool = workerPool(t, database, world.posture);
  const progress = (n: number, more = {}) =>
    text(`render:1:${n}`, chat, `${n} %`, { class: 'progress', replaces: 'render:1', ...more });
  await sayAll(pool, progress(10), progress(20), progress(30));
  assert.deepEqual(
    (await outboxRows(database)).map(({ cause }) => cause),
    ['render:1:30'],
  );
  startTestOutbox(t, { world, database });
  await settled(database);
  await sayAll(pool, progress(60));
  await settled(database);
  assert.deepEqual(said(chat), ['60 %']);
  // The same once more: what was wanted is there.
  await sayAll(pool, text('render:1:same', chat, '60 %', { class: 'progress', replaces: 'render:1' }));
  assert.ok((await settled(database)).every(({ state }) => state === 'sent'));
  await sayAll(pool, text('render:1:done', chat, 'done', { class: 'receipt', replaces: 'render:1' }));
  await settled(database);
  assert.deepEqual(said(chat), ['done']);
});

test('what was to be replaced is gone: progress goes quietly, a receipt is said by itself', async (t) => {
  const { database, chat } = await stage(t);
  const { pool, outbox } = startTestOutbox(t, { world, database });
  const inPlace = (n: string, name: MessageClass) => text(n, chat, n, { class: name, replaces: 'render:1' });
  await sayAll(pool, inPlace('10 %', 'progress'));
  await settled(database);
  const [message] = telegram.messages(chat);
  await world.callTelegram('deleteMessage', { chat_id: chat, message_id: message!.messageId });
  await sayAll(pool, inPlace('20 %', 'progress'));
  await settled(database);
  await sayAll(pool, inPlace('done', 'receipt'));
  const rows = await settled(database);
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['sent', 'dead', 'sent'],
  );
  assert.deepEqual(said(chat), ['done']);
  assert.equal(outbox.state().dead, 1);
});

test('what a lost worker was sending is repeated or left unknown, by its class, and only when others could write', async (t) => {
  const { database, chat } = await stage(t);
  const posture = resolve(raised({ lanes: { sweep: '200ms' } }));
  await database.sql(
    `INSERT INTO evenkeel.outbox (cause, chat_id, class, rank, method, payload, state, attempts, claimed_at)
     SELECT class, $1, class, 1, 'sendMessage', json_build_object('text', class), 'sending', 1, now() - $2 * interval '1 ms'
     FROM unnest('{receipt,notice,progress,marketing,transfer}'::text[]) AS class`,
    [chat, outboxLease(posture) + 5_000],
  );
  startTestOutbox(t, { world, database, posture });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  assert.deepEqual(said(chat), [], 'nobody is lost while nobody could write');
  await database.sql(`INSERT INTO evenkeel.pulse (bot_id, since) VALUES ($1, now() - interval '1 hour')`, [
    world.botId,
  ]);
  const rows = await settled(database);
  assert.deepEqual(Object.fromEntries(rows.map(({ cause, state }) => [cause, state])), {
    receipt: 'sent',
    notice: 'sent',
    progress: 'unknown',
    marketing: 'unknown',
    transfer: 'unknown',
  });
  assert.deepEqual(said(chat).sort(), ['notice', 'receipt\n\n(again)']);
});

test('a claim that is too old is not sent under: the message goes back, and nothing has left', async (t) => {
  const { database, chat } = await stage(t);
  const posture = resolve(
    raised({
      providers: { telegram: { timeout: '3s', attempts: 1, rate: { patience: '500ms' } } },
      database: { timeouts: { acquire: '50s', lock: '50s', statement: '55s', query: '58s' } },
    }),
  );
  await sayAll(workerPool(t, database, posture), text('a', chat, 'one', { class: 'transfer' }));
  const before = telegram.stats().calls;
  let sender: ReturnType<typeof startTestOutbox> | undefined;
  await database.transaction(async (sql) => {
    // The claim is asked for, and its answer comes when half of the lease has passed: as if the process had been frozen.
    await sql('LOCK TABLE evenkeel.outbox IN ACCESS EXCLUSIVE MODE');
    sender = startTestOutbox(t, { world, database, posture });
    await waitFor(
      async () =>
        (
          await database.sql(
            `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE SKIP LOCKED%' AND datname = current_database()`,
          )
        ).length > 0,
      { what: 'the claim to wait' },
    );
    await sleep(outboxLease(posture) / 2 + 100);
    assert.equal(telegram.stats().calls, before, 'nothing has left');
  });
  const { logs } = sender!;
  await waitFor(() => logs.matching(/^a message waits$/).length > 0, { what: 'it to be put back' });
  assert.match(String(logs.matching(/^a message waits$/)[0]!['reason']), /its claim is too old to send it under/);
  assert.deepEqual(await settled(database), [{ cause: 'a', state: 'sent', attempts: 1, code: null }]);
  assert.deepEqual(said(chat), ['one']);
});

test('a drain waits for what is under way; what did not leave goes back to others', async (t) => {
  const { database, chat } = await stage(t);
  const first = startTestOutbox(t, { world, database });
  telegram.faults = { latency: 300 };
  await sayAll(first.pool, text('a', chat, 'one'), text('b', chat, 'two'));
  await waitFor(() => first.outbox.state().active > 0, { what: 'a send under way' });
  await first.outbox.stop(20_000);
  assert.deepEqual(said(chat), ['one']);
  assert.deepEqual(
    (await outboxRows(database)).map(({ state }) => state),
    ['sent', 'waiting'],
  );
  telegram.faults = {};
  startTestOutbox(t, { world, database });
  await settled(database);
  assert.deepEqual(said(chat), ['one', 'two']);
});

test('a message belongs to the bot that wrote it', async (t) => {
  const { database, chat } = await stage(t);
  await database.sql(
    `INSERT INTO evenkeel.outbox (bot_id, cause, chat_id, class, rank, method, payload) VALUES (7, 'foreign', $1, 'notice', 2, 'sendMessage', '{"text": "foreign"}')`,
    [chat],
  );
  const { pool } = startTestOutbox(t, { world, database });
  const other = (chats += 1);
  telegram.open(other);
  await sayAll(pool, text('own', other, 'own'));
  await waitFor(() => said(other).length === 1, { what: 'our own' });
  assert.deepEqual(said(chat), []);
});
