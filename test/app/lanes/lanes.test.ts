/** The lanes on a real database: order, attempts, deadlines, postponing, sweeping; handlers are the tests' own. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { claimLanes } from '../../../app/lanes/claim.ts';
import { HandlerTimeout, Hopeless, RetryLater, Unreachable } from '../../../app/outcome.ts';
import type { Turn } from '../../../app/lanes/update.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { PostureInput } from '../../../posture/schema/index.ts';
import { BOT_ID, inbox, settled, startLanes, store, workerPool } from '../../harness/lanes.ts';
import { deferred, waitFor } from '../../harness/wait.ts';
import { message } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });

/** A posture for handlers that end at once: quick repeats, quick sweeps. */
const quick = (extra: PostureInput['jobs'] = {}) =>
  resolve({
    jobs: { chat: { backoff: { first: '100ms', max: '10s' }, attempts: 3, ...extra.chat }, ...extra },
    lanes: { poll: '200ms', sweep: '300ms' },
  });

const preCheckout = (updateId: number): object => ({
  update_id: updateId,
  pre_checkout_query: { id: 'q', from: { id: 1, is_bot: false, first_name: 'A' }, currency: 'XTR', total_amount: 1 },
});

const idOf = ({ update }: Turn) => update.updateId;

test('one chat is handled one update at a time and in order, over two workers that share the chats', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick({ chat: { lanes: 8, turn: '100ms' } });
  const chats = 30;
  const handled = new Map<string, number[]>();
  const active = new Map<string, number>();
  const overlaps: string[] = [];
  const shares = [0, 0];
  const handler = (worker: 0 | 1) => async (turn: Turn) => {
    const { lane, updateId } = turn.update;
    if ((active.get(lane) ?? 0) > 0) overlaps.push(`${lane}: ${updateId}`);
    active.set(lane, (active.get(lane) ?? 0) + 1);
    await new Promise((done) => setTimeout(done, updateId % 7));
    shares[worker]! += 1;
    handled.set(lane, [...(handled.get(lane) ?? []), updateId]);
    active.set(lane, active.get(lane)! - 1);
  };
  const ids = Array.from({ length: 600 }, (_, index) => index + 1);
  const shuffled = ids.toSorted((a, b) => ((a * 7919) % 601) - ((b * 7919) % 601));
  await store(
    workerPool(t, database, posture),
    shuffled.map((id) => message(id, 100 + (id % chats), 'x')),
  );
  await Promise.all([
    startLanes(t, { database, posture, handle: handler(0) }),
    startLanes(t, { database, posture, handle: handler(1) }),
  ]);
  const rows = await settled(database);
  assert.ok(rows.every(({ state, attempts, takeovers }) => state === 'done' && attempts === 0 && takeovers === 0));
  assert.deepEqual(overlaps, []);
  assert.equal(handled.size, chats);
  for (const [lane, order] of handled) {
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      lane,
    );
    assert.equal(order.length, 20);
  }
  assert.ok(shares[0]! > 0 && shares[1]! > 0, `shares of the workers: ${shares.join(', ')}`);
});

test('what is stored while its chat is being handled follows at once', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick();
  const gate = deferred();
  const handled: number[] = [];
  const { pool } = await startLanes(t, {
    database,
    posture,
    handle: async (turn) => {
      if (idOf(turn) === 1) await gate.promise;
      handled.push(idOf(turn));
    },
  });
  await store(pool, [message(1, 7, 'x')]);
  await waitFor(async () => (await database.sql(`SELECT FROM evenkeel.lane WHERE owner IS NOT NULL`)).length === 1, {
    what: 'the chat to be taken',
  });
  await store(pool, [message(2, 7, 'x'), message(3, 7, 'x')]);
  // Announced while the chat is in hand: its row is there already, so they are found by the look after its end.
  assert.equal((await database.sql('SELECT FROM evenkeel.lane')).length, 1);
  gate.resolve();
  await settled(database);
  assert.deepEqual(handled, [1, 2, 3]);
});

