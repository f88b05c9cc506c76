/**
 * What the webhook answers while the database is away, frozen, full or locked: 503 with Retry-After within the ack
 * deadline, never a hang and never a 200 for what is not stored; and 200 again as soon as it is back.
 */
import assert from 'node:assert/strict';
import { after, beforeEach, test, type TestContext } from 'node:test';
import pg from 'pg';
import { probing } from '../../harness/control.ts';
import { startProxy, through } from '../../harness/proxy.ts';
import type { TaskProcess } from '../../harness/task.ts';
import { waitFor } from '../../harness/wait.ts';
import { deliver, headersOnly, message, rawRequest, type Delivery } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const proxy = await startProxy({ after }, world.postgres);
const web = await world.startTask({ after }, 'web', {
  env: { DATABASE_URL: through(proxy, world.database.url('web')) },
});
await web.ready();
const { ackDeadline } = world.posture.telegram;
/** What this task needs for an answer that no database has a part in. */
const control = await probing({ after }, () => web.get('/live'));

beforeEach(async () => {
  control.reset();
  proxy.mode = 'pass';
  await recovers(web);
});

let lastId = 0;
const nextId = () => ++lastId;

/** Every request is refused in time and honestly; what was acknowledged meanwhile, by a late commit, is stored. */
function assertRefused(deliveries: Delivery[]): void {
  for (const { status, retryAfter, took } of deliveries) {
    assert.equal(status, 503);
    assert.ok(retryAfter !== undefined && retryAfter >= 1 && retryAfter <= 10, `Retry-After: ${retryAfter}`);
    assert.ok(took <= ackDeadline + 300 + 3 * control.slowest(), `answered after ${took} ms`);
  }
}

const several = (count: number, origin: string) =>
  Promise.all(Array.from({ length: count }, () => deliver(origin, message(nextId(), 1, 'x'))));

async function recovers(task: TaskProcess): Promise<void> {
  const origin = await task.url();
  const id = nextId();
  await waitFor(async () => (await deliver(origin, message(id, 1, 'back'))).status === 200, { what: 'a 200 again' });
  assert.equal((await world.database.sql('SELECT FROM evenkeel.inbox WHERE update_id = $1', [id])).length, 1);
}

/** A session that stays inside a transaction until the returned function is called. */
async function holding(t: TestContext, statement: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: world.database.url() });
  await client.connect();
  let open = true;
  const release = async () => {
    if (open) await client.end();
    open = false;
  };
  t.after(release);
  await client.query('BEGIN');
  await client.query(statement);
  return release;
}

test('away: connections are refused', async () => {
  proxy.mode = 'refuse';
  const deliveries = await several(20, await web.url());
  assertRefused(deliveries);
  assert.ok(
    deliveries.every(({ took }) => took < 2500 + 3 * control.slowest()),
    'and told so soon',
  );
  proxy.mode = 'pass';
  await recovers(web);
});

test('gone in mid-request: the connections are cut', async () => {
  const origin = await web.url();
  for (let round = 0; round < 10; round += 1) {
    const first = lastId + 1;
    const pending = several(10, origin);
    proxy.cut();
    const statuses = (await pending).map(({ status }) => status);
    for (const [index, status] of statuses.entries()) {
      assert.ok(status === 200 || status === 503);
      const rows = await world.database.sql('SELECT FROM evenkeel.inbox WHERE update_id = $1', [first + index]);
      if (status === 200) assert.equal(rows.length, 1, 'acknowledged, so stored');
    }
  }
  await recovers(web);
});

test('silent: the network swallows every byte', async () => {
  proxy.mode = 'freeze';
  assertRefused(await several(10, await web.url()));
  proxy.cut();
  proxy.mode = 'pass';
  await recovers(web);
});

