/** Timeouts, transactions and lost connections of the pool, against a real server and a real network. */
import assert from 'node:assert/strict';
import { after, beforeEach, test, type TestContext } from 'node:test';
import { isServerAway } from '../../../app/database/errors.ts';
import { startListener } from '../../../app/database/listener.ts';
import { bigints, createPool, poolCounts } from '../../../app/database/pool.ts';
import { inTransaction } from '../../../app/database/transaction.ts';
import { resolve } from '../../../posture/resolve.ts';
import { probing } from '../../harness/control.ts';
import { captureLog } from '../../harness/logs.ts';
import { startProxy, through } from '../../harness/proxy.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const posture = resolve({
  worker: { pool: 2 },
  database: {
    timeouts: {
      acquire: '300ms',
      connect: '300ms',
      statement: '500ms',
      lock: '250ms',
      query: '800ms',
      idleInTransaction: '400ms',
    },
  },
});

function pool(t: TestContext, url = world.database.url('worker')) {
  const logs = captureLog();
  const made = createPool({ url, posture, role: 'worker', log: logs.log });
  t.after(() => made.end());
  return { pool: made, logs };
}

/** What a promise is rejected with, and after how long. */
async function failure(promise: Promise<unknown>): Promise<{ error: Error & { code?: string }; took: number }> {
  const started = performance.now();
  const error = await promise.then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason as Error,
  );
  return { error, took: performance.now() - started };
}

/** Of a statement that any machine answers at once. */
const control = await probing({ after }, () => world.database.sql('SELECT 1'));
beforeEach(() => control.reset());

function assertTook(took: number, wanted: number): void {
  const slack = 400 + 4 * control.slowest();
  assert.ok(
    took >= wanted - 20 && took < wanted + slack,
    `took ${took} ms instead of ${wanted}, give or take ${slack}`,
  );
}

test('waiting for a connection ends after its time', async (t) => {
  const { pool: full } = pool(t);
  const held = await Promise.all([full.connect(), full.connect()]);
  const { error, took } = await failure(full.query('SELECT 1'));
  held.forEach((client) => client.release());
  assert.match(error.message, /timeout exceeded when trying to connect/);
  assertTook(took, 300);
  assert.equal((await full.query('SELECT 1')).rowCount, 1);
});

test('connecting ends after its own time, before the wait for a connection would', async (t) => {
  const proxy = await startProxy(t, world.postgres);
  proxy.mode = 'freeze';
  const patient = resolve({ worker: { pool: 2 }, database: { timeouts: { acquire: '20s', connect: '250ms' } } });
  const url = through(proxy, world.database.url('worker'));
  const workers = createPool({ url, posture: patient, role: 'worker', log: captureLog().log });
  t.after(() => workers.end());
  const { error, took } = await failure(workers.query('SELECT 1'));
  assert.match(error.message, /timeout expired/);
  assert.equal(isServerAway(error), true);
  assertTook(took, 250);
});

test('integers of 64 bits are numbers, refused where one would be rounded, and BigInt where a statement asks', async (t) => {
  const { pool: workers } = pool(t);
  const largest = '9223372036854775807';
  assert.deepEqual((await workers.query('SELECT 7::int8 AS n')).rows, [{ n: 7 }]);
  await assert.rejects(workers.query(`SELECT ${largest}::int8 AS n`), /9223372036854775807 is beyond 2\^53/);
  const amounts = { text: 'SELECT $1::int8 AS n, 1::int4 AS m', values: [largest], types: bigints };
  assert.deepEqual((await workers.query(amounts)).rows, [{ n: 9223372036854775807n, m: 1 }]);
  const { rows } = await workers.query({ name: 'prepared', ...amounts });
  assert.deepEqual(rows, [{ n: 9223372036854775807n, m: 1 }]);
  assert.deepEqual((await workers.query('SELECT count(*) AS n FROM pg_class WHERE false')).rows, [{ n: 0 }]);
});

test('a statement, a wait for a lock, an idle transaction: each is ended by the server after its time', async (t) => {
  const { pool: workers, logs } = pool(t);
  const statement = await failure(workers.query('SELECT pg_sleep(5)'));
  assert.equal(statement.error.code, '57014');
  assertTook(statement.took, 500);

  await world.database.sql('CREATE TABLE IF NOT EXISTS evenkeel.lockable (n int)');
  await world.database.sql('GRANT ALL ON evenkeel.lockable TO worker');
  const holder = await workers.connect();
  const ended = new Promise<Error>((done) => holder.once('error', done));
  await holder.query('BEGIN');
  // Else a machine that is slow ends this session before the other one has waited.
  await holder.query('SET LOCAL idle_in_transaction_session_timeout = 0');
  await holder.query('LOCK TABLE evenkeel.lockable IN ACCESS EXCLUSIVE MODE');
  const lock = await failure(workers.query('SELECT FROM evenkeel.lockable'));
  assert.equal(lock.error.code, '55P03');
  assertTook(lock.took, 250);
  // The holder does nothing more: the server ends its session, which frees the lock.
  await holder.query('SET LOCAL idle_in_transaction_session_timeout = DEFAULT');
  assert.match((await ended).message, /idle-in-transaction timeout|terminated/);
  holder.release(true);
  await workers.query('SELECT FROM evenkeel.lockable');
  assert.equal(logs.matching(/lost/).length, 0, 'a connection in use is its user’s to report');
});

