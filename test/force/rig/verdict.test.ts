/** The check of the order of answers, checked itself: a slow network is no disorder, and a disorder is one. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { deferred, waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';
import { TAPS, type Rig } from './index.ts';
import { assertOrder } from './verdict.ts';
import { openWire, type Send } from './wire.ts';

const CHAT = 501;
const OTHER = 502;

const world = await startWorld(
  { after },
  { posture: { features: { chat: true }, providers: { telegram: { timeout: '1s', ambiguous: 'once' } } } },
);
const { telegram, database } = world;
await database.sql(TAPS);
const rig = { world, ask: (text: string, values?: unknown[]) => database.sql(text, values) } as Pick<
  Rig,
  'world' | 'ask'
>;

const sends: Send[] = [];
const held = deferred();
// The first answer leaves, and comes to Telegram when the next one has long been there.
const wire = await openWire(telegram.apiRoot, sends, ({ marker }) => (marker === 0 ? held.promise : Promise.resolve()));
after(() => wire.close());
const startWorker = () => world.startTask({ after }, 'worker', { env: { TELEGRAM_API_ROOT: wire.url } });
const web = await world.startTask({ after }, 'web');
let worker = await startWorker();
await Promise.all([web.ready(), worker.ready()]);
await world.setWebhook(web);

const everythingIsDone = () =>
  waitFor(
    async () => {
      const [row] = await database.sql<{ done: number }>(
        `SELECT count(*)::int AS done FROM evenkeel.inbox WHERE state = 'done'`,
      );
      return row!.done === telegram.floodReport().said;
    },
    { what: 'every update to be done' },
  );

test('an answer that its worker has listed as unknown may come after the next one', async () => {
  telegram.flood({ updates: 2, chats: 1, firstChat: CHAT });
  await waitFor(() => telegram.floodReport().replied === 1, { what: 'the second text to be answered' });
  held.resolve();
  await waitFor(() => telegram.floodReport().replied === 2, { what: 'the first answer to arrive' });
  await everythingIsDone();
  assert.deepEqual(telegram.floodReport().late, [0]);
  assert.equal(sends.filter(({ marker }) => marker === 0).length, 2, 'sent again once, as the posture says');
  await assertOrder(rig);
});

test('an answer that nobody has listed, and that comes after the next one, is a disorder', async () => {
  await worker.stop();
  telegram.flood({ updates: 2, chats: 1, firstChat: OTHER });
  for (const number of [3, 2])
    await world.callTelegram('sendMessage', { chat_id: OTHER, text: `You said ping-${number}` });
  assert.deepEqual(telegram.floodReport().late, [0, 2]);
  const disorder = { name: 'AssertionError', message: /^first answers in another order than the questions/ };
  await assert.rejects(assertOrder(rig), disorder);

  worker = await startWorker();
  await everythingIsDone();
  await assert.rejects(assertOrder(rig), disorder, 'nor is it one of which a worker knows how it ended');
});

test('what stands in another row excuses nothing, and neither does a send that is only under way', async () => {
  const [listed] = await database.sql<{ updateId: string; sends: string }>(
    `SELECT update_id::text AS "updateId", sends::text FROM evenkeel.inbox JOIN evenkeel.unknown_send USING (bot_id, update_id)`,
  );
  const disorder = { name: 'AssertionError', message: /^first answers in another order than the questions/ };
  const listedAt = (number: number, state: string) =>
    database.sql(
      `UPDATE evenkeel.inbox AS i SET sends = $2, state = $3
       FROM evenkeel.message AS m
       WHERE m.role = 'user' AND m.text = $1 AND (m.bot_id, m.update_id) = (i.bot_id, i.update_id)`,
      [`ping-${number}`, listed!.sends, state],
    );
  await worker.stop();
  await listedAt(3, 'done');
  await assert.rejects(assertOrder(rig), disorder);
  await listedAt(2, 'pending');
  await assert.rejects(assertOrder(rig), disorder);
  await listedAt(2, 'done');
  await assertOrder(rig);
});
