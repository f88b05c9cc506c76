/** The limiter itself: what it counts, what it lets through, and what it does without its database. */
import assert from 'node:assert/strict';
import { after, describe, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { createChats } from '../../../app/providers/limiter/chats.ts';
import { costOf } from '../../../app/providers/limiter/cost.ts';
import { createLimiter, type Limiter } from '../../../app/providers/limiter/index.ts';
import { createLeaseStore, type LeaseStore } from '../../../app/providers/limiter/lease.ts';
import { RetryLater } from '../../../app/outcome.ts';
import { sendsPerTask } from '../../../posture/limits.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { PostureInput } from '../../../posture/schema/index.ts';
import { workerPool } from '../../harness/lanes.ts';
import { captureLog } from '../../harness/logs.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

type Rate = NonNullable<NonNullable<NonNullable<PostureInput['providers']>['telegram']>['rate']>;

const world = await startWorld({ after });
const never = new AbortController().signal;
const postureWith = (rate: Rate) => resolve({ providers: { telegram: { rate } } });

/** A limiter as a worker process has it, on a database of its own unless one is given. */
async function limiterFor(t: TestContext, rate: Rate, { database = world.database, botId = 42 } = {}) {
  const posture = postureWith(rate);
  const pool = workerPool(t, database, posture);
  const limiter = createLimiter(posture, createLeaseStore(pool, botId), captureLog().log);
  t.after(() => limiter.close());
  return limiter;
}

const send = async (limiter: Limiter, chat: number, signal = never, deadline?: number): Promise<void> =>
  limiter.take('sendMessage', { chat_id: chat, text: 'x' }, signal, deadline);

/** The most of these times, ms, in any window of so many ms. */
function densest(times: number[], window: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.max(0, ...sorted.map((from) => sorted.filter((at) => at >= from && at < from + window).length));
}

describe('what a call takes of the limits', () => {
  for (const [method, payload, messages] of [
    ['sendMessage', { chat_id: 1 }, 1],
    ['sendMediaGroup', { chat_id: 1, media: [{}, {}, {}] }, 3],
    ['forwardMessages', { chat_id: 1, message_ids: [1, 2] }, 2],
    ['copyMessage', { chat_id: 1 }, 1],
    ['editMessageText', { chat_id: 1 }, 1],
    ['editMessageReplyMarkup', { inline_message_id: 'a' }, 1],
    ['sendInvoice', { chat_id: 1 }, 1],
    ['sendChatAction', { chat_id: 1 }, 0],
    ['answerCallbackQuery', {}, 0],
    ['answerPreCheckoutQuery', {}, 0],
    ['getMe', undefined, 0],
    ['deleteMessage', { chat_id: 1 }, 0],
    ['setMyCommands', {}, 0],
    ['editForumTopic', { chat_id: 1 }, 0],
  ] as const) {
    test(`${method}: ${messages}`, () => assert.equal(costOf(method, payload)?.messages ?? 0, messages));
  }

  test('groups and channels, by id or name, have their own limit', () => {
    const group = (id: unknown) => costOf('sendMessage', { chat_id: id })?.group;
    assert.deepEqual([7, '7', -7, '-100', '@news'].map(group), [false, false, true, true, true]);
  });
});

test('in no minute a group gets more than its limit, nor a chat more than a message a second beyond its burst', () => {
  const rate = postureWith({}).providers.telegram.rate;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 100, maxLength: 300 }), (pauses) => {
      for (const group of [true, false]) {
        const chats = createChats(rate);
        const cost = { chat: 'c', group, messages: 1 };
        const times: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          now += chats.wait(cost, now);
          chats.spend(cost, now);
          times.push(now);
        }
        assert.ok(densest(times, 60_000) <= (group ? rate.group : 60 * rate.chat + rate.chatBurst));
        if (!group) assert.ok(densest(times, 10_000) <= 10 * rate.chat + rate.chatBurst);
      }
    }),
    { numRuns: 30 },
  );
});

