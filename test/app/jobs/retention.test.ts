/** Retention as a job: what it deletes, what it leaves, and what one bite costs on tables whose pages were used before. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { BITE, BITES, createRetention } from '../../../app/jobs/retention.ts';
import type { Run } from '../../../app/jobs/run.ts';
import type { TestDatabase } from '../../harness/database.ts';
import { workerPool } from '../../harness/lanes.ts';
import { captureLog } from '../../harness/logs.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });

const run = (signal: AbortSignal = new AbortController().signal): Run => ({
  job: { id: '1', name: 'retention' },
  signal,
  deadline: Date.now() + 45_000,
  log: captureLog().log,
});

async function fill(database: TestDatabase): Promise<void> {
  await database.sql(`
    INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, received_at, settled_at, body)
    SELECT CASE WHEN n <= 2500 THEN 1 ELSE 2 END, n, 'chat', '1:' || n,
           CASE WHEN n % 250 = 0 THEN 'parked' WHEN n % 250 = 1 THEN 'pending' ELSE 'done' END,
           now() - CASE WHEN n <= 2500 THEN interval '8 days' ELSE interval '5 days' END,
           now() - CASE WHEN n <= 1250 THEN interval '31 days' ELSE interval '29 days' END, '{}'
    FROM generate_series(1, 2530) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, text, created_at)
    SELECT 1, n, 'user', 1, 'x', now() - CASE WHEN n <= 1500 THEN interval '31 days' ELSE interval '1 day' END
    FROM generate_series(1, 1510) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.outbox (cause, ordinal, chat_id, class, rank, method, payload, state, settled_at)
    SELECT 'x', n, 1, 'notice', 2, 'sendMessage', '{}', (ARRAY['sent', 'dead', 'unknown', 'waiting'])[1 + n % 4],
           now() - CASE WHEN n <= 40 THEN interval '31 days' WHEN n <= 80 THEN interval '3 days' ELSE interval '1 day' END
    FROM generate_series(1, 120) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.dialog (bot_id, chat_id, user_id, kind, version, state, expires_at)
    SELECT 1, n, n, 'x', 1, '{}', now() - CASE WHEN n <= 30 THEN interval '8 days' ELSE interval '-1 hour' END
    FROM generate_series(1, 40) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.tap (token, bot_id, user_id, action, cause, input, expires_at)
    SELECT n, 1, n, 'x', n, '{}', now() - CASE WHEN n <= 40 THEN interval '8 days' ELSE interval '1 hour' END
    FROM generate_series(1, 50) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.callback (bot_id, id, provider, deposit, raw, received_at)
    SELECT 1, n, 'nowPayments', n, '{}', now() - CASE WHEN n <= 25 THEN interval '91 days' ELSE interval '89 days' END
    FROM generate_series(1, 35) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.render (bot_id, user_id, kind, makes, price, state, deadline_at, ended_at)
    SELECT 1, n, 'image', 'image', 10, CASE WHEN n > 50 THEN 'ordered' ELSE 'delivered' END, now(),
           CASE WHEN n <= 45 THEN now() - interval '31 days' WHEN n <= 50 THEN now() - interval '29 days' END
    FROM generate_series(1, 60) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.download (bot_id, user_id, quality, state, deadline_at, ended_at)
    SELECT 1, n, 'best', CASE WHEN n > 50 THEN 'ordered' ELSE 'sent' END, now(),
           CASE WHEN n <= 35 THEN now() - interval '31 days' WHEN n <= 50 THEN now() - interval '29 days' END
    FROM generate_series(1, 60) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.file_link (bot_id, user_id, download_id, token_hash, size, expires_at)
    SELECT 1, n, n, sha256(n::text::bytea), 1, now() - CASE WHEN n <= 15 THEN interval '7 days' ELSE interval '5 days' END
    FROM generate_series(1, 20) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.broadcast (id, bot_id, made_by, update_id, state, content) OVERRIDING SYSTEM VALUE
    SELECT n, 1, 1, n, (ARRAY['done', 'paused', 'stopped', 'running'])[n], '{}' FROM generate_series(1, 4) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.broadcast_recipient (broadcast_id, bot_id, user_id, state, created_at)
    SELECT 1 + n % 4, 1, n, (ARRAY['sent', 'unknown', 'waiting'])[1 + n % 3], now() - CASE WHEN n <= 45 THEN interval '7 days' ELSE interval '5 days' END
    FROM generate_series(1, 60) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.answer (bot_id, update_id, user_id, free, created_at)
    SELECT 1, n, n, true, now() - CASE WHEN n <= 37 THEN interval '7 days' ELSE interval '5 days' END
    FROM generate_series(1, 42) AS n`);
  await database.sql(`
    INSERT INTO evenkeel.slot (name, at, outcome)
    SELECT name, now() - n * interval '1 day', CASE WHEN n > 10 THEN 'done' ELSE 'failed' END
    FROM generate_series(1, 30) AS n, unnest(ARRAY['daily', 'hourly']) AS name`);
}

const left = (database: TestDatabase) =>
  database.sql(`SELECT
    (SELECT count(*) FROM evenkeel.inbox WHERE bot_id = 1 AND state = 'done')::int AS old,
    (SELECT count(*) FROM evenkeel.inbox WHERE state = 'pending')::int AS pending,
    (SELECT count(*) FROM evenkeel.inbox WHERE state = 'parked')::int AS parked,
    (SELECT count(*) FROM evenkeel.inbox WHERE bot_id = 2)::int AS young,
    (SELECT count(*) FROM evenkeel.message)::int AS messages`);

test('what is older than the posture keeps is deleted, each kind after its own time; what waits never is', async (t) => {
  const database = await world.freshDatabase(t);
  await fill(database);
  const retention = createRetention({ pool: workerPool(t, database, world.posture), posture: world.posture });
  assert.deepEqual(await retention(run()), {
    deleted: {
      updates: 2480,
      parked: 5,
      sent: 20,
      unsent: 20,
      dialogs: 30,
      taps: 40,
      callbacks: 25,
      renders: 45,
      downloads: 35,
      links: 15,
      conversation: 1500,
      answers: 37,
      recipients: 11,
      slots: 38,
    },
  });
  assert.deepEqual(await left(database), [{ old: 0, pending: 11, parked: 5, young: 30, messages: 10 }]);
  assert.deepEqual(await retention(run()), {
    deleted: {
      updates: 0,
      parked: 0,
      sent: 0,
      unsent: 0,
      dialogs: 0,
      taps: 0,
      callbacks: 0,
      renders: 0,
      downloads: 0,
      links: 0,
      conversation: 0,
      answers: 0,
      recipients: 0,
      slots: 0,
    },
  });
});

test('told to end, it ends after the bite that it is in', async (t) => {
  const database = await world.freshDatabase(t);
  await fill(database);
  const retention = createRetention({ pool: workerPool(t, database, world.posture), posture: world.posture });
  const ending = new AbortController();
  const running = retention(run(ending.signal));
  ending.abort();
  assert.deepEqual(await running, { deleted: { updates: BITE } });
  assert.equal((await left(database))[0]!['messages'], 1510);
});

interface Node {
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
}

/** Pages that a bite touches, whether it finds anything or not. */
async function pagesOf(t: TestContext, database: TestDatabase, statement: string, age: string): Promise<number> {
  const client = await workerPool(t, database, world.posture).connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement
        .replace('$1', `(extract(epoch FROM interval '${age}') * 1000)`)
        .replaceAll('$2', `'-infinity'`)}`,
    );
    const plan = rows[0]!['QUERY PLAN'][0].Plan;
    return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

test('a bite reads few pages on tables whose freed pages hold new rows, and fewest when nothing is old', async (t) => {
  const database = await world.freshDatabase(t);
  const rows = 20_000;
  const insert = (round: number) => [
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, received_at, settled_at, body)
     SELECT 1, ${round * rows} + n, 'chat', '1:' || n % 5000, CASE WHEN n % 1000 = 0 THEN 'parked' ELSE 'done' END,
            now() - interval '20 days' + (${round * rows} + n) * interval '15 s', now() - interval '20 days' + n * interval '1 s', repeat('x', 200)
     FROM generate_series(1, ${rows}) AS n`,
    `INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, text, created_at)
     SELECT 1, ${round * rows} + n, 'user', n % 2000, repeat('x', 100), now() - interval '20 days' + (${round * rows} + n) * interval '15 s'
     FROM generate_series(1, ${rows}) AS n`,
  ];
  const sql = (text: string) => database.sql(text);
  for (let round = 0; round < 4; round += 1) {
    for (const statement of insert(round)) await sql(statement);
    // Two thirds of what came before, scattered: the pages of old rows are given to new ones.
    await sql(`DELETE FROM evenkeel.inbox WHERE update_id <= ${round * rows} AND update_id % 3 <> 0`);
    await sql(`DELETE FROM evenkeel.message WHERE update_id <= ${round * rows} AND update_id % 3 <> 0`);
    await sql('VACUUM evenkeel.inbox');
    await sql('VACUUM evenkeel.message');
  }
  // Each bite of a full thousand touches its rows, and an entry in each index of each of them; nothing else.
  for (const [kept, statement] of Object.entries(BITES)) {
    const nothing = await pagesOf(t, database, statement, '100 days');
    assert.ok(nothing <= 40, `${kept}: nothing is old, and the bite read ${nothing} pages`);
    const full = await pagesOf(t, database, statement, '1 day');
    assert.ok(full <= 12 * BITE, `${kept}: a full bite read ${full} pages`);
  }
});
