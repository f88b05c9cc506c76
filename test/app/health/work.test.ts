/** What the bot has decided to do and has not done, as every task tells it of the whole fleet: over a real PostgreSQL. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { WORK_COUNTED_TO, type WorkHealth } from '../../../contract/health.ts';
import { createPool } from '../../../app/database/pool.ts';
import { withTx } from '../../../app/database/tx.ts';
import { enqueue } from '../../../app/jobs/enqueue.ts';
import { readWork } from '../../../app/health/work.ts';
import { Hopeless } from '../../../app/outcome.ts';
import { jobAgeLimit, messageAgeLimit } from '../../../posture/alarms/work.ts';
import type { TestDatabase } from '../../harness/database.ts';
import { jobRows, QUEUE, startTestJobs } from '../../harness/jobs.ts';
import { workerPool } from '../../harness/lanes.ts';
import { captureLog } from '../../harness/logs.ts';
import { sayAll, text } from '../../harness/outbox.ts';
import { deferred, waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const { posture } = world;

async function webOf(t: TestContext, database: TestDatabase) {
  const web = await world.startTask(t, 'web', { database });
  await web.ready();
  return {
    web,
    work: async (): Promise<WorkHealth> => {
      const { work, reasons } = await web.health();
      return work ?? assert.fail(reasons.join());
    },
  };
}

const IDLE = { due: 0, oldestSeconds: 0, running: 0, overdue: 0, dead: 0 };

test('jobs of the whole fleet: due and for how long, running, beyond their deadline, and given up', async (t) => {
  const database = await world.freshDatabase(t);
  const { web, work } = await webOf(t, database);
  assert.deepEqual((await work()).jobs, Object.fromEntries(Object.keys(posture.work).map((name) => [name, IDLE])));

  const pool = workerPool(t, database, posture);
  const make = (n: number, after = 0) => withTx(pool, (tx) => enqueue(tx, QUEUE, { n }, { after }));
  await make(1);
  await make(2, 3_600_000);
  assert.equal((await work()).jobs['remind']!.due, 1, 'what is to wait is not due');
  assert.deepEqual((await web.health()).reasons, []);

  const limit = jobAgeLimit(posture, 'remind');
  await database.sql(`UPDATE pgboss.job SET start_after = now() - $1 * interval '1 ms' WHERE start_after <= now()`, [
    limit + 5_000,
  ]);
  const late = await web.health();
  assert.equal(late.status, 'degraded');
  assert.match(late.reasons.join(), /^jobs of remind: the oldest has been due for \d+ s$/);

  const go = deferred();
  const jobs = startTestJobs(t, {
    database,
    posture,
    handle: async () => {
      await go.promise;
      throw new Hopeless('it cannot be done');
    },
  });
  await waitFor(async () => (await work()).jobs['remind']!.running === 1, { what: 'one that runs' });
  await database.sql(`UPDATE pgboss.job SET started_on = now() - interval '1 hour' WHERE state = 'active'`);
  const overdue = await web.health();
  assert.equal(overdue.work!.jobs['remind']!.overdue, 1);
  assert.match(overdue.reasons.join(), /^jobs of remind: 1 run on beyond their deadline$/);
  await database.sql(`UPDATE pgboss.job SET state = 'created', started_on = NULL WHERE state = 'active'`);
  go.resolve();
  await waitFor(async () => (await jobRows(database, 'dead')).length === 1, { what: 'a dead job' });
  await jobs.worker.stop(0);
  assert.deepEqual((await work()).jobs['remind'], { ...IDLE, dead: 1 });
  assert.deepEqual((await web.health()).reasons, [], 'what was given up is for a person, and makes no task ill');
});

test('what runs by the clock: how many slots in a row were not done, once that is more than a slow one', async (t) => {
  const database = await world.freshDatabase(t);
  const { web, work } = await webOf(t, database);
  const never = { doneSeconds: 0, missed: 0 };
  assert.deepEqual((await work()).schedules['reconcile'], never, 'nothing was missed before the first');
  const slot = (hours: number, outcome: string | null) =>
    database.sql(
      `INSERT INTO evenkeel.slot (bot_id, name, at, outcome) VALUES ($3, 'reconcile', now() - $1 * interval '1 hour', $2)`,
      [hours, outcome, world.botId],
    );
  await slot(2.1, 'done');
  await slot(1.1, 'failed');
  assert.equal((await work()).schedules['reconcile']!.missed, 1);
  assert.deepEqual((await web.health()).reasons, []);
  await database.sql(`UPDATE evenkeel.slot SET at = at - interval '2 hours'`);
  await slot(1, null);
  const late = await web.health();
  assert.equal(late.status, 'degraded');
  assert.deepEqual(late.reasons, ['schedule reconcile: 3 slots in a row were not done']);
  // Done by another bot's workers: this one's are late all the same.
  await database.sql(`INSERT INTO evenkeel.slot (bot_id, name, at, outcome) VALUES (7, 'reconcile', now(), 'done')`);
  assert.equal((await work()).schedules['reconcile']!.missed, 3);
  await slot(0.5, 'done');
  assert.deepEqual((await web.health()).reasons, []);
});

test('messages: due and for how long, given up and unknown; but not those that nobody waits for', async (t) => {
  const database = await world.freshDatabase(t);
  const { web, work } = await webOf(t, database);
  const pool = workerPool(t, database, posture);
  await sayAll(
    pool,
    text('a', 1, 'one'),
    text('b', 1, 'two'),
    text('c', 2, 'three', { class: 'receipt' }),
    text('d', 3, 'four', { class: 'marketing' }),
  );
  const age = (what: string) =>
    database.sql(`UPDATE evenkeel.outbox SET due_at = now() - $1 * interval '1 ms' WHERE ${what}`, [
      messageAgeLimit(posture) + 5_000,
    ]);
  await age(`cause = 'd'`);
  assert.deepEqual((await web.health()).reasons, [], 'a broadcast takes the time that it takes');
  assert.equal((await work()).messages.due, 2, 'the first of each chat');

  // Chat 1 was asked to wait by Telegram: what stands behind the first of its messages is not late.
  await database.sql(`UPDATE evenkeel.outbox SET due_at = now() + interval '1 hour' WHERE cause = 'a'`);
  await age(`cause = 'b'`);
  assert.deepEqual((await web.health()).reasons, []);
  await age(`cause = 'a'`);
  const late = await web.health();
  assert.equal(late.status, 'degraded');
  assert.match(late.reasons.join(), /^outbox: the oldest message has been due for \d+ s$/);

  const settle = (cause: string, set: string) =>
    database.sql(`UPDATE evenkeel.outbox SET settled_at = now(), ${set} WHERE cause = $1`, [cause]);
  await settle('a', `state = 'dead', error_code = 403`);
  await settle('b', `state = 'dead', error_code = 400`);
  await settle('c', `state = 'unknown'`);
  await settle('d', `state = 'unknown'`);
  assert.deepEqual((await work()).messages, { due: 0, oldestSeconds: 0, dead: 1, unknown: 1 });
  await database.sql('UPDATE evenkeel.outbox SET resolved_at = now()');
  assert.deepEqual((await work()).messages, { due: 0, oldestSeconds: 0, dead: 0, unknown: 0 });
});

test('answers of which nobody knows whether they arrived are counted until a person has decided about them', async (t) => {
  const database = await world.freshDatabase(t);
  const { web, work } = await webOf(t, database);
  assert.deepEqual((await work()).answers, { unknown: 0 });
  const sends = JSON.stringify([
    {
      method: 'sendMessage',
      state: 'unknown',
      tries: 2,
      reason: 'no answer within 5000 ms',
      at: '2026-11-26T10:00:00Z',
    },
  ]);
  await database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body, state, settled_at, sends)
     VALUES (42, 1, 'chat', '42:1', '', 'done', now(), $1), (42, 2, 'chat', '42:2', '', 'pending', NULL, $1), (42, 3, 'chat', '42:3', '', 'done', now(), NULL)`,
    [sends],
  );
  assert.deepEqual((await work()).answers, { unknown: 1 }, 'one that is to be repeated is not left to a person');
  assert.deepEqual((await web.health()).reasons, []);
  await database.sql(`SELECT * FROM evenkeel.resolve_sends(42, '{1}', 'me', 'here', 'they say so')`);
  assert.deepEqual((await work()).answers, { unknown: 0 });
});

test('what is held after a restore is late by that alone, and after it was accepted by the time since then', async (t) => {
  const database = await world.freshDatabase(t);
  const { web, work } = await webOf(t, database);
  const pool = workerPool(t, database, posture);
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: 1 }));
  await sayAll(pool, text('held', 1, 'a receipt'));
  await database.sql(`UPDATE pgboss.job SET start_after = now() - interval '1 h'`);
  await database.sql(`UPDATE evenkeel.outbox SET due_at = now() - interval '1 h'`);
  assert.equal((await web.health()).reasons.length, 2, 'both are late');
  await database.sql(`SELECT evenkeel.hold('me', 'here', 'a test')`);
  assert.match((await web.health()).reasons.join('\n'), /^held, nothing goes out until ops resume: by hand: a test$/);
  const held = await work();
  assert.deepEqual(
    [held.messages.due, held.messages.oldestSeconds, held.jobs['remind']!.due, held.jobs['remind']!.oldestSeconds],
    [1, 0, 1, 0],
  );
  // What brings in goes on, and is late by itself.
  await database.sql(
    `INSERT INTO pgboss.job (name, data, start_after, keep_until) VALUES ('deposit', '{}', now() - interval '1 h', now() + interval '1 d')`,
  );
  assert.match((await web.health()).reasons.join('\n'), /^held.*\njobs of deposit: the oldest has been due for \d+ s$/);
  await database.sql(`DELETE FROM pgboss.job WHERE name = 'deposit'`);
  await database.sql(`SELECT evenkeel.resume('me', 'here', 'looked at it')`);
  assert.deepEqual((await web.health()).reasons, []);
  await database.sql(`UPDATE evenkeel.lineage SET accepted_at = now() - interval '10 minutes'`);
  assert.equal((await web.health()).reasons.length, 2, 'and nobody has done it since');
});

test('a look reads no more than it counts, of millions that wait for later, are left or need nobody', async (t) => {
  const database = await world.freshDatabase(t);
  const many = 20_000;
  await database.sql(
    `INSERT INTO pgboss.job (name, data, start_after, keep_until, state)
     SELECT q.name, '{}', now() + (n - ${WORK_COUNTED_TO} * 2) * interval '1 s', now() + interval '1 year', q.state::pgboss.job_state
     FROM generate_series(1, ${many}) AS n, (VALUES ('remind', 'created'), ('refund', 'completed')) AS q (name, state)`,
  );
  await database.sql(
    `INSERT INTO evenkeel.outbox (cause, chat_id, class, rank, method, payload, state, settled_at, error_code, due_at)
     SELECT q.class || q.state || n, n, q.class, q.rank, 'sendMessage', '{}', q.state, now(), q.code, now() - n * interval '1 ms'
     FROM generate_series(1, ${many}) AS n,
       (VALUES ('notice', 2, 'dead', 403), ('marketing', 4, 'dead', 400), ('marketing', 4, 'waiting', NULL), ('notice', 2, 'waiting', NULL), ('receipt', 1, 'sent', NULL))
         AS q (class, rank, state, code)`,
  );
  await database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body, state, settled_at, sends)
     SELECT 42, n, 'chat', '42:' || n, '', 'done', now(), CASE WHEN n <= ${2 * WORK_COUNTED_TO} THEN '[{"state":"unknown"}]'::json END
     FROM generate_series(1, ${many}) AS n`,
  );
  const read = async () => {
    const [row] = await database.sql<{ rows: number; scans: number }>(
      `SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)::float8 AS rows,
              (SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE relname IN ('job_common', 'outbox', 'inbox'))::int AS scans`,
    );
    return row!;
  };
  for (const analysed of [false, true]) {
    if (analysed) await database.sql('ANALYZE pgboss.job_common, evenkeel.outbox');
    const before = await read();
    const pool = createPool({ url: database.url('web'), posture, role: 'web', log: captureLog().log });
    const { jobs, messages, answers } = await readWork(pool, posture, 42);
    assert.equal(answers.unknown, WORK_COUNTED_TO + 1);
    assert.equal(jobs['remind']!.due, WORK_COUNTED_TO + 1);
    assert.deepEqual(messages, { ...messages, due: WORK_COUNTED_TO + 1, dead: 0, unknown: 0 });
    // A session hands in its counts when it ends at the latest.
    await pool.end();
    await waitFor(
      async () =>
        (await database.sql(`SELECT FROM pg_stat_activity WHERE usename = 'web' AND datname = current_database()`))
          .length === 0,
      { what: 'the session to have ended' },
    );
    const now = await read();
    assert.equal(
      now.scans,
      before.scans,
      `${analysed ? 'analysed' : 'planned for empty tables'}: a whole table was read`,
    );
    assert.ok(now.rows - before.rows < 8 * WORK_COUNTED_TO, `${now.rows - before.rows} rows of indexes were read`);
  }
});
