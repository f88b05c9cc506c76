/** The health pages over real processes: what each role says while its database is there, away, and back. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { COUNTED_TO } from '../../../contract/health.ts';
import { queueAgeLimit } from '../../../posture/alarms/queues.ts';
import { cleanup } from '../../harness/cleanup.ts';
import { freshDatabase } from '../../harness/database.ts';
import { store, workerPool } from '../../harness/lanes.ts';
import { startProxy, through } from '../../harness/proxy.ts';
import { waitFor } from '../../harness/wait.ts';
import { deliver, message } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });

const FOR_OPERATORS = ['/db-status', '/db-stability', '/metrics'];

/** A role whose database can be taken away. */
async function behindProxy(t: { after(end: () => Promise<void>): void }, role: 'web' | 'worker', away = false) {
  const proxy = await startProxy(t, world.postgres);
  if (away) proxy.mode = 'refuse';
  const task = await world.startTask(t, role, { env: { DATABASE_URL: through(proxy, world.database.url(role)) } });
  return { proxy, task };
}

for (const role of ['web', 'worker'] as const) {
  test(`${role}: live at once though the database is away, ready when it comes, not ready while it is gone again`, async (t) => {
    const { proxy, task } = await behindProxy(t, role, true);
    await task.url();
    assert.equal((await task.get('/live')).status, 200);
    const notReady = await task.get('/ready');
    assert.equal(notReady.status, 503);
    assert.deepEqual(await notReady.json(), { ready: false, reason: 'database is away' });
    const bare = await task.get('/health');
    assert.equal(bare.status, 503);
    assert.deepEqual(await bare.json(), { status: 'unhealthy' });

    proxy.mode = 'pass';
    await task.ready();
    await waitFor(async () => (await task.health()).status === 'healthy', { what: 'healthy' });

    proxy.mode = 'refuse';
    await waitFor(async () => (await task.get('/ready')).status === 503, { what: 'not ready any more' });
    assert.equal((await task.get('/live')).status, 200);
    const health = await task.health();
    assert.equal(health.status, 'unhealthy');
    assert.match(health.reasons[0]!, /^database is away: .+/);
    const status = await task.get('/db-status', { operator: true });
    assert.equal(status.status, 503);
    assert.equal(((await status.json()) as { state: string }).state, 'down');
    const stability = (await (await task.get('/db-stability', { operator: true })).json()) as Record<string, number>;
    assert.ok(stability['failedProbes']! >= 1);
    assert.ok(stability['failuresInARow']! >= 1);
    assert.equal((await task.get('/metrics', { operator: true })).status, 200, 'metrics without the database');

    proxy.mode = 'pass';
    await task.ready();
    const after = (await (await task.get('/db-stability', { operator: true })).json()) as Record<string, number>;
    assert.equal(after['failuresInARow'], 0, 'a success ends the run of failures');
  });

  test(`${role}: /live answers at once while the database swallows every byte`, async (t) => {
    const { proxy, task } = await behindProxy(t, role);
    await task.ready();
    proxy.mode = 'freeze';
    await waitFor(
      async () => {
        const probe = task.get('/ready');
        const started = performance.now();
        assert.equal((await task.get('/live')).status, 200);
        assert.ok(
          performance.now() - started < world.posture.database.timeouts.connect,
          'sooner than any wait for it ends',
        );
        return (await probe).status === 503;
      },
      { what: 'not ready' },
    );
  });

  test(`${role}: details are for operators alone`, async (t) => {
    const task = await world.startTask(t, role);
    await task.ready();
    assert.deepEqual(await (await task.get('/health')).json(), { status: 'healthy' });
    for (const path of FOR_OPERATORS) {
      assert.equal((await task.get(path)).status, 401, path);
      const wrong = await fetch(`${await task.url()}${path}`, { headers: { authorization: 'Bearer operator-token' } });
      assert.equal(wrong.status, 401, path);
      assert.equal((await task.get(path, { operator: true })).status, 200, path);
    }
    const health = await task.health();
    assert.equal(health.role, role);
    assert.equal(health.pid, task.pid);
    assert.deepEqual(health.reasons, []);
    assert.equal(health.pool.max, world.posture[role].pool);
    assert.deepEqual(Object.keys(health.queues!).sort(), ['chat', 'payment', 'preCheckout']);
    assert.ok(health.memory.heapLimit > 0 && health.uptimeSeconds >= 0 && !health.draining);
    if (role === 'web') assert.equal(health.intake!.maxInFlight, world.posture.web.maxInFlight);
    else {
      assert.equal(health.lanes!['chat']!.capacity, world.posture.jobs.chat.lanes);
      assert.equal(health.providers!['telegram']!.breaker, 'closed');
    }
  });
}

