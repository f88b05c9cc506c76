/**
 * Every statement of the hot paths on a large table right after a bulk load, when the planner knows only the empty table
 * (fault missing-index). The server itself counts the scans of whole tables: there must be none.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { createPool } from '../../../app/database/pool.ts';
import { inTransaction } from '../../../app/database/transaction.ts';
import { withTx } from '../../../app/database/tx.ts';
import { createRetention } from '../../../app/jobs/retention.ts';
import { billOf, claimFree, dropBill, openBill, rememberBilled } from '../../../app/features/chat/bills.ts';
import { answerOf, forgetConversation, recall, remember, unask } from '../../../app/features/chat/conversation.ts';
import { readQueues } from '../../../app/health/queues.ts';
import { storeUpdates } from '../../../app/intake/store.ts';
import { announceLanes } from '../../../app/lanes/announce.ts';
import { claimLanes, claimSuspect, runAlone, type Claim } from '../../../app/lanes/claim.ts';
import { lockLane, markDone, readLanes, recordFailure, recordSends } from '../../../app/lanes/inbox.ts';
import { createSettler } from '../../../app/lanes/settle.ts';
import { createSweep } from '../../../app/lanes/sweep.ts';
import { freeOrphans, takeOver } from '../../../app/lanes/takeover.ts';
import { QUEUES } from '../../../app/lanes/queues.ts';
import type { StoredUpdate } from '../../../app/lanes/update.ts';
import { languageOf, noteSeen, readChoices } from '../../../app/people/store.ts';
import { captureLog } from '../../harness/logs.ts';
import { withoutScans } from '../../harness/scans.ts';
import { startWorld } from '../../harness/world.ts';

const ROWS = 1_000_000;
const world = await startWorld({ after });

const LOAD = `
  INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, received_at, settled_at, body)
  SELECT 1, n, 'chat', '1:' || n % 5000,
         CASE WHEN n > ${ROWS - 10_000} THEN 'pending' WHEN n % 5000 = 0 THEN 'parked' ELSE 'done' END,
         now() - (${ROWS} - n) * interval '600 ms', now(),
         '{"update_id":' || n || ',"message":{"text":"' || repeat('x', 100) || '"}}'
  FROM generate_series(1, ${ROWS}) AS n`;
const LANES = `
  INSERT INTO evenkeel.lane (lane, bot_id, queue, due_at, suspect)
  SELECT '1:' || n, 1, 'chat', now() - n * interval '1 ms', n % 100 = 0 FROM generate_series(0, 4999) AS n`;
const SILENCE = `
  WITH quiet AS (UPDATE evenkeel.worker SET seen_at = now() - interval '1 minute' WHERE bot_id = 1)
  INSERT INTO evenkeel.pulse (bot_id, since) VALUES (1, now() - interval '1 hour')
  ON CONFLICT (bot_id) DO UPDATE SET since = EXCLUDED.since, seen_at = clock_timestamp()`;
const PEOPLE = `
  INSERT INTO evenkeel.person (bot_id, user_id, app_language, language, language_at)
  SELECT 1, n, 'de', CASE WHEN n % 100 = 0 THEN 'en' END, CASE WHEN n % 100 = 0 THEN now() - n * interval '1 s' END
  FROM generate_series(1, 100000) AS n`;
const CHATS = `
  INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, text, created_at)
  SELECT 1, n, CASE n % 2 WHEN 0 THEN 'user' ELSE 'assistant' END, n % 2000, repeat('x', 50), now() - n * interval '1 s'
  FROM generate_series(1, 100000) AS n`;

const ANSWERS = `
  INSERT INTO evenkeel.answer (bot_id, update_id, user_id, day, free, held, price, created_at)
  SELECT 1, n, n % 5000, (now() AT TIME ZONE 'utc')::date - n % 5, n % 2 = 0, CASE WHEN n % 2 = 1 THEN 5 END, 0, now() - n * interval '1 s'
  FROM generate_series(1, 100000) AS n`;

/** Every hot statement, often enough that a prepared one gets its generic plan as well (after five runs). */
async function hotPath(from: number): Promise<void> {
  const options = { url: world.database.url('worker'), posture: world.posture, log: captureLog().log };
  const pool = createPool({ ...options, role: 'worker' });
  const settler = createSettler({ pool, botId: 1, wait: 0, renewed: () => undefined });
  const sweep = createSweep(pool, world.posture);
  try {
    for (let round = 0; round < 8; round += 1) {
      const id = from + round * 10;
      const worker = randomUUID();
      await pool.query('INSERT INTO evenkeel.worker (id, bot_id, lease) VALUES ($1, 1, $2)', [worker, '10 s']);
      const stored = { updateId: ROWS + id, queue: 'chat', lane: `1:${id % 5000}`, body: '{}' } as const;
      await announceLanes(pool, 1, await storeUpdates(pool, 1, [stored]));
      const claims = await claimLanes(pool, worker, 1, 'chat', 20);
      assert.equal(claims.length, 20);
      assert.ok(claims.every(({ updates }) => updates.length > 0));
      const [claim, other, third] = claims as [Claim, Claim, Claim];
      assert.ok((await readLanes(pool, claims)).every((updates) => updates.length > 0));
      const [first] = claim.updates as [StoredUpdate];
      assert.ok(await recordSends(pool, claim, first, []));
      assert.equal(await recordFailure(pool, claim, first, { counted: true, limit: 3, error: 'x' }), 'pending');
      await Promise.all([
        settler.settle(claim, { update: first, unknown: false }, 'empty'),
        settler.settle(other, undefined, { after: 0 }),
      ]);
      await inTransaction(pool, async (client) => {
        assert.ok(await lockLane(client, third));
        assert.ok(await markDone(client, third.updates[0]!));
      });
      const suspect = await claimSuspect(pool, worker, 1);
      assert.ok(suspect && (await runAlone(pool, suspect)));
      await pool.query(SILENCE);
      assert.deepEqual(await takeOver(pool, world.posture, 1), { workers: 1, lanes: 19 });
      await sweep();
      await freeOrphans(pool, world.posture);
      await readQueues(pool, QUEUES, 1);
      await remember(pool, { botId: 1, updateId: 200_000 + id, chatId: 7, threadId: 0, role: 'user', text: 'x' });
      await answerOf(pool, 1, id);
      const question = { botId: 1, updateId: 300_000 + id, userId: id };
      assert.ok((await claimFree(pool, question, 1_000)).bill);
      assert.ok(await billOf(pool, question));
      const answered = { text: 'x', price: 1n, counted: true };
      assert.ok((await rememberBilled(pool, { ...question, chatId: 7, threadId: 0 }, answered)).bill);
      await dropBill(pool, question);
      await withTx(pool, (tx) => openBill(tx, question, 5n));
      await unask(pool, 1, 200_000 + id);
      assert.equal(
        (await recall(pool, { botId: 1, chatId: id, threadId: 0 }, { messages: 20, characters: 16_000 })).length,
        20,
      );
      await noteSeen(
        pool,
        1,
        Array.from({ length: 1000 }, (_, n) => [id * 100 + n, 'de', `name${id * 100 + n}`] as const),
      );
      await languageOf(pool, 1, id);
      assert.ok((await readChoices(pool, 1, new Date(Date.now() - 3_600_000).toISOString(), 60)).length < 100);
      await forgetConversation(pool, { botId: 1, chatId: id + 1, threadId: 0 });
    }
  } finally {
    // A session hands in its counts when it ends at the latest.
    await pool.end();
  }
}