test('a network that swallows the answer: the client gives up after its own time, and the connection is gone', async (t) => {
  const proxy = await startProxy(t, world.postgres);
  const { pool: workers } = pool(t, through(proxy, world.database.url('worker')));
  await workers.query('SELECT 1');
  proxy.mode = 'freeze';
  const { error, took } = await failure(workers.query('SELECT 1'));
  assert.match(error.message, /Query read timeout/);
  assertTook(took, 800);
  assert.equal(workers.totalCount, 0);
  const connecting = await failure(workers.query('SELECT 1'));
  assertTook(connecting.took, 300);
  proxy.mode = 'pass';
  await waitFor(() => workers.query('SELECT 1').then(Boolean, () => false), { what: 'the pool to work again' });
});

test('a transaction on a network that swallows the answer costs one such time and not two', async (t) => {
  const proxy = await startProxy(t, world.postgres);
  const { pool: workers } = pool(t, through(proxy, world.database.url('worker')));
  const { took } = await failure(
    inTransaction(workers, async (client) => {
      proxy.mode = 'freeze';
      await client.query('SELECT 1');
    }),
  );
  assertTook(took, 800);
  assert.equal(workers.totalCount, 0);
});

test('a transaction that fails is rolled back, and its connection goes on', async (t) => {
  const { pool: workers } = pool(t);
  const insert = `INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, text) VALUES (1, $1, 'user', 1, 'x')`;
  const sql = await failure(
    inTransaction(workers, async (client) => {
      await client.query(insert, [1]);
      await client.query('SELECT 1/0');
    }),
  );
  assert.equal(sql.error.code, '22012');
  const own = await failure(
    inTransaction(workers, async (client) => {
      await client.query(insert, [2]);
      throw new Error('changed my mind');
    }),
  );
  assert.equal(own.error.message, 'changed my mind');
  assert.equal(await inTransaction(workers, async (client) => (await client.query(insert, [3])).rowCount), 1);
  assert.deepEqual(await world.database.sql('SELECT update_id::int FROM evenkeel.message'), [{ update_id: 3 }]);
  assert.deepEqual(poolCounts(workers), { max: 2, total: 1, idle: 1, waiting: 0 });
});

test('idle connections that the server cuts are logged and replaced, never thrown', async (t) => {
  const { pool: workers, logs } = pool(t);
  await Promise.all([workers.query('SELECT pg_sleep(0.05)'), workers.query('SELECT pg_sleep(0.05)')]);
  await world.database.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'`);
  await waitFor(() => logs.matching(/an idle database connection was lost/).length === 2, { what: 'both losses' });
  assert.equal((await workers.query('SELECT 1')).rowCount, 1);
});

test('sessions say who they are, and keep time in UTC', async (t) => {
  const { pool: workers } = pool(t);
  const { rows } = await workers.query<Record<string, string>>(
    `SELECT current_setting('application_name') AS name, current_setting('timezone') AS timezone,
            current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
            current_setting('idle_in_transaction_session_timeout') AS idle`,
  );
  assert.deepEqual(rows, [
    { name: 'evenkeel-worker', timezone: 'UTC', statement: '500ms', lock: '250ms', idle: '400ms' },
  ]);
});

test('the listener hears what is committed, and hears again after its connection was lost', async (t) => {
  const heard: string[] = [];
  const listener = startListener({
    role: 'worker',
    url: world.database.url('worker'),
    posture,
    channels: ['evenkeel_test'],
    log: captureLog().log,
    onNotify: (channel) => heard.push(channel),
  });
  t.after(() => listener.stop());
  const hears = async (what: string) => {
    const before = heard.length;
    await waitFor(
      async () => {
        await world.database.sql('NOTIFY evenkeel_test');
        return heard.length > before;
      },
      { what },
    );
  };
  await waitFor(() => listener.connected(), { what: 'the listener to connect' });
  assert.deepEqual(heard, ['evenkeel_test'], 'once at the start: something may have been missed');
  await hears('a notification');
  await world.database.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'`);
  await hears('the reconnect, which counts as a notification');
  await waitFor(() => listener.connected(), { what: 'the listener to be back' });
  await hears('a notification after the loss');
});
