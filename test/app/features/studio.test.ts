/** Pictures and videos for credits: what people see, and what becomes of their credits, whatever Novita does. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import type { JobNeeds } from '../../../app/features/feature.ts';
import { sweep } from '../../../app/features/studio/sweep.ts';
import { credit, reserve } from '../../../app/ledger/index.ts';
import { startFeature } from '../../harness/feature.ts';
import { captureLog } from '../../harness/logs.ts';
import { people, QUICK } from './studio.rig.ts';

const feature = await startFeature({ after }, 'studio', { posture: QUICK });
const { world } = feature;
const { telegram, novita, database } = world;
const { pool, give, balance, order, said, rows, files, press, sound, until, messages } = people({ after }, world);

beforeEach(() => {
  novita.faults = {};
  telegram.faults = {};
});

test('a picture is quoted, agreed to, made, shown and charged, in that order', async () => {
  await give(1);
  await order(1, '/image a lighthouse in a storm');
  const done = await said(1, /^Done\. You paid 10 credits; 90 left\.$/);
  const [picture, ...more] = files(1);
  assert.equal(more.length, 0);
  assert.equal(picture!.text, 'Your picture.');
  assert.equal(picture!.media!.kind, 'photo');
  assert.ok(picture!.media!.size > 500);
  assert.ok(done.edited, 'one message is changed all the way');
  assert.deepEqual(done.buttons, []);
  assert.deepEqual(await balance(1), { available: 90n, held: 0n, debt: 0n });
  assert.equal(novita.tasks().length, 1);
  const [row] = await rows(1);
  assert.deepEqual([row!.state, row!.tries, row!.deliveries, row!.prompt], ['delivered', 1, 1, null]);
  await sound();
});

test('no price is taken for nothing, too much or somewhere else', async () => {
  telegram.open(2);
  assert.match(await feature.ask(2, '/image'), /^Describe the picture/);
  assert.match(await feature.ask(2, `/image ${'x'.repeat(1_001)}`), /1,?000 characters or fewer/);
  assert.match(await feature.ask(-2, '/image a cat'), /^Write to me in private/);
});

test('no, thanks: nothing is made', async () => {
  await give(3);
  telegram.say(3, '/image a cat');
  await said(3, /You pay only when you have it/);
  await press(3, /^No, thanks$/);
  await said(3, /nothing is charged/);
  assert.deepEqual(await rows(3), []);
  assert.deepEqual(await balance(3), { available: 100n, held: 0n, debt: 0n });
});

test('two taps and two orders make one render', async () => {
  await give(4);
  novita.faults = { slow: 40 };
  const quote = await order(4, '/image one');
  telegram.tap(4, quote.messageId, quote.buttons[0]![0]!.callback_data!);
  await said(4, /^Your order is in/);
  telegram.say(4, '/image two');
  // The first one may stand there still, its button used.
  await until('a second quote', () =>
    messages(4).some(({ messageId, text }) => messageId > quote.messageId && /You pay only/.test(text)),
  );
  await press(4, /^Make it/);
  await said(4, /^You have one under way already/);
  await press(4, /^Cancel$/);
  await said(4, /^Cancelled\. Your 10 credits are back\.$/);
  assert.deepEqual(await balance(4), { available: 100n, held: 0n, debt: 0n });
  assert.deepEqual(
    (await rows(4)).map(({ state }) => state),
    ['cancelled'],
  );
  await sound();
});

test('with too few credits it waits for them, and says how many', async () => {
  await give(5, 4n);
  await order(5, '/image a cat');
  await said(5, /short of 6 credits/);
  assert.deepEqual(
    (await rows(5)).map(({ state }) => state),
    ['wanted'],
  );
  assert.deepEqual(await balance(5), { available: 4n, held: 0n, debt: 0n });
});

test('what is declined is not charged, tried again or offered otherwise', async () => {
  await give(6);
  await order(6, '/video something forbidden');
  const told = await said(6, /^The renderer declines to make this\. Your 80 credits are back/);
  assert.deepEqual(told.buttons, []);
  await give(7);
  await order(7, '/video nude');
  assert.deepEqual((await said(7, /^The renderer declines to make this/)).buttons, []);
  assert.deepEqual(await balance(7), { available: 100n, held: 0n, debt: 0n });
  assert.deepEqual(
    (await rows(7)).map(({ tries, reason }) => [tries, reason]),
    [[1, 'moderated']],
  );
});

test('an empty account at Novita: the credits go back, and the worker says so', async () => {
  await give(8);
  novita.faults = { empty: true };
  await order(8, '/image a cat');
  await said(8, /^Nothing can be made just now, and somebody has been told/);
  assert.equal((await feature.worker.health()).providers!['novita']!.balanceEmpty, 1);
  novita.faults = {};
  await give(9);
  await order(9, '/image a cat');
  await said(9, /^Done/);
  assert.equal((await feature.worker.health()).providers!['novita']!.balanceEmpty, 0);
});

test('a render that fails is tried once more, and then its credits go back', async () => {
  await give(10);
  novita.faults = { fails: true };
  const before = novita.tasks().length;
  await order(10, '/image a cat');
  await said(10, /^It could not be made\. Your 10 credits are back\.$/);
  assert.equal(novita.tasks().length - before, 2);
  assert.deepEqual(await balance(10), { available: 100n, held: 0n, debt: 0n });
});

test('a video that failed is offered as a picture, at its own price, by a button', async () => {
  await give(11);
  novita.faults = { fails: true };
  await order(11, '/video waves');
  await said(11, /picture of it instead, for 10 credits\?/);
  novita.faults = {};
  await press(11, /^A picture for 10$/);
  await said(11, /^Done\. You paid 10 credits; 90 left/);
  assert.equal(files(11)[0]!.media!.kind, 'photo');
});

test('a video comes as one', async () => {
  await give(12);
  await order(12, '/video waves rolling onto a beach');
  await said(12, /^Done\. You paid 80 credits; 20 left/);
  const { kind, size } = files(12)[0]!.media!;
  assert.deepEqual([kind, size], ['video', 512 * 1024]);
});

test('21. a submission whose answer is lost is never made again; without a callback its credits go back', async () => {
  await give(13);
  novita.faults = { loseAnswers: true };
  const before = novita.tasks().length;
  await order(13, '/image a cat');
  await until('the submission', () => novita.tasks().length > before);
  await until('its deadline', async () => (await rows(13))[0]?.state === 'submitting');
  await database.sql(`UPDATE evenkeel.render SET submitted_at = now() - interval '1 h' WHERE user_id = 13`);
  await said(13, /^The renderer has lost your order\. Your 10 credits are back/);
  assert.equal(novita.tasks().length - before, 1);
  await sound();
});

test('27. a task that Novita does not know any more is given up after some looks', async () => {
  await give(14);
  novita.faults = { forgets: true };
  await order(14, '/image a cat');
  await said(14, /^The renderer has lost your order/);
});

test('Novita is away: the order waits, is not doubled, and is made when it is back', async () => {
  await give(15);
  novita.faults = { rateLimit: true };
  const before = novita.tasks().length;
  await order(15, '/image a cat');
  await said(15, /^The renderer is busy; yours begins as soon as it can\. 10 credits stay set aside/);
  novita.faults = {};
  await said(15, /^Done/);
  assert.equal(novita.tasks().length - before, 1);
});

test('a result that cannot be fetched is not charged', async () => {
  await give(16);
  novita.faults = { resultGone: true };
  await order(16, '/image a cat');
  await until('attempts at it', async () => {
    await feature.due('deliver');
    return (await rows(16))[0]?.state === 'failed';
  });
  await said(16, /^It was made, but it could not be fetched\. Your 10 credits are back/);
  assert.deepEqual(files(16), []);
  assert.deepEqual(await balance(16), { available: 100n, held: 0n, debt: 0n });
});

test('a deadline that is over gives the credits back, whatever Novita says later', async () => {
  await give(17);
  novita.faults = { slow: 1_000 };
  await order(17, '/image a cat');
  await until('the task', async () => (await rows(17))[0]?.state === 'submitted');
  await database.sql(`UPDATE evenkeel.render SET deadline_at = now() WHERE user_id = 17`);
  await said(17, /^It took too long and was stopped\. Your 10 credits are back/);
  const { task } = (await rows(17))[0]!;
  novita.finish(task!, 'done');
  assert.deepEqual(files(17), []);
  await sound();
});

test('who has blocked the bot is not charged', async () => {
  await give(18);
  novita.faults = { slow: 8 };
  await order(18, '/image a cat');
  await said(18, /^Your order is in/);
  telegram.faults = { blocked: [18] };
  await until('its end', async () => (await rows(18))[0]?.state === 'failed');
  assert.deepEqual(await balance(18), { available: 100n, held: 0n, debt: 0n });
});

test('a result of which nobody knows whether it arrived comes once more, says so, and is paid once', async () => {
  await give(19);
  novita.faults = { slow: 8 };
  await order(19, '/image a cat');
  await said(19, /^Your order is in/);
  telegram.faults = { spoiltAnswers: 'reset', sendsOnly: true };
  await until('the first file', () => files(19).length > 0);
  telegram.faults = {};
  await until('the end', async () => (await rows(19))[0]?.state === 'delivered');
  const texts = files(19).map(({ text }) => text);
  assert.equal(texts.length, 2);
  assert.match(texts[1]!, /again: it was not certain/);
  assert.deepEqual(await balance(19), { available: 90n, held: 0n, debt: 0n });
  assert.equal((await rows(19))[0]!.deliveries, 2);
});

test('what was shown is charged though the database breaks off just then, and not shown again', async () => {
  await give(21);
  novita.faults = { drips: true };
  await order(21, '/video waves');
  await until('its upload', async () => (await rows(21))[0]?.state === 'delivering');
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM evenkeel.render WHERE user_id = 21 FOR UPDATE');
    novita.faults = {};
    await until('the video', () => files(21).length > 0);
    await until('its charge, which waits', async () => {
      const broken = await database.sql(`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND query LIKE '%FROM evenkeel.render WHERE id = $2%'`);
      return broken.length > 0;
    });
    await client.query('COMMIT');
  } finally {
    client.release();
  }
  await said(21, /^Done\. You paid 80 credits; 20 left/);
  assert.deepEqual([files(21).length, (await rows(21))[0]!.deliveries], [1, 1]);
  await sound();
});

test('credits that came for it, and were set aside, are given back by the clock with a word', async () => {
  const { botId, posture } = world;
  await give(22, 4n);
  await order(22, '/image a cat');
  await said(22, /short of 6 credits/);
  const { id } = (await rows(22))[0]!;
  // As a payment leaves it whose job nobody has run.
  await withTx(pool, async (tx) => {
    await credit(tx, { botId, userId: 22, cause: 'stars:more' }, { amount: 6n, from: 'stars' });
    await reserve(tx, { botId, userId: 22, cause: `render:${id}` }, { amount: 10n, ttl: 3_600_000 });
  });
  await database.sql(`UPDATE evenkeel.render SET deadline_at = now() - interval '1 day' WHERE user_id IN (5, 22)`);
  const run = { job: { id: '1', name: 'renders' }, signal: AbortSignal.timeout(60_000), deadline: Date.now() + 60_000 };
  await sweep({ pool, botId, posture } as JobNeeds)({ ...run, log: captureLog().log });
  await said(22, /^It took too long and was stopped\. Your 10 credits are back/);
  assert.deepEqual(await balance(22), { available: 10n, held: 0n, debt: 0n });
  // Who has paid nothing hears nothing of it.
  assert.deepEqual((await rows(5))[0]!.state, 'cancelled');
  assert.ok(!messages(5).some(({ text }) => /took too long/.test(text)));
  await sound();
});

test('26. what is under way ends while the feature is switched off, and nothing new begins', async () => {
  await give(20);
  novita.faults = { slow: 16 };
  await order(20, '/image a cat');
  await said(20, /^Your order is in/);
  await database.sql(
    `INSERT INTO evenkeel.flag (name, is_on, changed_by, reason) VALUES ('features.studio', false, 'test', 'test')
     ON CONFLICT (name) DO UPDATE SET is_on = false`,
  );
  await said(20, /^Done/);
});
