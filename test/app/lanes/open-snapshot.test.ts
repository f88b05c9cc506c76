/**
 * Somebody holds a snapshot open (psql left alone, pg_dump): vacuum removes nothing that was deleted since, and the
 * lanes live by insert and delete. What each look costs then grows by a stated number of pages an update, and not faster;
 * it is over, without help, when the snapshot is.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { createLooks } from '../../../app/health/look.ts';
import { resolve } from '../../../posture/resolve.ts';
import { BOT_ID, settled, startLanes, store, workerPool } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { message } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const UPDATES = 6_000;
const CHATS = 500;

/** Pages that looking for a ready lane touches: the front of lane_ready, where the dead entries lie. */
const LOOK = `
  EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)
  SELECT ctid FROM evenkeel.lane
  WHERE bot_id = ${BOT_ID} AND owner IS NULL AND due_at <= now() AND queue = 'chat' AND NOT suspect
  ORDER BY due_at LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED`;

test('a snapshot held open costs a look a bounded number of pages an update, until it is closed', async (t) => {
  const database = await world.freshDatabase(t);
  // It is told about after thirty times idleInTransaction.
  const posture = resolve({ database: { timeouts: { idleInTransaction: '100ms' } } });
  const pool = workerPool(t, database, posture);
  async function pages(): Promise<number> {
    const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(LOOK);
    const plan = rows[0]!['QUERY PLAN'][0].Plan;
    return plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
  }
  const holder = new pg.Client({ connectionString: database.url() });
  await holder.connect();
  t.after(() => holder.end());
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await holder.query('SELECT 1');

  await startLanes(t, { database, posture, handle: () => Promise.resolve() });
  for (let id = 0; id < UPDATES; id += 300) {
    await store(
      pool,
      Array.from({ length: 300 }, (_, index) => message(id + index + 1, 100 + ((id + index) % CHATS), 'x')),
    );
  }
  const rows = await settled(database);
  assert.ok(rows.every(({ state }) => state === 'done'));
  await database.sql('VACUUM evenkeel.lane');
  const held = await pages();
  // An entry is some 50 bytes in the index and its row 100 in the table; measured, 35 pages.
  assert.ok(held <= UPDATES / 20, `${held} pages after ${UPDATES} updates`);

  const looks = createLooks(pool, posture, BOT_ID);
  const told = async () =>
    (await looks.recent(0)).reasons.some((reason) => /^a transaction has been open for \d+ s/.test(reason));
  await waitFor(told, { within: 30_000, what: 'the health page to tell of it' });

  await holder.query('COMMIT');
  await database.sql('VACUUM evenkeel.lane');
  const over = await pages();
  assert.ok(over <= 10, `${over} pages when the snapshot was closed`);
  assert.equal(await told(), false);
});
