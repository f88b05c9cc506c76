/** One effect an update, whatever waits (fault second-effect): nobody is killed here, and nothing is sent twice. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Turn } from '../../../app/lanes/update.ts';
import { resolve } from '../../../posture/resolve.ts';
import { startProxy, through } from '../../harness/proxy.ts';
import { BOT_ID, settled, startLanes, store, workerPool } from '../../harness/lanes.ts';
import { deferred, waitFor } from '../../harness/wait.ts';
import { message } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });

/** Leases so short that every wait below is several of them. */
const posture = resolve({
  lanes: { heartbeat: '2s', touch: '400ms', poll: '200ms', sweep: '500ms' },
  watchdog: { maxLag: '1s' },
  database: {
    timeouts: {
      connect: '400ms',
      acquire: '400ms',
      lock: '300ms',
      statement: '500ms',
      query: '700ms',
      maxLifetime: '15m',
    },
  },
  jobs: { chat: { backoff: { first: '100ms' } } },
});
const SENDS = 30;
/** Longer than a lease by far, ms. */
const WAIT = 5_000;

/** Two workers with a send under way in each chat, whose answer comes when the gate opens. */
async function sending(t: TestContext, url?: (original: string) => string) {
  const database = await world.freshDatabase(t);
  const gate = deferred();
  const sends = new Map<number, number>();
  const handle = async (turn: Turn) => {
    turn.hold();
    sends.set(turn.update.updateId, (sends.get(turn.update.updateId) ?? 0) + 1);
    await gate.promise;
  };
  const seen = url ? { ...database, url: (role?: 'worker' | 'web') => url(database.url(role)) } : database;
  const workers = await Promise.all([1, 2].map(() => startLanes(t, { database: seen, posture, handle })));
  await store(
    workerPool(t, database, posture),
    Array.from({ length: SENDS }, (_, index) => message(index + 1, index + 1, 'x')),
  );
  await waitFor(() => sends.size === SENDS, { what: 'a send under way in each chat' });
  const lost = () => workers.flatMap(({ logs }) => logs.matching(/worker was lost|lane lost/));
  const verdict = async () => {
    const rows = await settled(database, 30_000);
    assert.ok(rows.every(({ state, attempts, takeovers }) => state === 'done' && attempts === 0 && takeovers === 0));
    assert.deepEqual(
      [...sends.values()].filter((count) => count !== 1),
      [],
      'sent again',
    );
  };
  return { database, gate, lost, verdict };
}

for (const [what, statement] of [
  ['rows of the inbox are locked', 'SELECT FROM evenkeel.inbox FOR UPDATE'],
  ['the inbox is locked', 'LOCK TABLE evenkeel.inbox IN ACCESS EXCLUSIVE MODE'],
  ['the lanes are locked', 'LOCK TABLE evenkeel.lane IN ACCESS EXCLUSIVE MODE'],
] as const) {
  test(`${what} for several leases: what was sent is settled afterwards, and not sent again`, async (t) => {
    const { database, gate, lost, verdict } = await sending(t);
    const { promise: unlock, resolve: release } = deferred();
    const locked = deferred();
    const locking = database.transaction(async (sql) => {
      await sql(statement);
      locked.resolve();
      await unlock;
    });
    await locked.promise;
    gate.resolve();
    await sleep(WAIT);
    release();
    await locking;
    await verdict();
    assert.deepEqual(lost(), []);
  });
}

test('the database is away for several leases: no worker is taken for dead, whoever looks first', async (t) => {
  const proxy = await startProxy(t, world.postgres);
  const { database, gate, lost, verdict } = await sending(t, (url) => through(proxy, url));
  proxy.mode = 'refuse';
  gate.resolve();
  await sleep(WAIT);
  proxy.mode = 'pass';
  await verdict();
  assert.deepEqual(lost(), []);
  assert.equal((await database.sql('SELECT FROM evenkeel.worker')).length, 2);
});

test('a claim whose answer is lost is given back: its lanes wait for nobody', async (t) => {
  const proxy = await startProxy(t, world.postgres);
  const database = await world.freshDatabase(t);
  const seen = { ...database, url: (role?: 'worker' | 'web') => through(proxy, database.url(role)) };
  const handled: number[] = [];
  await startLanes(t, { database: seen, posture, handle: async (turn) => void handled.push(turn.update.updateId) });
  await waitFor(async () => (await database.sql('SELECT FROM evenkeel.worker')).length === 1, {
    what: 'it to register',
  });
  const [{ id }] = (await database.sql<{ id: string }>('SELECT id FROM evenkeel.worker')) as [{ id: string }];
  // What a claim leaves whose commit was done and whose answer never came.
  await database.sql(
    `INSERT INTO evenkeel.lane (lane, bot_id, queue, owner, generation)
     SELECT $1 || ':' || n, $1::bigint, 'chat', $2::uuid, nextval('evenkeel.generation') FROM generate_series(1, 5) AS n`,
    [String(BOT_ID), id],
  );
  await store(
    workerPool(t, database, posture),
    Array.from({ length: 5 }, (_, index) => message(index + 1, index + 1, 'x')),
  );
  // Longer than a query may take, and than a poll.
  proxy.mode = 'freeze';
  await sleep(1_500);
  proxy.mode = 'pass';
  proxy.cut();
  await settled(database);
  assert.deepEqual(handled.toSorted(), [1, 2, 3, 4, 5]);
});

test('a worker that cannot renew its row does not take others for dead: the first one back finds nobody lost', async (t) => {
  const { database, gate, lost, verdict } = await sending(t);
  const { promise: unlock, resolve: release } = deferred();
  const locked = deferred();
  // Reads pass, writes wait: as on a server that has become read-only.
  const locking = database.transaction(async (sql) => {
    await sql('LOCK TABLE evenkeel.worker IN EXCLUSIVE MODE');
    locked.resolve();
    await unlock;
  });
  await locked.promise;
  await sleep(WAIT);
  release();
  await locking;
  gate.resolve();
  await verdict();
  assert.deepEqual(lost(), []);
});

test('a worker that others took for dead tells how many chats it has lost', async (t) => {
  const database = await world.freshDatabase(t);
  const gate = deferred();
  let begun = 0;
  const { engine } = await startLanes(t, {
    database,
    posture,
    handle: async () => {
      begun += 1;
      await gate.promise;
    },
  });
  await store(
    workerPool(t, database, posture),
    [1, 2, 3].map((n) => message(n, n, 'x')),
  );
  await waitFor(() => begun === 3, { what: 'three chats in hand' });
  assert.equal(engine.lost(), 0);
  await database.sql('DELETE FROM evenkeel.worker');
  await waitFor(() => engine.lost() === 3, { what: 'the loss to be noticed' });
  gate.resolve();
  await settled(database, 30_000);
});