test('two workers together stay within the rate', async (t) => {
  const patient: Rate = { patience: '60s' };
  const database = await world.freshDatabase(t);
  const limiters = [await limiterFor(t, patient, { database }), await limiterFor(t, patient, { database })];
  const times: number[] = [];
  const began = performance.now();
  await Promise.all(
    limiters.flatMap((limiter, worker) =>
      Array.from({ length: 40 }, async (_, chat) => {
        await send(limiter, worker * 1000 + chat);
        times.push(performance.now());
      }),
    ),
  );
  // One second's worth, what a bucket may have saved, and a block that is used late.
  assert.ok(densest(times, 1000) <= 30 + 20, `${densest(times, 1000)} in a second`);
  assert.equal(times.length, 80);
  assert.ok(performance.now() - began >= ((80 - 20) / 30) * 1000, 'not faster than the rate');
});

test('a chat that moves between workers keeps its pace', async (t) => {
  const database = await world.freshDatabase(t);
  const rate: Rate = { patience: '30s' };
  const limiters = [await limiterFor(t, rate, { database }), await limiterFor(t, rate, { database })];
  const times: number[] = [];
  // As its updates are handled: one after the other, each on the other worker.
  for (let sent = 0; sent < 10; sent += 1) {
    await send(limiters[sent % 2]!, 7);
    times.push(performance.now());
    // Longer than a grant is good for, or there would be no lease to tell anybody anything.
    await new Promise((done) => setTimeout(done, 350));
  }
  assert.ok(densest(times, 5000) <= 5 + 3 + 1, `${densest(times, 5000)} in 5 s`);
});

test('a single send costs one small statement, and at rest there is none', async (t) => {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, postureWith({}));
  const store = createLeaseStore(pool, 42);
  let leases = 0;
  const counted: LeaseStore = {
    ...store,
    lease(request) {
      leases += 1;
      return store.lease(request);
    },
  };
  const limiter = createLimiter(postureWith({ global: 30_000, chat: 10_000 }), counted, captureLog().log);
  t.after(() => limiter.close());
  await send(limiter, 1);
  assert.equal(leases, 1);
  const until = performance.now() + 1500;
  let sent = 0;
  while (performance.now() < until) {
    await Promise.all([send(limiter, 1), send(limiter, 2), send(limiter, 3)]);
    sent += 3;
    await new Promise((done) => setTimeout(done, 3));
  }
  assert.ok(leases < 10 + sent / 5, `${leases} leases for ${sent} sends`);
  const before = leases;
  await new Promise((done) => setTimeout(done, 700));
  assert.equal(leases, before, 'none while nothing is sent');
});

test('what is paid for is forgotten, what is not is kept', async (t) => {
  const database = await world.freshDatabase(t);
  const store = createLeaseStore(workerPool(t, database, postureWith({})), 42);
  await database.sql(
    `INSERT INTO evenkeel.rate VALUES (42, 'all', now() - interval '1 day'), (42, 'chat:1', now() - interval '2 minutes'),
       (42, 'chat:2', now()), (7, 'chat:1', now() - interval '2 minutes')`,
  );
  await store.forget();
  const rows = await database.sql('SELECT bot_id::int, scope FROM evenkeel.rate ORDER BY 1, 2');
  assert.deepEqual(
    rows.map(({ bot_id, scope }) => `${bot_id} ${scope}`),
    ['7 chat:1', '42 all', '42 chat:2'],
  );
});

test('without its database each worker goes on with its own part of the rate, and shares again afterwards', async (t) => {
  const posture = postureWith({ global: 120 });
  const pool = workerPool(t, world.database, posture);
  const store = createLeaseStore(pool, 4711);
  let broken = true;
  const failing: LeaseStore = {
    ...store,
    lease: (request) => (broken ? Promise.reject(new Error('away')) : store.lease(request)),
  };
  const logs = captureLog();
  const limiter = createLimiter(posture, failing, logs.log);
  t.after(() => limiter.close());
  const times: number[] = [];
  for (let chat = 1; chat <= 20; chat += 1) {
    await send(limiter, chat);
    times.push(performance.now());
  }
  assert.equal(limiter.state().alone, 1);
  assert.ok(densest(times, 1000) <= Math.ceil(sendsPerTask(posture)) + 1);
  assert.equal(logs.matching(/cannot be shared/).length, 1, 'told once');
  broken = false;
  await waitFor(async () => (await send(limiter, 99), limiter.state().alone === 0), { what: 'a shared lease' });
});

