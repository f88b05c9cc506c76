/** An update that ends its worker is found out, and what merely ran beside it is not parked for it (fault poison-spread). */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { claimLanes, claimSuspect, runAlone } from '../../../app/lanes/claim.ts';
import type { Pool } from '../../../app/database/pool.ts';
import { takeOver } from '../../../app/lanes/takeover.ts';
import { resolve } from '../../../posture/resolve.ts';
import { BOT_ID, inbox, settled, startLanes, store, workerPool } from '../../harness/lanes.ts';
import type { TestDatabase } from '../../harness/database.ts';
import { deferred, waitFor } from '../../harness/wait.ts';
import { message } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const posture = resolve({ lanes: { takeovers: 4, poll: '200ms', sweep: '300ms' } });

/** A worker that has registered, as one does that starts. */
async function register(database: TestDatabase): Promise<string> {
  const id = randomUUID();
  await database.sql(`INSERT INTO evenkeel.worker (id, bot_id, lease) VALUES ($1, $2, '1 s')`, [id, BOT_ID]);
  return id;
}

/** All of them fell silent a minute ago, while others went on. */
async function loseEverybody(database: TestDatabase, pool: Pool): Promise<void> {
  await database.sql(`UPDATE evenkeel.worker SET seen_at = now() - interval '1 minute'`);
  await database.sql(
    `INSERT INTO evenkeel.pulse (bot_id, since) VALUES ($1, now() - interval '1 hour')
     ON CONFLICT (bot_id) DO UPDATE SET since = EXCLUDED.since, seen_at = clock_timestamp()`,
    [BOT_ID],
  );
  assert.equal((await takeOver(pool, posture, BOT_ID)).workers, 1);
}

test('four crashes beside five long updates: the one that ends its worker is parked, and nobody else', async (t) => {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, posture);
  await store(
    pool,
    [1, 2, 3, 4, 5, 6].map((id) => message(id, id, 'x')),
  );
  // Update 1 ends whatever worker handles it; the others take longer than any of these workers lives.
  for (let crash = 1; crash <= 2; crash += 1) {
    const worker = await register(database);
    assert.equal((await claimLanes(pool, worker, BOT_ID, 'chat', 10)).length, 6, 'all run side by side');
    await loseEverybody(database, pool);
  }
  assert.ok((await inbox(database)).every(({ takeovers, state }) => takeovers === 2 && state === 'pending'));

  const poisoned = `${BOT_ID}:1`;
  let alone = 0;
  for (let round = 0; alone < 2; round += 1) {
    assert.ok(round < 20, 'the suspects come round');
    const worker = await register(database);
    assert.deepEqual(await claimLanes(pool, worker, BOT_ID, 'chat', 10), [], 'suspects are not claimed among others');
    const claim = (await claimSuspect(pool, worker, BOT_ID))!;
    assert.equal(await claimSuspect(pool, worker, BOT_ID), undefined, 'one at a time');
    assert.ok(await runAlone(pool, claim));
    if (claim.lane === poisoned) {
      alone += 1;
      await loseEverybody(database, pool);
    } else {
      // Harmless, and still not done: given back, as when the drain ends its worker.
      await database.sql(
        `UPDATE evenkeel.lane SET owner = NULL, alone = false, due_at = clock_timestamp() WHERE lane = $1`,
        [claim.lane],
      );
      await database.sql('DELETE FROM evenkeel.worker');
    }
  }
  assert.deepEqual(
    (await inbox(database)).map(({ state, takeovers }) => [state, takeovers]),
    [['parked', 4], ...Array.from({ length: 5 }, () => ['pending', 2])],
  );
  const handled: number[] = [];
  await startLanes(t, { database, posture, handle: async (turn) => void handled.push(turn.update.updateId) });
  await settled(database);
  assert.deepEqual(handled.toSorted(), [2, 3, 4, 5, 6]);
});

