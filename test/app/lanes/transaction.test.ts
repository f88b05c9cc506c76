/** A turn's own transaction: effects and "done" in one commit, and nothing from a handler that is no longer the lane's. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import type { Pool } from '../../../app/database/pool.ts';
import { LaneLost } from '../../../app/outcome.ts';
import type { Turn } from '../../../app/lanes/update.ts';
import { createPolicy } from '../../../app/providers/policy.ts';
import { resolve } from '../../../posture/resolve.ts';
import { captureLog } from '../../harness/logs.ts';
import { settled, startLanes, store } from '../../harness/lanes.ts';
import { deferred, waitFor } from '../../harness/wait.ts';
import { message } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const posture = resolve({
  lanes: { poll: '200ms', sweep: '300ms' },
  jobs: { chat: { backoff: { first: '100ms' }, attempts: 2 } },
});

const EFFECT = `INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, text) VALUES ($1, $2, 'user', 7, $3)`;
const values = ({ update }: Turn, text: string) => [update.botId, update.updateId, text];

async function lanes(t: TestContext, handle: (turn: Turn, pool: Pool) => Promise<void>, declared = posture) {
  const database = await world.freshDatabase(t);
  const started = await startLanes(t, { database, posture: declared, handle });
  const effects = async () =>
    (await database.sql<{ text: string }>('SELECT text FROM evenkeel.message ORDER BY update_id')).map(
      ({ text }) => text,
    );
  return { database, effects, ...started };
}

test('the effect and "done" are one commit: whatever the handler does afterwards, it is not run again', async (t) => {
  let runs = 0;
  const { database, effects, pool, logs } = await lanes(t, async (turn) => {
    runs += 1;
    await turn.transaction(async (tx) => {
      await tx.query(EFFECT, values(turn, 'paid'));
      await turn.done(tx);
    });
    throw new Error('after the fact');
  });
  await store(pool, [message(1, 7, 'x'), message(2, 8, 'x')]);
  const rows = await settled(database);
  assert.ok(rows.every(({ state, attempts }) => state === 'done' && attempts === 0));
  assert.deepEqual(await effects(), ['paid', 'paid']);
  assert.equal(runs, 2);
  assert.equal(logs.matching(/^done, but its handler failed afterwards$/).length, 2);
});

test('a transaction that fails leaves neither its effect nor "done"', async (t) => {
  let runs = 0;
  const { database, effects, pool } = await lanes(t, async (turn) => {
    runs += 1;
    await turn.transaction(async (tx) => {
      await tx.query(EFFECT, values(turn, `run ${runs}`));
      await turn.done(tx);
      if (runs === 1) throw new Error('changed its mind');
    });
  });
  await store(pool, [message(1, 7, 'x')]);
  assert.deepEqual(await settled(database), [{ updateId: 1, state: 'done', attempts: 1, takeovers: 0, error: null }]);
  assert.deepEqual(await effects(), ['run 2']);
});

test('a handler that was left behind by its deadline commits nothing, whether it has begun or not', async (t) => {
  const late: unknown[] = [];
  const gate = deferred();
  const impatient = resolve({
    lanes: { poll: '200ms', sweep: '300ms' },
    jobs: { chat: { handler: '4s', attempts: 1 } },
  });
  const { database, effects, pool } = await lanes(
    t,
    async (turn) => {
      if (turn.update.updateId === 1) {
        await turn
          .transaction(async (tx) => {
            await tx.query(EFFECT, values(turn, 'begun in time'));
            await turn.done(tx);
            await gate.promise;
          })
          .catch((error: unknown) => late.push(error));
        return;
      }
      await gate.promise;
      await turn.transaction(async (tx) => turn.done(tx)).catch((error: unknown) => late.push(error));
    },
    impatient,
  );
  await store(pool, [message(1, 7, 'x'), message(2, 8, 'x')]);
  await waitFor(async () => (await database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'parked'`)).length === 2, {
    what: 'both to be parked',
    within: 30_000,
  });
  gate.resolve();
  const rows = await settled(database);
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['parked', 'parked'],
  );
  await waitFor(() => late.length === 2, { what: 'both to have been refused' });
  assert.deepEqual(await effects(), []);
});

test('the lane cannot be taken over inside a transaction, and a lane that was taken over opens none', async (t) => {
  const refused = deferred<unknown>();
  const { database, pool } = await lanes(t, async (turn) => {
    if (turn.update.attempts > 0 || turn.update.updateId !== 1) return;
    await turn.transaction(async () => {
      const free = `SELECT FROM evenkeel.lane WHERE lane = $1 FOR NO KEY UPDATE SKIP LOCKED`;
      assert.equal((await database.sql(free, [turn.update.lane])).length, 0, 'held by the transaction');
    });
    // As a takeover by another worker does.
    await database.sql(`UPDATE evenkeel.lane SET generation = nextval('evenkeel.generation') WHERE lane = $1`, [
      turn.update.lane,
    ]);
    refused.resolve(await turn.transaction(async () => undefined).catch((error: unknown) => error));
    await database.sql('UPDATE evenkeel.lane SET owner = NULL WHERE lane = $1', [turn.update.lane]);
  });
  await store(pool, [message(1, 7, 'x')]);
  assert.ok((await refused.promise) instanceof LaneLost);
  await settled(database);
});

test('a call to a provider inside an open transaction throws at once, before it leaves', async (t) => {
  const { log } = captureLog();
  const policy = createPolicy('telegram', posture, log);
  let left = false;
  const seen = deferred<unknown>();
  const { database, pool } = await lanes(t, async (turn) => {
    const call = () => policy.call(async () => void (left = true), turn.signal);
    const failure = await turn.transaction(call).catch((error: unknown) => error);
    seen.resolve(failure);
  });
  await store(pool, [message(1, 7, 'x')]);
  assert.match(String(await seen.promise), /a call to telegram inside an open transaction/);
  assert.equal(left, false);
  await settled(database);
});