test('without an operator token nobody is an operator', async (t) => {
  const web = await world.startTask(t, 'web', { env: { OPERATOR_TOKEN: '' } });
  await web.ready();
  for (const authorization of ['', 'Bearer ', 'Bearer undefined'])
    for (const path of FOR_OPERATORS)
      assert.equal((await fetch(`${await web.url()}${path}`, { headers: { authorization } })).status, 401);
});

test('metrics are Prometheus text with the queues, the pool and the role', async (t) => {
  const web = await world.startTask(t, 'web');
  await web.ready();
  await deliver(await web.url(), message(1, 1, 'x'));
  const response = await web.get('/metrics', { operator: true });
  assert.match(response.headers.get('content-type')!, /^text\/plain/);
  const text = await response.text();
  assert.match(text, /^evenkeel_queue\{queue="chat",name="pending",role="web"\} 1$/m);
  assert.match(text, /^evenkeel_pool_connections\{state="max",role="web"\} 4$/m);
  assert.match(text, /^evenkeel_role\{group="intake",name="stored",role="web"\} 1$/m);
  assert.match(text, /^process_resident_memory_bytes\{role="web"\} \d+$/m);
});

test('an update that has waited longer than its alarm allows makes the task degraded, and still ready', async (t) => {
  const database = await world.freshDatabase(t);
  const web = await world.startTask(t, 'web', { database });
  await web.ready();
  const age = (queue: 'chat' | 'preCheckout', beyond: number) =>
    database.sql(
      `INSERT INTO evenkeel.lane (lane, bot_id, queue, due_at) VALUES ('9:1', 9, $1, now() - $2 * interval '1 ms')
       ON CONFLICT (lane) DO UPDATE SET queue = EXCLUDED.queue, due_at = EXCLUDED.due_at`,
      [queue, queueAgeLimit(world.posture, queue) + beyond],
    );
  for (const queue of ['chat', 'preCheckout'] as const) {
    await age(queue, -5_000);
    assert.deepEqual((await web.health()).reasons, [], `${queue}: not yet`);
    await age(queue, 5_000);
    const health = await web.health();
    assert.equal(health.status, 'degraded');
    assert.match(health.reasons.join(), new RegExp(`^${queue}: oldest update has waited \\d+ s$`));
  }
  assert.equal((await web.get('/health')).status, 200);
  // One chat that was asked to wait, or that a worker has in hand, is nobody's delay (fault quiet-false-alarm).
  for (const change of [
    `due_at = now() + interval '1 hour'`,
    `due_at = now() - interval '1 hour', owner = gen_random_uuid()`,
  ]) {
    await database.sql(`UPDATE evenkeel.lane SET ${change}`);
    assert.deepEqual((await web.health()).reasons, []);
  }
  assert.equal((await web.get('/ready')).status, 200);
});

test('who has no operator token costs the database next to nothing, however often they ask', async (t) => {
  const database = await world.freshDatabase(t);
  const looksTaken = async () => {
    const [row] = await database.sql<{ scans: number }>(
      `SELECT idx_scan::int AS scans FROM pg_stat_user_indexes WHERE indexrelname = 'inbox_parked'`,
    );
    return row!.scans;
  };
  const before = await looksTaken();
  const web = await world.startTask(t, 'web', { database });
  await web.ready();
  const began = performance.now();
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.all(Array.from({ length: 30 }, () => web.get('/health')));
    assert.ok(answers.every(({ status }) => status === 200));
    await Promise.all(answers.map((answer) => answer.text()));
  }
  const allowed = 1 + (performance.now() - began) / (world.posture.sentinel.every / 4);
  // A session hands in its counts when it ends at the latest.
  await web.stop();
  const taken = (await looksTaken()) - before;
  assert.ok(taken >= 1 && taken <= allowed, `${taken} looks for 300 questions`);
});

