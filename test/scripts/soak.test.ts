/** What a soak says of messages that may not have arrived: real outbox, real list of `ops`, the gauge behind `/health`. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { readAnswers, readMessages } from '../../app/health/work.ts';
import { excusing, givenUp, leftToPeople } from '../../scripts/soak/unsure.ts';
import { told, type PaymentRow } from '../../scripts/soak/told.ts';
import { workerPool } from '../harness/lanes.ts';
import { operatorOf } from '../harness/ops.ts';
import { outboxRows, sayAll, startTestOutbox, text } from '../harness/outbox.ts';
import { waitFor } from '../harness/wait.ts';
import { startWorld } from '../harness/world.ts';

const world = await startWorld({ after });
const { telegram } = world;
const SOME_FEW = 'Receipt R-7: 1,000 credits for 50 Stars.';
const PAID = { number: 7, provider: 'stars', charge: 'c7', amount: 50, credits: 1_000, state: 'credited' };
let chats = 3_000;

/** A receipt that left twice, and no answer said what became of it. */
async function stage(t: TestContext, { delivered }: { delivered: boolean }) {
  const chat = (chats += 1);
  telegram.open(chat);
  const database = await world.freshDatabase(t);
  telegram.faults = { gateway: { status: 502, delivered }, sendsOnly: true };
  t.after(() => void (telegram.faults = {}));
  const { pool } = startTestOutbox(t, { world, database });
  await sayAll(pool, text('receipt:stars:c7', chat, SOME_FEW, { class: 'receipt' }));
  await waitFor(async () => (await outboxRows(database))[0]!.state === 'unknown', {
    what: 'it to be left to a person',
  });
  const ask = operatorOf(database, world.posture);
  const look = async () =>
    leftToPeople(
      { pool, telegram },
      {
        listed: await ask('unknown', 'list'),
        counted: { messages: (await readMessages(pool)).unknown, answers: (await readAnswers(pool)).unknown },
      },
    );
  const payments: PaymentRow[] = [{ ...PAID, user: chat }];
  // Of whom this test is about: the others have receipts of their own.
  const here = { telegram: { messages: (of: number) => telegram.messages(of), chats: () => [chat] } };
  return { chat, database, look, said: (isLeft = excusing([])) => told(here, payments, { reminders: [] }, isLeft) };
}

test('a receipt that nobody knows of and that is there is nobody untold, and is named', async (t) => {
  const { chat, look, said } = await stage(t, { delivered: true });
  const { left, problems } = await look();
  assert.deepEqual(problems, []);
  assert.deepEqual(
    left.map(({ name, chat }) => [name.replace(/^message:\d+/, 'message:N'), chat]),
    [[`message:N, a receipt (receipt:stars:c7) to ${chat}: left 2 times, there 2 times`, chat]],
  );
  assert.deepEqual(said(), { problems: [], repeats: 1 });
});

test('one that is not there is untold, and for one message alone', async (t) => {
  const { chat, look, said } = await stage(t, { delivered: false });
  const { left, problems } = await look();
  assert.deepEqual(problems, []);
  assert.match(left[0]!.name, /left 2 times, there 0 times$/);
  const untold = [`${chat} was never told of receipt R-7`];
  assert.deepEqual(said().problems, untold);
  const isLeft = excusing(left);
  assert.deepEqual(said(isLeft).problems, []);
  assert.deepEqual(said(isLeft).problems, untold, 'it is no excuse for a second');
  assert.equal(excusing(left)(chat + 1), false, 'nor for somebody else');
  assert.equal(
    excusing(left)(chat, (text) => text.includes('R-8')),
    false,
    'nor for something else',
  );
});

test('it counts only where ops lists it, after all of its times, and /health agrees', async (t) => {
  const { chat, database, look } = await stage(t, { delivered: false });
  await database.sql('UPDATE evenkeel.outbox SET attempts = 1');
  const once = await look();
  assert.match(once.problems.join('\n'), new RegExp(`to ${chat} was left to a person after 1 of 2 times$`));
  await database.sql('UPDATE evenkeel.outbox SET attempts = 2, resolved_at = now()');
  const hidden = await look();
  assert.deepEqual(hidden.left, []);
  assert.match(hidden.problems[0]!, /is of unknown outcome, and ops does not list it$/);
  assert.match(hidden.problems[1]!, /^1 messages and 0 answers .*\/health counts \{"messages":0,"answers":0\}$/);
});

test('an answer at hand is one by its chat, and is there three times at no time', async (t) => {
  const { database, look, said, chat } = await stage(t, { delivered: true });
  const send = { method: 'sendMessage', state: 'unknown', tries: 2, reason: '502', at: '2026-01-01T00:00:00.000Z' };
  await database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body, state, settled_at, sends)
     VALUES ($1, 1, 'payment', $2, '', 'done', now(), $3)`,
    [world.botId, `${world.botId}:pay:41`, JSON.stringify([send])],
  );
  const { left, problems } = await look();
  assert.deepEqual(problems, []);
  assert.equal(excusing(left)(41), true);
  telegram.faults = {};
  await world.callTelegram('sendMessage', { chat_id: chat, text: SOME_FEW });
  assert.deepEqual(said().problems, [`${chat} was told of receipt R-7 3 times`]);
});

test('an update that was given up is a loss, but for a question before a payment that Telegram has cancelled', async (t) => {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, world.posture);
  const parked = [
    { queue: 'preCheckout', seconds: 10.5 },
    { queue: 'preCheckout', seconds: 9 },
    { queue: 'payment', seconds: 60 },
    { queue: 'chat', seconds: 60 },
  ];
  for (const [index, { queue, seconds }] of parked.entries())
    await database.sql(
      `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body, state, received_at, settled_at, last_error)
       VALUES ($1, $2, $3, $4, '', 'parked', now() - $5 * interval '1 s', now(), 'no connection')`,
      [world.botId, index, queue, `${world.botId}:${index}`, seconds],
    );
  const { problems, late } = await givenUp(pool);
  assert.deepEqual(late, ['update 0 of preCheckout was given up after 10.5 s: no connection']);
  assert.deepEqual(problems.map((line) => /^update (\d)/.exec(line)![1]).toSorted(), ['1', '2', '3']);
});
