/** Jobs by the clock, over several workers: one run a slot, a deadline, an outcome in the log. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBoss } from '../../../app/jobs/boss.ts';
import type { ScheduleHandler } from '../../../app/jobs/run.ts';
import { startSchedule } from '../../../app/jobs/schedules.ts';
import { openSlot } from '../../../app/jobs/slots.ts';
import { fetchSlot } from '../../../app/jobs/store.ts';
import { resolve } from '../../../posture/resolve.ts';
import { cleanup } from '../../harness/cleanup.ts';
import type { TestDatabase } from '../../harness/database.ts';
import { BOT_ID, workerPool } from '../../harness/lanes.ts';
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
  botId = BOT_ID,
) {
  const undo = cleanup(t);
  const logs = captureLog();
  const pool = workerPool({ after: undo }, database, posture);
  const boss = createBoss(pool, logs.log);
  undo(() => boss.stop({ graceful: false }));
  const loop = startSchedule({ pool, boss, botId, posture, name: 'retention', handler, log: logs.log });
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
    { name: 'access', policy: 'standard', notify: false },
    { name: 'activation', policy: 'exclusive', notify: false },
    { name: 'broadcast', policy: 'standard', notify: false },
    { name: 'dead', policy: 'standard', notify: false },
    { name: 'deliver', policy: 'standard', notify: false },
    { name: 'deposit', policy: 'standard', notify: false },
    { name: 'deposits', policy: 'exclusive', notify: false },
    { name: 'download', policy: 'standard', notify: false },
    { name: 'downloads', policy: 'exclusive', notify: false },
    { name: 'expiry', policy: 'exclusive', notify: false },
    { name: 'lapse', policy: 'exclusive', notify: false },
    { name: 'linkWarnings', policy: 'exclusive', notify: false },
    { name: 'look', policy: 'standard', notify: false },
    { name: 'mandate', policy: 'standard', notify: false },
    { name: 'plan', policy: 'standard', notify: false },
    { name: 'reconcile', policy: 'exclusive', notify: false },
    { name: 'refund', policy: 'standard', notify: false },
    { name: 'remind', policy: 'standard', notify: false },
    { name: 'reminders', policy: 'exclusive', notify: false },
    { name: 'render', policy: 'standard', notify: false },
    { name: 'renders', policy: 'exclusive', notify: false },
    { name: 'renewals', policy: 'exclusive', notify: false },
    { name: 'reserves', policy: 'exclusive', notify: false },
    { name: 'retention', policy: 'exclusive', notify: false },
    { name: 'stars', policy: 'exclusive', notify: false },
    { name: 'trialNotices', policy: 'exclusive', notify: false },
  ]);
});

const rows = (database: TestDatabase) =>
  database.sql<{ at: number; ended: boolean; outcome: string | null }>(
    `SELECT extract(epoch FROM at)::int AS at, ended_at >= started_at AS ended, outcome FROM evenkeel.slot WHERE name = 'retention' ORDER BY at`,
  );

test('each slot has a row with its start, its end and its outcome, whatever becomes of the run', async (t) => {
  const database = await world.freshDatabase(t);
  let runs = 0;
  const { loop } = startWorker(t, database, quick('1s', '900ms'), async ({ slot, signal }) => {
    assert.ok(slot);
    runs += 1;
    if (runs === 2) throw new Error('no space left');
    if (runs === 3) await sleep(60_000, undefined, { signal });
    return {};
  });
  await waitFor(() => runs >= 5, { within: 30_000, what: 'five runs' });
  await loop.stop();
  const found = await rows(database);
  assert.deepEqual(
    found.slice(0, 4).map(({ outcome }) => outcome),
    ['done', 'failed', 'late', 'done'],
  );
  assert.ok(found.every(({ ended }) => ended));
});

test('slots that nobody ran are run late, as many as are declared, each as itself and the oldest first; or not at all', async (t) => {
  for (const catchUp of [0, 3]) {
    const database = await world.freshDatabase(t);
    const posture = resolve({ schedules: { retention: { every: '1h', deadline: '45s', catchUp } } });
    const hour = 3600;
    // The last that was done is seven hours old.
    await database.sql(
      `INSERT INTO evenkeel.slot (bot_id, name, at, started_at, ended_at, outcome)
       SELECT ${BOT_ID}, 'retention', to_timestamp((floor(extract(epoch FROM now()) / ${hour}) - 7) * ${hour}), now(), now(), 'done'`,
    );
    const seen: string[] = [];
    const handler: ScheduleHandler = ({ slot }) => Promise.resolve({ n: seen.push(slot!) });
    startWorker(t, database, posture, handler);
    startWorker(t, database, posture, handler);
    await waitFor(() => seen.length >= catchUp + 1, { within: 60_000, what: 'the missed slots and the current one' });
    const [{ now }] = (await database.sql<{ now: number }>(
      `SELECT (floor(extract(epoch FROM now()) / ${hour}) * ${hour})::int AS now`,
    )) as [{ now: number }];
    const at = seen.map((slot) => (now - Date.parse(slot) / 1000) / hour);
    assert.deepEqual(
      at,
      Array.from({ length: catchUp + 1 }, (_, index) => catchUp - index),
      `catchUp ${catchUp}`,
    );
    await waitFor(async () => (await rows(database)).every(({ outcome }) => outcome === 'done'), { what: 'all done' });
  }
});

test('two bots in one database: each runs its own slots, also while the other one is at it or has no worker', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick('1h', '20m');
  const end = deferred();
  const seen: Record<number, string[]> = { 7: [], 8: [] };
  const handlerOf =
    (botId: number): ScheduleHandler =>
    async ({ slot }) => {
      seen[botId]!.push(slot!);
      if (botId === 7) await end.promise;
      return {};
    };
  const start = (botId: number) => startWorker(t, database, posture, handlerOf(botId), botId);
  const first = [start(7), start(7)];
  await waitFor(() => seen[7]!.length === 1, { what: 'the slot of the first bot' });
  const second = [start(8), start(8)];
  await waitFor(() => seen[8]!.length === 1, { what: 'the slot of the second bot, while that of the first goes on' });
  end.resolve();
  const outcomes = () => database.sql('SELECT bot_id AS bot, outcome FROM evenkeel.slot ORDER BY 1');
  await waitFor(async () => (await outcomes()).every(({ outcome }) => outcome !== null), { what: 'both to end' });
  await Promise.all([...first, ...second].map(({ loop }) => loop.stop()));
  const bots = await outcomes();
  assert.deepEqual(bots, [
    { bot: 7, outcome: 'done' },
    { bot: 8, outcome: 'done' },
  ]);
  // What a worker of another bot has put there, and nobody has fetched, is left to it.
  const boss = createBoss(workerPool(t, database, posture, 9), captureLog().log);
  t.after(() => boss.stop({ graceful: false }));
  await boss.start();
  await boss.send('retention', {}, { singletonKey: '9', group: { id: '9' } });
  assert.equal(await fetchSlot(workerPool(t, database, posture), 8, 'retention'), undefined);
  assert.ok(await fetchSlot(workerPool(t, database, posture), 9, 'retention'));
});

test('beside a task of the release before, which does not name the bot of a slot: one run a slot, and what was run is known', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = quick('1h', '20m');
  const hour = `to_timestamp(floor(extract(epoch FROM now()) / 3600) * 3600)`;
  const before = workerPool(t, database, posture, BOT_ID);
  const { rowCount } = await before.query(
    `INSERT INTO evenkeel.slot (name, at) VALUES ('retention', ${hour}) ON CONFLICT DO NOTHING`,
  );
  assert.equal(rowCount, 1);
  const grid = { name: 'retention', botId: BOT_ID, seconds: 3600, catchUp: 0 } as const;
  assert.equal(await openSlot(before, grid), undefined, 'it was taken');
  assert.ok(await openSlot(before, { ...grid, name: 'lapse' }), 'another is open');
  assert.ok(await openSlot(before, { ...grid, botId: 7 }), 'so is another bot’s');
});

test('what a bot ran before slots had one is known to be its own, where there is one', async (t) => {
  const file = new URL('../../../app/database/migrations/0033_slot_of_bot.sql', import.meta.url);
  const [up, down] = (await readFile(file, 'utf8')).split('-- Down Migration') as [string, string];
  for (const bots of [[BOT_ID], [BOT_ID, 7]]) {
    const database = await world.freshDatabase(t);
    await database.sql(down);
    await database.sql(`INSERT INTO evenkeel.slot (name, at, outcome) VALUES ('retention', now(), 'done')`);
    for (const bot of bots) await database.sql('INSERT INTO evenkeel.pulse (bot_id) VALUES ($1)', [bot]);
    await database.sql(up);
    const found = await database.sql('SELECT bot_id AS bot FROM evenkeel.slot');
    assert.deepEqual(found, [{ bot: bots.length === 1 ? BOT_ID : 0 }]);
  }
});