test('a look that hangs takes no connection from the intake, and what it could not count is a reason', async (t) => {
  const database = await world.freshDatabase(t);
  const web = await world.startTask(t, 'web', { database });
  await web.ready();
  const client = new pg.Client({ connectionString: database.url('superuser') });
  await client.connect();
  t.after(() => client.end());
  await client.query('BEGIN; LOCK TABLE evenkeel.lane IN ACCESS EXCLUSIVE MODE');
  const operators = Promise.all(Array.from({ length: 20 }, () => web.health()));
  const strangers = Promise.all(Array.from({ length: 20 }, () => web.get('/health')));
  const origin = await web.url();
  const deliveries = await Promise.all(
    Array.from({ length: 20 }, (_, index) => deliver(origin, message(index + 1, index + 1, 'x'))),
  );
  assert.ok(
    deliveries.every(({ status }) => status === 200),
    'every update was stored',
  );
  for (const health of await operators) {
    assert.equal(health.status, 'degraded');
    assert.match(health.reasons.join(), /^the backlog cannot be counted: .*lock timeout/);
    assert.equal(health.queues, undefined);
  }
  for (const answer of await strangers) assert.deepEqual(await answer.json(), { status: 'degraded' });
  await client.query('ROLLBACK');
  assert.equal((await web.health()).status, 'healthy');
});

test('an update without a lane is stranded once announcement and sweep have had their time, whatever else is at work', async (t) => {
  const database = await world.freshDatabase(t);
  const web = await world.startTask(t, 'web', { database });
  await web.ready();
  const { poll, sweep } = world.posture.lanes;
  await database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, received_at, body)
     SELECT 9, n, 'chat', '9:' || n, now() - CASE n WHEN 3 THEN 0 ELSE $1 END * interval '1 ms', '{}'
     FROM generate_series(1, 3) AS n`,
    [poll + 2 * sweep + 60_000],
  );
  await database.sql(
    `INSERT INTO evenkeel.lane (lane, bot_id, queue, owner) VALUES ('9:1', 9, 'chat', gen_random_uuid())`,
  );
  const { queues, reasons, status } = await web.health();
  assert.deepEqual([queues!['chat']!.pending, queues!['chat']!.stranded, status], [3, 1, 'degraded']);
  assert.deepEqual(reasons, ['chat: no lane has 1 updates, or will']);
});

test('of a large backlog only so much is counted, and said to be more', async (t) => {
  const database = await world.freshDatabase(t);
  await database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body)
     SELECT 9, n, 'chat', '9:' || n % 500, '{}' FROM generate_series(1, ${COUNTED_TO + 20_000}) AS n`,
  );
  const web = await world.startTask(t, 'web', { database });
  await web.ready();
  assert.equal((await web.health()).queues!['chat']!.pending, COUNTED_TO + 1);
});

test('a task whose database nobody has migrated is neither ready nor healthy, and says what to do', async (t) => {
  const database = await freshDatabase(world.postgres, cleanup(t), 'template1');
  const web = await world.startTask(t, 'web', { database });
  const notReady = await web.get('/ready');
  assert.equal(notReady.status, 503);
  assert.deepEqual(await notReady.json(), { ready: false, reason: 'database has no schema' });
  assert.equal((await web.get('/health')).status, 503);
  const health = await web.health();
  assert.equal(health.status, 'unhealthy');
  assert.deepEqual(health.reasons, ['database has no schema: run the role migrate']);
  const migration = await world.startTask(t, 'migrate', { database });
  assert.deepEqual(await migration.exited, { code: 0, signal: null }, migration.output.join('\n'));
  await web.ready();
});

test('a worker says that a breaker is open, and which', async (t) => {
  t.after(() => (world.telegram.faults = {}));
  const database = await world.freshDatabase(t);
  const worker = await world.startTask(t, 'worker', { database });
  await worker.ready();
  for (let chatId = 1; chatId <= 30; chatId += 1) world.telegram.open(chatId);
  world.telegram.faults = { error: true };
  await store(
    workerPool(t, database, world.posture),
    Array.from({ length: 30 }, (_, index) => message(index + 1, index + 1, 'hi')),
    world.botId,
  );
  await waitFor(
    async () => (await worker.health()).reasons.some((reason) => /^telegram: breaker is open$/.test(reason)),
    {
      what: 'the open breaker among the reasons',
    },
  );
  assert.equal((await worker.health()).status, 'degraded');
  assert.equal((await worker.get('/ready')).status, 200);
});