test('a pre-checkout query overtakes 500 chats that wait', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick({ chat: { lanes: 4 } });
  const gate = deferred();
  const answered = deferred<number>();
  const { pool } = await startLanes(t, {
    database,
    posture,
    handle: async (turn) => {
      if (turn.update.queue === 'preCheckout') answered.resolve(idOf(turn));
      else await gate.promise;
    },
  });
  await store(
    pool,
    Array.from({ length: 500 }, (_, index) => message(index + 1, index + 1, 'x')),
  );
  await store(pool, [preCheckout(501)]);
  assert.equal(await answered.promise, 501);
  await waitFor(async () => (await inbox(database)).find(({ updateId }) => updateId === 501)?.state === 'done', {
    what: 'the query to be done',
  });
  assert.equal((await inbox(database)).filter(({ state }) => state === 'pending').length, 500);
  gate.resolve();
  await settled(database);
});

test('a poisonous update is tried again after growing pauses, then parked, and its chat goes on', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick();
  const tried: number[] = [];
  const others: number[] = [];
  const { pool, engine, logs } = await startLanes(t, {
    database,
    posture,
    handle: async (turn) => {
      if (idOf(turn) !== 1) return void others.push(idOf(turn));
      assert.deepEqual(others, [], 'what follows waits for it');
      tried.push(performance.now());
      throw new Error('poison');
    },
  });
  await store(pool, [message(1, 7, 'x'), message(2, 7, 'x'), message(3, 7, 'x')]);
  const rows = await settled(database);
  assert.deepEqual(rows, [
    { updateId: 1, state: 'parked', attempts: 3, takeovers: 0, error: 'poison' },
    { updateId: 2, state: 'done', attempts: 0, takeovers: 0, error: null },
    { updateId: 3, state: 'done', attempts: 0, takeovers: 0, error: null },
  ]);
  assert.deepEqual(others, [2, 3]);
  assert.equal(tried.length, 3);
  assert.ok(tried[1]! - tried[0]! >= 95, 'the first pause');
  assert.ok(tried[2]! - tried[1]! >= 190, 'the second one is twice as long');
  const { handled, failed, parked } = engine.state().chat;
  assert.deepEqual({ handled, failed, parked }, { handled: 2, failed: 3, parked: 1 });
  assert.equal(logs.matching(/^update parked, its chat goes on$/).length, 1);
});

test('whatever a handler throws is an attempt: a text, nothing, an error with a NUL in it', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick({ chat: { attempts: 1 } });
  const thrown: unknown[] = ['text', undefined, null, new Error('nul \u0000 inside'), new Error('x'.repeat(5000))];
  const { pool } = await startLanes(t, {
    database,
    posture,
    handle: async (turn) => {
      throw thrown[idOf(turn) - 1];
    },
  });
  await store(
    pool,
    thrown.map((_, index) => message(index + 1, index + 1, 'x')),
  );
  const rows = await settled(database);
  assert.ok(rows.every(({ state, attempts }) => state === 'parked' && attempts === 1));
  assert.match(rows[3]!.error!, /^nul .*inside$/);
  assert.equal(rows[4]!.error!.length, 2000);
});

test('a handler that ignores its signal is cut at its deadline, and can do nothing outward any more', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick({ chat: { handler: '300ms', attempts: 2 } });
  const reasons: unknown[] = [];
  const late: unknown[] = [];
  const release = deferred();
  const { pool } = await startLanes(t, {
    database,
    posture,
    handle: async (turn) => {
      if (idOf(turn) === 2) return;
      turn.signal.addEventListener('abort', () => reasons.push(turn.signal.reason));
      await release.promise;
      try {
        turn.hold();
      } catch (error) {
        late.push(error);
      }
    },
  });
  await store(pool, [message(1, 7, 'x'), message(2, 7, 'x')]);
  const rows = await settled(database);
  assert.deepEqual(
    rows.map(({ state, attempts }) => [state, attempts]),
    [
      ['parked', 2],
      ['done', 0],
    ],
  );
  assert.match(rows[0]!.error!, /not handled within 300 ms/);
  release.resolve();
  await waitFor(() => late.length === 2, { what: 'the handlers that were left behind' });
  assert.equal(reasons.length, 2);
  assert.ok(reasons.every((reason) => reason instanceof HandlerTimeout));
});