/** Eight rounds pass a fraction of what one reading of the whole would. */
const hot = (what: string, work: () => Promise<void>) =>
  withoutScans(world.database, what, work, { entries: ROWS / 4 });

test('no hot statement scans a table, whatever the planner knows of it', async () => {
  const sql = (text: string) => world.database.sql(text);
  await sql('ALTER TABLE evenkeel.inbox SET (autovacuum_enabled = false)');
  await sql('ALTER TABLE evenkeel.lane SET (autovacuum_enabled = false)');
  await sql('ALTER TABLE evenkeel.message SET (autovacuum_enabled = false)');
  await sql('ALTER TABLE evenkeel.person SET (autovacuum_enabled = false)');
  await sql('ALTER TABLE evenkeel.answer SET (autovacuum_enabled = false)');
  const analyse = () =>
    sql('ANALYZE evenkeel.inbox, evenkeel.lane, evenkeel.message, evenkeel.answer, evenkeel.person');
  await analyse();
  await sql(LOAD);
  await sql(LANES);
  await sql(CHATS);
  await sql(PEOPLE);
  await sql(ANSWERS);
  await hot('planned for the empty tables', () => hotPath(10));
  await analyse();
  await hot('analysed', () => hotPath(500));
});

test('retention finds what is old without scanning the tables', async () => {
  await hot('retention', async () => {
    const options = { url: world.database.url('worker'), posture: world.posture, log: captureLog().log };
    const pool = createPool({ ...options, role: 'worker' });
    await world.database.sql(
      `UPDATE evenkeel.inbox SET received_at = now() - interval '9 days' WHERE update_id <= 100`,
    );
    const retention = createRetention({ pool, posture: world.posture });
    const job = { id: '1', name: 'retention' };
    const { signal } = new AbortController();
    await retention({ job, signal, deadline: Date.now() + 45_000, log: options.log });
    assert.deepEqual(
      await world.database.sql(`SELECT FROM evenkeel.inbox WHERE bot_id = 1 AND update_id <= 100 AND state = 'done'`),
      [],
    );
    await pool.end();
  });
});
