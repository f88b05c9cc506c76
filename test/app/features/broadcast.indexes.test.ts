/**
 * Every statement of a broadcast that is under way, of who switches something off, and of who is looked up by name, on
 * large tables (fault missing-index): right after a bulk load, when the planner knows only the empty ones, and analysed.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createPool } from '../../../app/database/pool.ts';
import { withTx } from '../../../app/database/tx.ts';
import { mute, mutedBy, prepare } from '../../../app/features/broadcast/audience.ts';
import { giveUpLost, nextIn, settle, settleEdits, take, takeSent } from '../../../app/features/broadcast/recipients.ts';
import { isAnyRunning, lastOf, lockBroadcast, nextTurn, wasPutBack } from '../../../app/features/broadcast/store.ts';
import { forgetReceived } from '../../../app/features/mydata/received.ts';
import { captureLog } from '../../harness/logs.ts';
import { withoutScans } from '../../harness/scans.ts';
import { startWorld } from '../../harness/world.ts';

const ROWS = 1_000_000;
const PEOPLE = 300_000;
const world = await startWorld({ after });
const { botId, database, posture } = world;

const LOAD = [
  `INSERT INTO evenkeel.person (bot_id, user_id, app_language, username, seen_on, blocked_at)
   SELECT ${botId}, n, 'de', 'name' || n, current_date - n % 60, CASE WHEN n % 20 = 0 THEN now() END
   FROM generate_series(1, ${PEOPLE}) AS n`,
  `INSERT INTO evenkeel.broadcast (bot_id, made_by, update_id, state, content, started_at, going_since)
   SELECT ${botId}, 1, n, 'done', '{}', now() - (30 - n) * interval '1 day', now() - interval '1 day' FROM generate_series(1, 29) AS n`,
  `INSERT INTO evenkeel.broadcast (bot_id, made_by, update_id, state, phase, content, started_at, going_since)
   VALUES (${botId}, 1, 30, 'running', 'send', '{}', now(), now())`,
  `INSERT INTO evenkeel.broadcast_recipient (broadcast_id, bot_id, user_id, state, message_id)
   SELECT CASE WHEN n <= ${ROWS / 2} THEN 29 ELSE 30 END, ${botId}, n,
          CASE WHEN n <= ${ROWS / 2} OR n % 5 > 0 THEN 'sent' ELSE 'waiting' END, n
   FROM generate_series(1, ${ROWS}) AS n`,
];
const TABLES = ['evenkeel.broadcast_recipient', 'evenkeel.person'];

/** Often enough that a prepared statement gets its generic plan as well (after five runs). */
async function hotPath(from: number): Promise<void> {
  const pool = createPool({ url: database.url('worker'), posture, log: captureLog().log, role: 'worker', botId });
  try {
    for (let round = 0; round < 8; round += 1) {
      const user = from + round;
      await withTx(pool, async (tx) => {
        assert.ok(await lockBroadcast(tx, 30));
        assert.equal((await lastOf(tx, botId))?.id, 30);
        assert.ok(await isAnyRunning(tx, botId));
        await nextTurn(tx, 30);
        await wasPutBack(tx, 30);
        const taken = await take(tx, 30, 'news', 50);
        assert.ok(taken.length > 0);
        const became = taken
          .slice(1)
          .map(({ user: who }) => ({ user: who, fate: 'sent', after: 0, message: 1 }) as const);
        await settle(tx, 30, 0, became);
        assert.equal(await giveUpLost(tx, 30), 1);
        assert.equal(await nextIn(tx, 30, undefined), 0);
        const sent = await takeSent(tx, 29, 1, 50);
        assert.equal(sent.length, 50);
        await settleEdits(
          tx,
          29,
          1,
          sent.map(({ user: who }) => ({ user: who, fate: 'sent', after: 0, message: 1 }) as const),
        );
        assert.equal(await nextIn(tx, 29, 1), 0);
      });
      // By a broadcast of its own: the people of one bite.
      await withTx(pool, (tx) =>
        prepare(tx, botId, 1 + round, { segment: 'active-7', language: 'de', category: 'news' }),
      );
      await withTx(pool, (tx) => mute(tx, { botId, userId: user, category: 'news', isMuted: true }));
      assert.deepEqual(await mutedBy(pool, botId, user), ['news']);
      await forgetReceived(pool, botId, user);
    }
  } finally {
    // A session hands in its counts when it ends at the latest.
    await pool.end();
  }
}

const hot = (what: string, work: () => Promise<void>) =>
  // Broadcasts themselves are few.
  withoutScans(database, what, work, { entries: ROWS / 4, small: ['evenkeel.broadcast'] });

test('no statement of a broadcast scans a large table, whatever the planner knows of it', async () => {
  const sql = (text: string) => database.sql(text);
  for (const table of TABLES) await sql(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  await sql(`ANALYZE ${TABLES.join(', ')}`);
  for (const load of LOAD) await sql(load);
  await hot('planned for the empty tables', () => hotPath(600_001));
  await sql(`ANALYZE ${TABLES.join(', ')}`);
  await hot('analysed', () => hotPath(600_101));
});