test('a suspect that could not be begun, as the database failed just then, is given back and begun again', async (t) => {
  const database = await world.freshDatabase(t);
  await database.sql(`
    CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$`);
  await database.sql(`
    CREATE TRIGGER fails BEFORE UPDATE ON evenkeel.lane FOR EACH ROW WHEN (NEW.alone) EXECUTE FUNCTION fails()`);
  const handled: number[] = [];
  const { logs } = await startLanes(t, {
    database,
    posture,
    handle: async (turn) => void handled.push(turn.update.updateId),
  });
  await database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, takeovers, body) VALUES ($1, 50, 'chat', $2, 2, '{"update_id":50}')`,
    [BOT_ID, `${BOT_ID}:50`],
  );
  await waitFor(() => logs.lines.some(({ loop, error }) => loop === 'suspects' && /not now/.test(String(error))), {
    what: 'it to fail',
  });
  await database.sql('DROP TRIGGER fails ON evenkeel.lane');
  await settled(database);
  assert.deepEqual(handled, [50]);
});

test('a suspect runs alone: what is in hand ends first, and nothing starts beside it', async (t) => {
  const database = await world.freshDatabase(t);
  const [gate, first] = [deferred(), deferred()];
  const active = new Set<number>();
  const beside: number[][] = [];
  const { pool } = await startLanes(t, {
    database,
    posture,
    handle: async ({ update: { updateId } }) => {
      active.add(updateId);
      beside.push([...active]);
      if (updateId === 1) {
        first.resolve();
        await gate.promise;
      }
      active.delete(updateId);
    },
  });
  await store(pool, [message(1, 1, 'x')]);
  await first.promise;
  await database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, takeovers, body) VALUES ($1, 50, 'chat', $2, 2, '{"update_id":50}')`,
    [BOT_ID, `${BOT_ID}:50`],
  );
  // Its row comes from the sweep, which knows nothing of suspects: it is noticed when it is about to run.
  await waitFor(
    async () => (await database.sql('SELECT FROM evenkeel.lane WHERE suspect AND owner IS NOT NULL')).length === 1,
    { what: 'the suspect to be waiting in a worker' },
  );
  await store(
    pool,
    Array.from({ length: 10 }, (_, index) => message(60 + index, 60 + index, 'x')),
  );
  assert.deepEqual([...active], [1]);
  gate.resolve();
  await settled(database);
  assert.deepEqual(
    beside.filter((ids) => ids.includes(50)),
    [[50]],
  );
});

test('a takeover is charged to the update in hand alone, and not to what waits behind it', async (t) => {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, posture);
  await store(pool, [message(1, 7, 'x'), message(2, 7, 'x'), message(3, 8, 'x')]);
  await claimLanes(pool, await register(database), BOT_ID, 'chat', 1);
  await loseEverybody(database, pool);
  assert.deepEqual(
    (await inbox(database)).map(({ takeovers }) => takeovers),
    [1, 0, 0],
  );
});

test('two bots in one database: each worker takes its own lanes, whoever stored them', async (t) => {
  const database = await world.freshDatabase(t);
  const handled: Record<number, number[]> = { 7: [], 8: [] };
  const start = (botId: number) =>
    startLanes(t, {
      database,
      posture,
      botId,
      handle: async ({ update }) => {
        assert.equal(update.botId, botId);
        handled[botId]!.push(update.updateId);
      },
    });
  const seven = await start(7);
  const ids = Array.from({ length: 40 }, (_, index) => index + 1);
  for (const botId of [7, 8])
    await store(
      seven.pool,
      ids.map((id) => message(id, id % 5, 'x')),
      botId,
    );
  await waitFor(() => handled[7]!.length === 40, { what: 'the first bot to be served' });
  assert.equal((await database.sql(`SELECT FROM evenkeel.inbox WHERE bot_id = 8 AND state = 'pending'`)).length, 40);
  await start(8);
  await settled(database);
  assert.equal(handled[8]!.length, 40);
});