test('a handler that has ended holds its lane no longer', async (t) => {
  const database = await world.freshDatabase(t);
  const turns: Turn[] = [];
  const { pool } = await startLanes(t, { database, posture: quick(), handle: async (turn) => void turns.push(turn) });
  await store(pool, [message(1, 7, 'x')]);
  await settled(database);
  assert.throws(() => turns[0]!.hold(), /has ended/);
});

test('"not now" costs no attempt, and leaves the place in the worker to others meanwhile', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick({ chat: { lanes: 1 } });
  const calls: { id: number; at: number }[] = [];
  const { pool } = await startLanes(t, {
    database,
    posture,
    handle: async (turn) => {
      calls.push({ id: idOf(turn), at: performance.now() });
      if (calls.filter(({ id }) => id === 1).length < 2 && idOf(turn) === 1)
        throw new RetryLater(1500, 'asked to wait');
    },
  });
  await store(pool, [message(1, 7, 'x'), message(2, 7, 'x')]);
  await waitFor(() => calls.length === 1, { what: 'the first try' });
  await store(pool, [message(3, 8, 'x')]);
  const rows = await settled(database);
  assert.deepEqual(
    calls.map(({ id }) => id),
    [1, 3, 1, 2],
  );
  assert.ok(calls[2]!.at - calls[0]!.at >= 1450, 'not before its time');
  assert.ok(rows.every(({ state, attempts }) => state === 'done' && attempts === 0));
});

test('nobody there to answer counts as handled; what is hopeless is parked at once', async (t) => {
  const database = await world.freshDatabase(t);
  const { pool } = await startLanes(t, {
    database,
    posture: quick(),
    handle: async (turn) => {
      throw idOf(turn) === 1 ? new Unreachable('blocked') : new Hopeless('refused');
    },
  });
  await store(pool, [message(1, 7, 'x'), message(2, 8, 'x')]);
  assert.deepEqual(
    (await settled(database)).map(({ state, attempts }) => [state, attempts]),
    [
      ['done', 0],
      ['parked', 1],
    ],
  );
});

test('a server that is away costs a handler no attempt', async (t) => {
  const database = await world.freshDatabase(t);
  let calls = 0;
  const { pool } = await startLanes(t, {
    database,
    posture: quick(),
    handle: async (_turn, workers) => {
      calls += 1;
      if (calls === 1) await workers.query(`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '57P03'; END $$`);
    },
  });
  await store(pool, [message(1, 7, 'x')]);
  assert.deepEqual(await settled(database), [{ updateId: 1, state: 'done', attempts: 0, takeovers: 0, error: null }]);
  assert.equal(calls, 2);
});

test('a statement that always times out is an attempt: the update is parked, and its chat goes on', async (t) => {
  const database = await world.freshDatabase(t);
  const handled: number[] = [];
  const { pool } = await startLanes(t, {
    database,
    posture: quick({ chat: { attempts: 2 } }),
    handle: async (turn, workers) => {
      if (idOf(turn) === 2) return void handled.push(2);
      await workers.query('SET statement_timeout = 50; SELECT pg_sleep(5)');
    },
  });
  await store(pool, [message(1, 7, 'x'), message(2, 7, 'x')]);
  const rows = await settled(database);
  assert.deepEqual(
    rows.map(({ state, attempts }) => [state, attempts]),
    [
      ['parked', 2],
      ['done', 0],
    ],
  );
  assert.match(rows[0]!.error!, /statement timeout/);
});

