/**
 * Every statement of the outbox and of the jobs, pg-boss's own upkeep among them, on large tables (fault missing-index):
 * right after a bulk load, when the planner knows only the empty ones, and analysed.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createPool, type Pool } from '../../../app/database/pool.ts';
import { inTransaction } from '../../../app/database/transaction.ts';
import { withTx } from '../../../app/database/tx.ts';
import { createBoss } from '../../../app/jobs/boss.ts';
import { enqueue } from '../../../app/jobs/enqueue.ts';
import { createRetention } from '../../../app/jobs/retention.ts';
import {
  buryJob,
  claimJobs,
  completeJob,
  fetchSlot,
  lockJob,
  returnJob,
  takeBack,
  touchJobs,
  type ClaimedJob,
} from '../../../app/jobs/store.ts';
import { startBlocked } from '../../../app/outbox/blocked.ts';
import { say } from '../../../app/outbox/index.ts';
import { claimMessages, settleMessages, takeBackMessages, type Claimed } from '../../../app/outbox/store.ts';
import { QUEUE } from '../../harness/jobs.ts';
import { captureLog } from '../../harness/logs.ts';
import { text } from '../../harness/outbox.ts';
import { withoutScans } from '../../harness/scans.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const ROWS = 1_000_000;
/** A row of pg-boss has ten indexes: most of the load is theirs. */
const JOB_ROWS = 300_000;
const world = await startWorld({ after });
const { botId, database, posture } = world;
const { log } = captureLog();

/** Most is sent and done; ten thousand wait, a hundredth was given up. */
const MESSAGES = `
  INSERT INTO evenkeel.outbox
    (bot_id, cause, chat_id, class, rank, method, payload, replaces, state, attempts, claimed_at, settled_at, created_at, result)
  SELECT ${botId}, 'payment:' || n, n % 50000 + 1, 'notice', 2, 'sendMessage', '{}', 'wallet:' || n % 50000, state, 1,
         CASE WHEN state <> 'waiting' THEN now() END, CASE WHEN state <> 'waiting' THEN now() - (${ROWS} - n) * interval '100 ms' END,
         now() - (${ROWS} - n) * interval '100 ms', CASE state WHEN 'sent' THEN '{"message_id":1}' END::json
  FROM generate_series(1, ${ROWS}) AS n,
    LATERAL (SELECT CASE WHEN n > ${ROWS - 10_000} THEN 'waiting' WHEN n % 100 = 0 THEN 'dead' ELSE 'sent' END AS state) AS s`;
const PEOPLE = `
  INSERT INTO evenkeel.person (bot_id, user_id, blocked_at)
  SELECT ${botId}, n, CASE WHEN n % 200 = 0 THEN now() - n * interval '1 min' END FROM generate_series(1, ${ROWS / 4}) AS n`;
const JOBS = `
  INSERT INTO pgboss.job (id, name, data, state, retry_limit, created_on, start_after, started_on, completed_on, deletion_seconds, policy)
  SELECT gen_random_uuid(), CASE WHEN n % 50 = 0 THEN 'dead' ELSE 'remind' END, json_build_object('n', n),
         CASE WHEN n % 50 = 0 OR n > ${JOB_ROWS - 10_000} THEN 'created' ELSE 'completed' END::pgboss.job_state, 3,
         now() - (${JOB_ROWS} - n) * interval '3 ms', now() - (${JOB_ROWS} - n) * interval '3 ms', now(),
         CASE WHEN n % 50 = 0 OR n > ${JOB_ROWS - 10_000} THEN NULL ELSE now() END, 3600, 'standard'
  FROM generate_series(1, ${JOB_ROWS}) AS n`;
const TABLES = ['evenkeel.outbox', 'evenkeel.person', 'pgboss.job_common'];

async function messages(pool: Pool, id: number): Promise<void> {
  const chat = 60_000 + id;
  const progress = (n: number) => text(`render:${id}:${n}`, chat, 'x', { class: 'progress', replaces: `render:${id}` });
  await withTx(pool, async (tx) => {
    await say(tx, text(`job:${id}`, chat, 'x'));
    assert.equal(await say(tx, text(`job:${id}`, chat, 'x')), false);
    await say(tx, progress(1));
    await say(tx, progress(2));
  });
  const [first, second, third, ...rest] = (await claimMessages(pool, botId, 16)) as [Claimed, Claimed, Claimed];
  await settleMessages(pool, [
    { message: first, became: { state: 'sent', result: { message_id: 1 } } },
    { message: second, became: { state: 'dead', error: 'x', code: 403 } },
    { message: third, became: { state: 'waiting', after: 3_600_000, left: false, error: 'x' } },
  ]);
  assert.equal(rest.length, 13);
  await database.sql(`UPDATE evenkeel.outbox SET claimed_at = now() - interval '1 hour' WHERE id = ANY ($1)`, [
    (rest as Claimed[]).map(({ id: message }) => message),
  ]);
  assert.equal(await takeBackMessages(pool, botId, 60_000), rest.length);
  const blocked = startBlocked(pool, botId, log);
  try {
    await blocked.mark([chat, id]);
    await waitFor(() => blocked.seen(200 * id) !== undefined, { what: 'those who have blocked the bot to be known' });
    await blocked.seen(chat, true);
  } finally {
    await blocked.stop();
  }
}