test('frozen: the server processes are stopped, and what they held is stored or was refused', async (t) => {
  const backends = await world.database.sql<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'evenkeel-web'`,
  );
  assert.ok(backends.length > 0);
  const goOn = () => backends.forEach(({ pid }) => signal(pid, 'SIGCONT'));
  t.after(goOn);
  backends.forEach(({ pid }) => signal(pid, 'SIGSTOP'));
  const first = lastId + 1;
  const deliveries = await several(10, await web.url());
  goOn();
  for (const [index, delivery] of deliveries.entries()) {
    // One that found a frozen connection is refused; the pool's next connection is a new one and works.
    if (delivery.status !== 200) assertRefused([delivery]);
    else
      assert.equal(
        (await world.database.sql('SELECT FROM evenkeel.inbox WHERE update_id = $1', [first + index])).length,
        1,
      );
  }
  await recovers(web);
});

test('full: the connections of the role are used up', async (t) => {
  await world.database.sql('ALTER ROLE web CONNECTION LIMIT 2');
  t.after(() => world.database.sql('ALTER ROLE web CONNECTION LIMIT 50'));
  await world.database.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'web'`);
  const others: pg.Client[] = [];
  t.after(() => Promise.all(others.map((client) => client.end())));
  await waitFor(
    async () => {
      const client = new pg.Client({ connectionString: world.database.url('web') });
      client.on('error', () => undefined);
      await client.connect().then(
        () => others.push(client),
        () => undefined,
      );
      return others.length === 2;
    },
    { what: 'both connections of the role to be taken' },
  );
  assertRefused(await several(10, await web.url()));
  await Promise.all(others.splice(0).map((client) => client.end()));
  await recovers(web);
});

test('locked: somebody left a transaction open that locks the table', async (t) => {
  const release = await holding(t, 'LOCK TABLE evenkeel.inbox IN ACCESS EXCLUSIVE MODE');
  const pending = several(10, await web.url());
  assertRefused(await pending);
  await release();
  await recovers(web);
});

test('read-only: the server is a standby that a failover has left behind', async (t) => {
  await world.database.sql(`ALTER ROLE web SET default_transaction_read_only = on`);
  t.after(() => world.database.sql(`ALTER ROLE web RESET default_transaction_read_only`));
  proxy.cut();
  await waitFor(async () => (await deliver(await web.url(), message(nextId(), 1, 'x'))).status === 503, {
    what: 'a refusal',
  });
  assertRefused(await several(3, await web.url()));
  await world.database.sql(`ALTER ROLE web RESET default_transaction_read_only`);
  proxy.cut();
  await recovers(web);
});

test('more requests than a task takes at once are refused at once, and the others are not affected', async (t) => {
  const small = await world.startTask(t, 'web', {
    posture: { telegram: { maxConnections: 4 }, web: { maxInFlight: 4 } },
  });
  await small.ready();
  const release = await holding(t, 'LOCK TABLE evenkeel.inbox IN ACCESS EXCLUSIVE MODE');
  const origin = await small.url();
  const deliveries: Delivery[] = [];
  const all = Array.from({ length: 14 }, async () => deliveries.push(await deliver(origin, message(nextId(), 1, 'x'))));
  await waitFor(() => deliveries.length >= 10, { what: 'ten refusals while the others wait' });
  await release();
  await Promise.all(all);
  assertRefused(deliveries.slice(0, 10));
  assert.deepEqual(
    deliveries.slice(10).map(({ status }) => status),
    [200, 200, 200, 200],
  );
  assert.equal((await small.health()).intake?.refused, 10);
});

test('a body that is slow to come counts as a request that the task has taken', async (t) => {
  const small = await world.startTask(t, 'web', {
    posture: { telegram: { maxConnections: 4 }, web: { maxInFlight: 4 } },
  });
  await small.ready();
  const origin = await small.url();
  const slow = Array.from({ length: 4 }, () => rawRequest(origin, headersOnly(1000)));
  t.after(() => slow.forEach(({ socket }) => socket.destroy()));
  await waitFor(async () => (await deliver(origin, message(nextId(), 1, 'x'))).status === 503, {
    what: 'a refusal while four bodies are on their way',
  });
  slow.forEach(({ socket }) => socket.destroy());
  await recovers(small);
  assert.equal((await small.health()).intake?.inFlight, 0);
});

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