test('a turn that does not come within the patience is a RetryLater; a signal ends the wait at once', async (t) => {
  const limiter = await limiterFor(t, { global: 1, broadcast: 0, replies: 1, patience: '1s' }, { botId: 5 });
  await send(limiter, 1);
  const results = await Promise.allSettled([2, 3, 4, 5].map((chat) => send(limiter, chat)));
  const postponed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  assert.ok(postponed.length >= 2);
  assert.ok(postponed.every((reason) => reason instanceof RetryLater && reason.after > 0));
  const pauses = postponed.map((reason) => (reason as RetryLater).after);
  assert.equal(new Set(pauses).size, pauses.length, 'they are not all told to come back at once');

  const ending = new AbortController();
  const reason = new Error('the handler is over');
  const waiting = send(limiter, 6, ending.signal);
  ending.abort(reason);
  await assert.rejects(waiting, (error) => error === reason || error instanceof RetryLater);
  assert.equal(limiter.state().waiting, 0);
});

test('a wait that would leave no time for the call is not begun', async (t) => {
  const limiter = await limiterFor(t, { chatBurst: 1, chat: 1, patience: '30s' }, { botId: 6 });
  limiter.heard('sendMessage', { chat_id: 1 }, 10_000);
  await assert.rejects(send(limiter, 1, never, Date.now() + 12_000), RetryLater);
});

describe('a 429', () => {
  const limits: Rate = { chat: 1000, global: 10_000 };

  test('of a chat closes that chat alone', async (t) => {
    const limiter = await limiterFor(t, limits, { botId: 8 });
    limiter.heard('sendMessage', { chat_id: 1 }, 30_000);
    await assert.rejects(send(limiter, 1), (error) => error instanceof RetryLater && error.after > 25_000);
    await send(limiter, 2);
    assert.deepEqual([limiter.state().refused, limiter.state().closedFor], [1, 0]);
  });

  test('of a chat is known to the worker that the chat moves to', async (t) => {
    const database = await world.freshDatabase(t);
    const [one, other] = [await limiterFor(t, limits, { database }), await limiterFor(t, limits, { database })];
    one.heard('sendMessage', { chat_id: 1 }, 30_000);
    await send(one, 2);
    await send(other, 3);
    await assert.rejects(send(other, 1), (error) => error instanceof RetryLater && error.after > 25_000);
  });

  test('without a chat closes all sends of the process, and no answer to a tap', async (t) => {
    const limiter = await limiterFor(t, limits, { botId: 9 });
    limiter.heard('editMessageText', { inline_message_id: 'a' }, 30_000);
    await assert.rejects(send(limiter, 2), RetryLater);
    for (const method of ['answerCallbackQuery', 'answerPreCheckoutQuery', 'sendChatAction', 'getFile'])
      assert.equal(limiter.take(method, { chat_id: 2 }, never), undefined);
    assert.ok(limiter.state().closedFor > 25_000);
  });

  test('of one chat after the other is about the bot; a send that is accepted in between says it is not', async (t) => {
    const limiter = await limiterFor(t, limits, { botId: 10 });
    for (const chat of [1, 2]) limiter.heard('sendMessage', { chat_id: chat }, 30_000);
    limiter.heard('sendMessage', { chat_id: 3 }, undefined);
    limiter.heard('sendMessage', { chat_id: 4 }, 30_000);
    assert.equal(limiter.state().closedFor, 0);
    for (const chat of [5, 6]) limiter.heard('sendMessage', { chat_id: chat }, 3_600_000);
    const { closedFor } = limiter.state();
    assert.ok(closedFor > 55_000 && closedFor <= 60_000, 'a conclusion is tried again after a minute at most');
  });
});