async function jobs(pool: Pool, id: number): Promise<void> {
  const boss = createBoss(pool, log);
  try {
    await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: id }, { key: `once:${id}` }));
    assert.equal(await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: id }, { key: `once:${id}` })), undefined);
    const claimed = await claimJobs(pool, botId, new Map([['remind', { room: 5, waits: true }]]));
    const [first, second, third] = claimed as [ClaimedJob, ClaimedJob, ClaimedJob];
    assert.equal((await touchJobs(pool, claimed)).size, 5);
    await inTransaction(pool, async (client) => {
      assert.ok(await lockJob(client, first));
      assert.ok(await completeJob(client, first, {}));
    });
    assert.ok(await returnJob(pool, second, { after: 3_600_000, counted: true, error: 'x' }));
    await boss.start();
    assert.ok(await buryJob(pool, boss, third, 'x'));
    await database.sql(
      `UPDATE pgboss.job SET heartbeat_on = now() - interval '1 hour' WHERE name = 'remind' AND state = 'active'`,
    );
    assert.equal(await takeBack(pool, boss, { botId, queues: ['remind'], silence: 60_000 }), 2);
    // A slot of a schedule.
    const own = { singletonKey: String(botId), group: { id: String(botId) } };
    await boss.send('retention', {}, { ...own, singletonSeconds: 60 });
    const slot = await fetchSlot(pool, botId, 'retention');
    if (slot) await boss.complete('retention', slot.id, {});
  } finally {
    await boss.stop({ graceful: false });
  }
}

/** Often enough that a prepared statement gets its generic plan as well (after five runs). */
async function hotPath(from: number): Promise<void> {
  const pool = createPool({ url: database.url('worker'), posture, role: 'worker', log, botId });
  try {
    for (let id = from; id < from + 8; id += 1) {
      await messages(pool, id);
      await jobs(pool, id);
    }
  } finally {
    await pool.end();
  }
}

const SMALL = ['pgboss.queue', 'pgboss.version', 'pgboss.instance', 'pgboss.schedule', 'pgboss.bam'];

test('no statement of the outbox or of a job scans a table, whatever the planner knows of it', async () => {
  for (const table of TABLES) await database.sql(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  await database.sql(`ANALYZE ${TABLES.join(', ')}`);
  await database.sql(
    `INSERT INTO evenkeel.pulse (bot_id, since, seen_at) VALUES ($1, now() - interval '1 day', now() + interval '1 hour')`,
    [botId],
  );
  for (const load of [MESSAGES, PEOPLE, JOBS]) await database.sql(load);
  const allowed = { entries: JOB_ROWS / 10, small: SMALL };
  await withoutScans(database, 'planned for the empty tables', () => hotPath(10), allowed);
  await database.sql(`ANALYZE ${TABLES.join(', ')}`);
  await withoutScans(database, 'analysed', () => hotPath(500), allowed);
});

test('retention finds sent messages and done jobs by their age, in bites', async () => {
  const pool = createPool({ url: database.url('worker'), posture, role: 'worker', log, botId });
  const boss = createBoss(pool, log);
  const work = async () => {
    try {
      await boss.start();
      // All that is kept is passed once, and no more than that.
      await boss.supervise();
      await createRetention({ pool, posture })({
        job: { id: '1', name: 'retention' },
        signal: new AbortController().signal,
        deadline: Date.now() + 45_000,
        log,
      });
    } finally {
      await boss.stop({ graceful: false });
      await pool.end();
    }
  };
  await database.sql(
    `UPDATE evenkeel.outbox SET settled_at = now() - interval '31 days' WHERE id <= 3000 AND state <> 'waiting'`,
  );
  await withoutScans(database, 'retention', work, { entries: 5 * ROWS, small: SMALL });
  assert.deepEqual(await database.sql('SELECT FROM evenkeel.outbox WHERE id <= 3000 LIMIT 1'), []);
});
