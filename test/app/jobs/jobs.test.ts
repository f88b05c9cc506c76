/** Declared jobs: made with their cause, run once in effect, given up with their cause; on a real PostgreSQL. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withTx } from '../../../app/database/tx.ts';
import { createBoss } from '../../../app/jobs/boss.ts';
import { enqueue } from '../../../app/jobs/enqueue.ts';
import type { JobRun } from '../../../app/jobs/job.ts';
import { Hopeless, RetryLater } from '../../../app/outcome.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { PostureInput } from '../../../posture/schema/index.ts';
import { BOT_ID, workerPool } from '../../harness/lanes.ts';
import { jobRows, QUEUE, startTestJobs, type Input } from '../../harness/jobs.ts';
import { captureLog } from '../../harness/logs.ts';
import { deferred, waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
type Remind = NonNullable<PostureInput['work']>['remind'];
const postureOf = (remind: Remind, lanes: PostureInput['lanes'] = {}) => resolve({ work: { remind }, lanes });
const QUICK = { backoff: { first: '10ms', max: '20ms' } };

const whenState = (database: Parameters<typeof jobRows>[0], state: string, count = 1) =>
  waitFor(async () => (await jobRows(database)).filter((row) => row.state === state).length >= count, {
    what: `${count} jobs ${state}`,
  });

test('a job is there exactly if the transaction that made it is', async (t) => {
  const database = await world.freshDatabase(t);
  const seen: number[] = [];
  const { pool } = startTestJobs(t, {
    database,
    posture: postureOf({}),
    handle: async ({ input }) => void seen.push(input.n),
  });
  await assert.rejects(
    withTx(pool, async (tx) => {
      await enqueue(tx, QUEUE, { n: 1 });
      throw new Error('changed my mind');
    }),
    /changed my mind/,
  );
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 2 }));
  await whenState(database, 'completed');
  assert.deepEqual(seen, [2]);
});

test('a key makes a job once, also when it is done and whoever makes it', async (t) => {
  const database = await world.freshDatabase(t);
  let runs = 0;
  const { pool } = startTestJobs(t, { database, posture: postureOf({}), handle: async () => void (runs += 1) });
  const make = () => withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }, { key: 'a' }));
  const made = await Promise.all([make(), make(), make()]);
  assert.equal(made.filter(Boolean).length, 1);
  await whenState(database, 'completed');
  assert.equal(await make(), undefined);
  assert.equal(await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }, { key: 'b' })).then(Boolean), true);
  await whenState(database, 'completed', 2);
  assert.equal(runs, 2);
});

test('what the queue does not declare is refused when it is made, and given up when it is read', async (t) => {
  const database = await world.freshDatabase(t);
  const { pool } = startTestJobs(t, { database, posture: postureOf({}), handle: async () => undefined });
  await assert.rejects(
    withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1.5 })),
    (error: Error) =>
      error instanceof TypeError && /^job remind: its input is not what the queue declares/.test(error.message),
  );
  await database.sql(`INSERT INTO pgboss.job (name, data, dead_letter) VALUES ('remind', '{"n": "one"}', 'dead')`);
  await whenState(database, 'failed');
  const [dead] = await deadOf(database);
  assert.match(dead!.output!.message!, /^job remind: its input is not what the queue declares/);
});

const deadOf = (database: Parameters<typeof jobRows>[0]) =>
  database.sql<{ source: string; attempts: number; output: { message?: string } | null }>(
    `SELECT source_name AS source, source_retry_count AS attempts, source_output AS output FROM pgboss.job WHERE name = 'dead'`,
  );

test('what a person typed is a job whatever it contains', async (t) => {
  const database = await world.freshDatabase(t);
  const seen: Input[] = [];
  const { pool } = startTestJobs(t, {
    database,
    posture: postureOf({}),
    handle: async ({ input }) => void seen.push(input),
  });
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1, text: 'a\u0000b\ud800 \\u0000 "' }));
  await whenState(database, 'completed');
  assert.deepEqual(seen, [{ n: 1, text: 'ab\ufffd \\u0000 "' }]);
});

test('effects and "done" are one commit: a handler that fails before it leaves nothing, one that fails after it is done', async (t) => {
  const database = await world.freshDatabase(t);
  await database.sql('CREATE TABLE effect (n int); GRANT ALL ON effect TO worker');
  const { pool } = startTestJobs(t, {
    database,
    posture: postureOf(QUICK),
    handle: async ({ job, input, transaction, done }) => {
      await transaction(async (tx) => {
        await tx.query('INSERT INTO effect VALUES ($1)', [input.n]);
        await done(tx);
        if (job.attempts === 0) throw new Error('before the commit');
      });
      throw new Error('after the commit');
    },
  });
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 7 }));
  await whenState(database, 'completed');
  assert.deepEqual(await database.sql('SELECT n FROM effect'), [{ n: 7 }]);
  const [row] = await jobRows(database);
  assert.deepEqual([row!.state, row!.attempts], ['completed', 1]);
});

test('a job that goes on failing is dead after its attempts, and keeps its last error', async (t) => {
  const database = await world.freshDatabase(t);
  let runs = 0;
  const { pool, worker, logs } = startTestJobs(t, {
    database,
    posture: postureOf({ ...QUICK, attempts: 3 }),
    handle: async () => {
      runs += 1;
      throw new Error(`no luck ${runs}`);
    },
  });
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }));
  await whenState(database, 'failed');
  assert.equal(runs, 3);
  assert.deepEqual(await deadOf(database), [{ source: 'remind', attempts: 2, output: { message: 'no luck 3' } }]);
  await waitFor(() => logs.matching(/^job ended$/).length === 3, { what: 'three ends' });
  assert.deepEqual(
    logs.matching(/^job ended$/).map(({ outcome }) => outcome),
    ['failed', 'failed', 'dead'],
  );
  assert.deepEqual(worker.state().remind, { done: 0, failed: 3, dead: 1, active: 0, capacity: 4 });
});

test('one that is hopeless is dead at once; one that is dead can be sent back by pg-boss', async (t) => {
  const database = await world.freshDatabase(t);
  let mended = false;
  const posture = postureOf(QUICK);
  const { pool, logs } = startTestJobs(t, {
    database,
    posture,
    handle: async () => {
      if (!mended) throw new Hopeless('the card was stolen');
    },
  });
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }, { key: 'once' }));
  await whenState(database, 'failed');
  assert.deepEqual(await deadOf(database), [
    { source: 'remind', attempts: 0, output: { message: 'the card was stolen' } },
  ]);
  mended = true;
  const boss = createBoss(pool, logs.log);
  await boss.start();
  await boss.redrive('dead');
  await boss.stop({ graceful: false });
  await whenState(database, 'completed');
  assert.deepEqual(await deadOf(database), []);
});

test('who waits for somebody else uses no attempt, up to the patience of the queue', async (t) => {
  const database = await world.freshDatabase(t);
  const attempts: number[] = [];
  const { pool } = startTestJobs(t, {
    database,
    posture: postureOf({ ...QUICK, attempts: 2, patience: '1s' }),
    handle: async ({ job }) => {
      attempts.push(job.attempts);
      throw new RetryLater(50, 'the provider is away');
    },
  });
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }));
  await whenState(database, 'failed');
  assert.ok(attempts.filter((count) => count === 0).length > 2, `postponed, not counted: ${attempts.join(' ')}`);
  assert.equal(attempts.at(-1), 1, 'after its patience it was two attempts');
});

test('a job begins when it is due, and not before', async (t) => {
  const database = await world.freshDatabase(t);
  const { pool } = startTestJobs(t, { database, posture: postureOf({}), handle: async () => undefined });
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }, { after: 1_500 }));
  await whenState(database, 'completed');
  const [row] = await database.sql<{ early: boolean; late: number }>(
    `SELECT started_on < start_after AS early, extract(epoch FROM start_after - created_on)::float8 AS late FROM pgboss.job WHERE name = 'remind'`,
  );
  assert.deepEqual(row, { early: false, late: 1.5 });
});

test('at its deadline a handler is told to end, and can change nothing any more', async (t) => {
  const database = await world.freshDatabase(t);
  await database.sql('CREATE TABLE effect (n int); GRANT ALL ON effect TO worker');
  const refused = deferred<Error>();
  const { pool } = startTestJobs(t, {
    database,
    posture: postureOf({ ...QUICK, attempts: 1, deadline: '500ms' }, {}),
    handle: async ({ signal, transaction }) => {
      await sleep(60_000, undefined, { signal }).catch(() => undefined);
      await sleep(100);
      await transaction((tx) => tx.query('INSERT INTO effect VALUES (1)')).catch(refused.resolve);
    },
  });
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }));
  await whenState(database, 'failed');
  assert.match((await refused.promise).message, /not done within 500 ms/);
  assert.match((await deadOf(database))[0]!.output!.message!, /not done within 500 ms/);
  assert.deepEqual(await database.sql('SELECT n FROM effect'), []);
});

test('a drain lets what runs end; what does not goes back at once, which is no attempt', async (t) => {
  const database = await world.freshDatabase(t);
  const begun = [deferred(), deferred()];
  const short = deferred();
  let hang = true;
  const posture = postureOf({ attempts: 1 });
  const handle = async ({ input, signal }: JobRun<Input>) => {
    begun[input.n]!.resolve();
    if (input.n === 0) await short.promise;
    else if (hang) await sleep(60_000, undefined, { signal });
  };
  const first = startTestJobs(t, { database, posture, handle });
  await withTx(first.pool, async (tx) => {
    await enqueue(tx, QUEUE, { n: 0 });
    await enqueue(tx, QUEUE, { n: 1 });
  });
  await Promise.all(begun.map(({ promise }) => promise));
  const stopped = first.worker.stop(500);
  short.resolve();
  await stopped;
  assert.deepEqual(
    (await jobRows(database)).map(({ n, state, attempts }) => [n, state, attempts]),
    [
      [0, 'completed', 0],
      [1, 'retry', 0],
    ],
  );
  hang = false;
  startTestJobs(t, { database, posture, handle });
  await whenState(database, 'completed', 2);
  assert.equal((await jobRows(database))[1]!.attempts, 0);
});

test('a job is never run by two workers at once, and none is left over', async (t) => {
  const database = await world.freshDatabase(t);
  await database.sql('CREATE TABLE effect (n int); GRANT ALL ON effect TO worker');
  const posture = postureOf({ concurrency: 8 });
  const workers = Array.from({ length: 3 }, () =>
    startTestJobs(t, {
      database,
      posture,
      handle: async ({ input, transaction, done }) =>
        transaction(async (tx) => {
          await tx.query('INSERT INTO effect VALUES ($1)', [input.n]);
          await done(tx);
        }),
    }),
  );
  const COUNT = 200;
  for (let n = 0; n < COUNT; n += 1) await withTx(workers[n % 3]!.pool, (tx) => enqueue(tx, QUEUE, { n }));
  await whenState(database, 'completed', COUNT);
  const effects = await database.sql<{ n: number }>('SELECT n FROM effect ORDER BY n');
  assert.deepEqual(
    effects.map(({ n }) => n),
    Array.from({ length: COUNT }, (_, n) => n),
  );
});

test('who goes on although its claim was taken changes nothing: the one that took it does', async (t) => {
  const database = await world.freshDatabase(t);
  await database.sql('CREATE TABLE effect (attempts int); GRANT ALL ON effect TO worker');
  const [claimed, goOn] = [deferred(), deferred()];
  const refused = deferred<Error>();
  const posture = postureOf(QUICK);
  const { pool } = startTestJobs(t, {
    database,
    posture,
    handle: async ({ job, transaction, done }) => {
      if (job.attempts === 0) {
        claimed.resolve();
        await goOn.promise;
      }
      await transaction(async (tx) => {
        await tx.query('INSERT INTO effect VALUES ($1)', [job.attempts]);
        await done(tx);
      }).catch((error: unknown) => {
        refused.resolve(error as Error);
        throw error;
      });
    },
  });
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }));
  await claimed.promise;
  await database.sql(`UPDATE pgboss.job SET state = 'retry' WHERE name = 'remind'`);
  await whenState(database, 'completed');
  goOn.resolve();
  assert.match((await refused.promise).message, /another worker/);
  assert.deepEqual(await database.sql('SELECT * FROM effect'), [{ attempts: 1 }]);
});

test('the job of a worker that fell silent is run again by another one, and that was an attempt', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = postureOf(QUICK, { heartbeat: '2s', touch: '200ms', sweep: '200ms' });
  const seen: number[] = [];
  const pool = workerPool(t, database, posture);
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }));
  // As one that was killed left it.
  await database.sql(
    `UPDATE pgboss.job SET state = 'active', started_on = now() - interval '1 minute', heartbeat_on = now() - interval '1 minute' WHERE name = 'remind'`,
  );
  startTestJobs(t, { database, posture, handle: async ({ job }) => void seen.push(job.attempts) });
  // Nobody is lost while nobody could write.
  await sleep(1_000);
  assert.deepEqual(seen, []);
  let over = false;
  const pulse = (async () => {
    for (; !over; await sleep(100))
      await database.sql(
        `INSERT INTO evenkeel.pulse (bot_id, since) VALUES ($1, now() - interval '1 hour') ON CONFLICT (bot_id) DO UPDATE SET seen_at = clock_timestamp()`,
        [BOT_ID],
      );
  })();
  await whenState(database, 'completed').finally(() => (over = true));
  await pulse;
  assert.deepEqual(seen, [1]);
});

test('two bots in one database: each worker runs and takes back its own jobs, and what is nobody’s', async (t) => {
  const database = await world.freshDatabase(t);
  const posture = postureOf({ concurrency: 50 }, { heartbeat: '30s', touch: '200ms', sweep: '200ms' });
  const ran: Record<number, number[]> = { 7: [], 8: [] };
  const start = (botId: number) =>
    startTestJobs(t, { database, posture, botId, handle: async ({ input }) => void ran[botId]!.push(input.n) });
  const jobsOfBoth = Array.from({ length: 20 }, (_, n) => n);
  for (const botId of [7, 8]) {
    const pool = workerPool(t, database, posture, botId);
    for (const n of jobsOfBoth) await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: botId * 100 + n }));
  }
  await withTx(workerPool(t, database, posture), (tx) => enqueue(tx, QUEUE, { n: 1 }));
  // As a worker of the other bot left it that was killed, while those of the first could write all the time.
  await database.sql(`
    UPDATE pgboss.job SET state = 'active', started_on = now() - interval '1 minute', heartbeat_on = now() - interval '1 minute'
    WHERE name = 'remind' AND (data->>'n')::int = 800`);
  await database.sql(
    `INSERT INTO evenkeel.pulse (bot_id, since, seen_at) VALUES (7, now() - interval '1 hour', now() + interval '1 hour')`,
  );
  start(7);
  await whenState(database, 'completed', 21);
  await sleep(1_000);
  assert.deepEqual(
    ran[7]!.toSorted((a, b) => a - b),
    [1, ...jobsOfBoth.map((n) => 700 + n)],
  );
  const left = (await jobRows(database)).filter(({ state }) => state !== 'completed');
  assert.deepEqual(new Set(left.map(({ state }) => state)), new Set(['created', 'active']));
  assert.equal(left.length, 20);
  await database.sql(
    `INSERT INTO evenkeel.pulse (bot_id, since, seen_at) VALUES (8, now() - interval '1 hour', now() + interval '1 hour')`,
  );
  start(8);
  await whenState(database, 'completed', 41);
  assert.deepEqual(
    ran[8]!.toSorted((a, b) => a - b),
    jobsOfBoth.map((n) => 800 + n),
  );
});

test("a job's row is as pg-boss itself writes it", async (t) => {
  const database = await world.freshDatabase(t);
  const posture = postureOf({});
  const pool = workerPool(t, database, posture);
  const boss = createBoss(pool, captureLog().log);
  await boss.start();
  await boss.send('remind', { n: 1 }, { startAfter: 3600 });
  await boss.stop({ graceful: false });
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }, { after: 3_600_000 }));
  const rows = await database.sql<{ row: Record<string, unknown> }>(
    `SELECT to_jsonb(j) - '{id,created_on,start_after,keep_until}'::text[] || jsonb_build_object(
       'delay', round(extract(epoch FROM start_after - created_on)), 'kept', keep_until - start_after) AS row
     FROM pgboss.job j WHERE name = 'remind' ORDER BY created_on`,
  );
  assert.deepEqual(rows[1]!.row, rows[0]!.row);
});
