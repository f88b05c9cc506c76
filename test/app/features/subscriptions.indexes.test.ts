/** Every statement of plans on tables of years (fault missing-index): whatever the planner knows of them. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Api } from 'grammy';
import { createPool } from '../../../app/database/pool.ts';
import { withTx } from '../../../app/database/tx.ts';
import { activation, expiry, reminders, renewals, trialNotices } from '../../../app/features/subscriptions/clock.ts';
import { accessOf } from '../../../app/features/subscriptions/rows.ts';
import { pay, startTrial, takeBackPeriod, wish } from '../../../app/features/subscriptions/verbs.ts';
import type { JobNeeds } from '../../../app/features/feature.ts';
import { credit, reserve } from '../../../app/ledger/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import { captureLog } from '../../harness/logs.ts';
import { withoutScans } from '../../harness/scans.ts';
import { raised, startWorld } from '../../harness/world.ts';

const ROWS = 1_000_000;
const world = await startWorld({ after });
const { database, telegram, botId } = world;
const posture = resolve(raised({ plans: { autoRenew: true } }));
const { log } = captureLog();

/** Most are over, the others end one after another; a few at every turn that the clock takes. */
const LOAD = `
  INSERT INTO evenkeel.access (bot_id, user_id, state, plan, credits, period, until, grace_until, version, synced, told_of)
  SELECT ${botId}, n, state, 'month', 5, 1000000, until, CASE state WHEN 'grace' THEN until + interval '3 days' END,
         1, 1, CASE WHEN n % 2 = 0 THEN until END
  FROM (
    SELECT n, CASE WHEN n % 10 < 6 THEN 'expired' WHEN n % 10 = 6 THEN 'cancelled' WHEN n % 100 = 7 THEN 'trial' ELSE 'active' END AS state,
           CASE WHEN n % 10 < 6 THEN now() - n * interval '1 min' ELSE now() + n * interval '3 min' END AS until
    FROM generate_series(1, ${ROWS}) AS n) AS made;
  INSERT INTO evenkeel.access_period (bot_id, cause, user_id, plan, credits, since, until)
  SELECT ${botId}, 'plan:old:' || n, n, 'month', 5, now() - interval '1 day', now() FROM generate_series(1, ${ROWS}) AS n`;

const run = { job: { id: 'x', name: 'x' }, signal: new AbortController().signal, deadline: Infinity, log };

async function hotPath(from: number): Promise<void> {
  const pool = createPool({ url: database.url('worker'), posture, role: 'worker', log, botId });
  const api = new Api(telegram.botToken, { apiRoot: telegram.apiRoot });
  const needs: JobNeeds = {
    pool,
    posture,
    botId,
    api,
    accessProvider: {
      give: () => Promise.resolve('link'),
      take: () => Promise.resolve(),
      look: () => Promise.resolve('gone'),
      state: () => ({ breaker: 'closed', inFlight: 0, failures: 0 }),
      close: () => Promise.resolve(),
    },
  };
  try {
    for (let user = ROWS + from; user < ROWS + from + 8; user += 1) {
      const cause = `plan:new:${user}`;
      const terms = { plan: 'month', credits: 5, period: 1_000_000 };
      await withTx(pool, (tx) =>
        startTrial(tx, { botId, userId: user, plan: 'month', credits: 5n, period: 1_000_000, lasts: 1 }),
      );
      await withTx(pool, async (tx) => {
        await credit(tx, { botId, userId: user, cause: `stars:${cause}` }, { amount: 5n, from: 'stars' });
        await reserve(tx, { botId, userId: user, cause }, { amount: 5n, ttl: 60_000 });
      });
      await withTx(pool, (tx) => pay(tx, botId, { userId: user, cause, ...terms }));
      await withTx(pool, (tx) => wish(tx, botId, user, 'cancelled'));
      await withTx(pool, (tx) => takeBackPeriod(tx, botId, { userId: user, back: cause }));
      assert.ok(await accessOf(pool, botId, user));
    }
    const mine = `bot_id = ${botId} AND user_id`;
    await database.sql(`UPDATE evenkeel.access SET until = now() - interval '1 s' WHERE ${mine} IN (16, 17, 27)`);
    await database.sql(`UPDATE evenkeel.access SET check_at = now() WHERE ${mine} = 117`);
    for (const slot of [expiry, trialNotices, reminders, renewals, activation]) await slot(needs)(run);
  } finally {
    await pool.end();
  }
}

test('no statement of plans scans a table, whatever the planner knows of it', async () => {
  const tables = ['access', 'access_period', 'standing'].map((name) => `evenkeel.${name}`);
  for (const table of tables) await database.sql(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  await database.sql(`ANALYZE ${tables.join(', ')}`);
  await database.transaction(async (sql) => {
    for (const statement of LOAD.split(';')) await sql(statement);
  });
  // Those whose end is near are many; far from all.
  const allowed = { entries: ROWS / 20, small: ['pgboss.queue', 'evenkeel.subscription', 'evenkeel.person'] };
  await withoutScans(database, 'planned for the empty tables', () => hotPath(10), allowed);
  await database.sql(`ANALYZE ${tables.join(', ')}`);
  await withoutScans(database, 'analysed', () => hotPath(500), allowed);
});