test('patience has an end: what asks to wait for longer uses attempts, and is parked', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick({ chat: { attempts: 2, patience: '1s' } });
  const { pool } = await startLanes(t, {
    database,
    posture,
    handle: async (turn) => {
      if (idOf(turn) === 1) throw new RetryLater(200, 'asked to wait');
    },
  });
  await store(pool, [message(1, 7, 'x'), message(2, 7, 'x')]);
  const rows = await settled(database);
  assert.deepEqual(
    rows.map(({ state, attempts }) => [state, attempts]),
    [
      ['parked', 2],
      ['done', 0],
    ],
  );
});

test('a turn handles at least one update, however short it is declared', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick({ chat: { turn: '10ms' } });
  let handled = 0;
  const { pool, engine } = await startLanes(t, {
    database,
    posture,
    handle: async () => {
      await sleep(12);
      handled += 1;
    },
  });
  await store(
    pool,
    Array.from({ length: 20 }, (_, index) => message(index + 1, index % 4, 'x')),
  );
  await settled(database);
  assert.equal(handled, 20);
  assert.ok(engine.state().chat.ended <= 40, `${engine.state().chat.ended} turns for 20 updates`);
});

test('a drain that runs out of time aborts the handlers, ends in time, and uses no attempt', async (t) => {
  const database = await world.freshDatabase(t);
  const begun = deferred<void>();
  const aborted = deferred<unknown>();
  const { pool, engine } = await startLanes(t, {
    database,
    posture: quick(),
    handle: async (turn) => {
      turn.signal.addEventListener('abort', () => aborted.resolve(turn.signal.reason));
      begun.resolve();
      await new Promise(() => undefined);
    },
  });
  await store(pool, [message(1, 7, 'x'), message(2, 7, 'x')]);
  // Not only its chat taken: a lane that has not begun an update when the drain begins hands it on at once.
  await begun.promise;
  const started = performance.now();
  await engine.drain(300);
  assert.ok(performance.now() - started < 1500);
  assert.match(String(await aborted.promise), /ran out of time/);
  assert.ok((await inbox(database)).every(({ state, attempts }) => state === 'pending' && attempts === 0));
});

test('lanes that nobody announced, or whose row was deleted, are found by the sweep', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick();
  const pool = workerPool(t, database, posture);
  await store(
    pool,
    Array.from({ length: 20 }, (_, index) => message(index + 1, index + 1, 'x')),
  );
  assert.equal((await database.sql('DELETE FROM evenkeel.lane RETURNING lane')).length, 20);
  const handled: number[] = [];
  await startLanes(t, { database, posture, handle: async (turn) => void handled.push(idOf(turn)) });
  await settled(database);
  assert.deepEqual(
    handled.toSorted((a, b) => a - b),
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
});

test('a worker whose own row is gone claims nothing', async (t) => {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, quick());
  await store(pool, [message(1, 7, 'x')]);
  assert.deepEqual(await claimLanes(pool, randomUUID(), BOT_ID, 'chat', 10), []);
});

test('bodies that are read at once are bounded by their size, and at least one is read', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick();
  const pool = workerPool(t, database, posture);
  await store(
    pool,
    Array.from({ length: 5 }, (_, index) => message(index + 1, 7, 'x'.repeat(40_000))),
  );
  const worker = randomUUID();
  await database.sql('INSERT INTO evenkeel.worker (id, bot_id, lease) VALUES ($1, $2, $3)', [worker, BOT_ID, '10 s']);
  const [claim] = await claimLanes(pool, worker, BOT_ID, 'chat', 10);
  assert.equal(claim!.updates.length, 2);
  await database.sql('UPDATE evenkeel.lane SET owner = NULL');
  const handled: number[] = [];
  await startLanes(t, { database, posture, handle: async (turn) => void handled.push(idOf(turn)) });
  await settled(database);
  assert.deepEqual(handled, [1, 2, 3, 4, 5]);
});
