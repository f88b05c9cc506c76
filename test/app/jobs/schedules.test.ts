/** Jobs by the clock, over several workers: one run a slot, a deadline, an outcome in the log. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBoss } from '../../../app/jobs/boss.ts';
import type { ScheduleHandler } from '../../../app/jobs/run.ts';
import { startSchedule } from '../../../app/jobs/schedules.ts';
import { resolve } from '../../../posture/resolve.ts';
import { cleanup } from '../../harness/cleanup.ts';
import type { TestDatabase } from '../../harness/database.ts';
import { workerPool } from '../../harness/lanes.ts';
import { captureLog } from '../../harness/logs.ts';
import { deferred, waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const quick = (every: string, deadline: string) => resolve({ schedules: { retention: { every, deadline } } });

function startWorker(
  t: TestContext,
  database: TestDatabase,
  posture: ReturnType<typeof quick>,
  handler: ScheduleHandler,
) {
  const undo = cleanup(t);
  const logs = captureLog();
  const boss = createBoss(workerPool({ after: undo }, database, posture), logs.log);
  undo(() => boss.stop({ graceful: false }));
  const loop = startSchedule({ boss, posture, name: 'retention', handler, log: logs.log });
  undo(() => loop.stop());
  return { loop, logs };
}

const slots = (database: TestDatabase) =>
  database.sql<{ state: string; slot: number }>(
    `SELECT state::text, extract(epoch FROM singleton_on)::int AS slot FROM pgboss.job WHERE name = 'retention' ORDER BY slot`,
  );

test('a slot has one run, whatever the number of workers, begun and ended in the log', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick('1s', '900ms');
  let runs = 0;
  const handler: ScheduleHandler = () => Promise.resolve({ deleted: (runs += 1) });
  const workers = Array.from({ length: 4 }, () => startWorker(t, database, posture, handler));
  await waitFor(() => runs >= 4, { within: 30_000, what: 'four slots' });
  await Promise.all(workers.map(({ loop }) => loop.stop()));
  const jobs = await slots(database);
  assert.equal(new Set(jobs.map(({ slot }) => slot)).size, jobs.length, 'one row a slot');
  assert.equal(jobs.filter(({ state }) => state === 'completed').length, runs);
  const lines = workers.flatMap(({ logs }) => logs.lines);
  assert.equal(lines.filter(({ msg }) => msg === 'job begins').length, runs);
  const ends = lines.filter(({ msg }) => msg === 'job ended');
  assert.equal(ends.length, runs);
  for (const end of ends) assert.equal(end['outcome'], 'done');
  assert.deepEqual(
    ends.map(({ deleted }) => deleted).sort(),
    Array.from({ length: runs }, (_, index) => index + 1),
  );
});

test('a run that is not over leaves the next slots out; at its deadline it is told to end, and the log says so', async (t) => {
  const database = await world.freshDatabase(t);
  const runs: { slot: number; aborted: boolean }[] = [];
  const handler: ScheduleHandler = async ({ signal }) => {
    const run = { slot: runs.length, aborted: false };
    runs.push(run);
    await sleep(60_000, undefined, { signal }).catch(() => undefined);
    run.aborted = signal.aborted;
    return {};
  };
  const worker = startWorker(t, database, quick('1s', '2500ms'), handler);
  startWorker(t, database, quick('1s', '2500ms'), handler);
  await waitFor(() => runs.length >= 2, { within: 30_000, what: 'the second run' });
  assert.equal(runs[0]!.aborted, true, 'the first had ended before the second began');
  const jobs = await slots(database);
  assert.ok(jobs[1]!.slot - jobs[0]!.slot >= 2, 'slots that went by during the first run are left out');
  await waitFor(async () => (await slots(database)).some(({ state }) => state === 'failed'), { what: 'a late job' });
  assert.ok(worker.logs.matching(/^job ended$/).every(({ outcome }) => outcome === 'late'));
});

test('a run that fails is the run’s own matter: the cause is in the log, and the next slot runs', async (t) => {
  const database = await world.freshDatabase(t);
  let runs = 0;
  const { logs } = startWorker(t, database, quick('1s', '900ms'), () => {
    runs += 1;
    throw new Error('no space left');
  });
  await waitFor(() => runs >= 2, { within: 30_000, what: 'the next slot' });
  const [end] = logs.matching(/^job ended$/);
  assert.deepEqual([end!.level, end!['outcome'], end!['error']], ['warn', 'failed', 'no space left']);
});

test('a drain tells the run to end, waits for it, and counts nothing as failed', async (t) => {
  const database = await world.freshDatabase(t);
  const begun = deferred();
  const { loop, logs } = startWorker(t, database, quick('1m', '45s'), async ({ signal }) => {
    begun.resolve();
    await sleep(60_000, undefined, { signal });
    return {};
  });
  await begun.promise;
  await loop.stop();
  assert.equal(logs.matching(/^job ended$/)[0]!['outcome'], 'cut short');
  assert.deepEqual(
    (await slots(database)).map(({ state }) => state),
    ['completed'],
  );
});

test('no job is written with a notification in its commit', async (t) => {
  const database = await world.freshDatabase(t);
  const queues = await database.sql(
    `SELECT name, policy, notify FROM pgboss.queue WHERE name NOT IN ('chat', 'preCheckout') ORDER BY name`,
  );
  assert.deepEqual(queues, [
    { name: 'dead', policy: 'standard', notify: false },
    { name: 'lapse', policy: 'exclusive', notify: false },
    { name: 'mandate', policy: 'standard', notify: false },
    { name: 'reconcile', policy: 'exclusive', notify: false },
    { name: 'refund', policy: 'standard', notify: false },
    { name: 'remind', policy: 'standard', notify: false },
    { name: 'reserves', policy: 'exclusive', notify: false },
    { name: 'retention', policy: 'exclusive', notify: false },
    { name: 'stars', policy: 'exclusive', notify: false },
  ]);
});
