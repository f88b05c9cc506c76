/** Killed between any two statements, the ledger agrees with itself, and what is repeated happens once (fault charge-without-record). */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { balanceOf, checkLedger, isSound } from '../../../app/ledger/index.ts';
import { workerPool } from '../../harness/lanes.ts';
import { seeded } from '../../harness/random.ts';
import { startSaying } from '../../harness/said.ts';
import { seeds } from '../../harness/seeds.ts';
import { anyStop, statementsTo } from '../../harness/statements.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';
import { AFTERWARDS, finish, live } from './fixtures/life.ts';

const world = await startWorld({ after });
const botId = 1;
const { count: SEEDS, first: FIRST_SEED } = seeds(12);
/** Each seed is a process that is killed. ms */
const timeout = 480_000 + SEEDS * 60_000;
const LIFE = fileURLToPath(new URL('fixtures/life.ts', import.meta.url));

test('a transaction that ends before any of its statements leaves nothing of itself', async (t) => {
  const pool = workerPool(t, world.database, world.posture);
  let userId = 0;
  for (let at = 1; ; at += 1) {
    userId += 1;
    class Killed extends Error {}
    const end = await live(pool, userId, async (statement) => {
      if (statement === at) throw new Killed();
    }).catch((error: unknown) => error);
    assert.ok(end === undefined || end instanceof Killed, String(end));
    assert.ok(isSound(await checkLedger(pool)), `cut before statement ${at}`);
    await finish(pool, userId);
    assert.deepEqual(await balanceOf(pool, { botId, userId }), AFTERWARDS, `cut before statement ${at}`);
    if (end === undefined) break;
  }
  assert.ok(userId > 20, 'every statement of six verbs');
  assert.ok(isSound(await checkLedger(pool)));
});

/** Statements of the life, BEGIN and COMMIT of each step among them. */
async function statementsOfLife(): Promise<number> {
  const { wire, said } = await begin(999);
  wire.arm({ at: Infinity, boundary: 'before' });
  await waitFor(() => said().includes('lived'), { what: 'the life' });
  return wire.seen.length;
}

async function begin(userId: number) {
  const wire = await statementsTo({ after }, world.database.url('worker'));
  return { wire, ...(await startSaying(world.guard, LIFE, wire.url, String(userId))) };
}

test(
  `21. a process that is killed at any statement, COMMIT among them, leaves all of a step or nothing (${SEEDS} of ${FIRST_SEED}…)`,
  { timeout },
  async (t) => {
    const pool = workerPool(t, world.database, world.posture);
    const statements = await statementsOfLife();
    assert.ok(statements > 30, `${statements} statements`);
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const random = seeded(seed);
      const userId = 1000 + seed;
      const { wire, child } = await begin(userId);
      const stop = anyStop(random, statements);
      wire.arm(stop);
      const text = await wire.stopped;
      child.process.kill('SIGKILL');
      await child.exited;
      const at = `seed ${seed}: ${stop.boundary} statement ${stop.at}: ${text}`;
      assert.ok(isSound(await checkLedger(pool)), at);
      // Its session may be at its last statement still.
      await waitFor(() => finish(pool, userId).then(() => true), { what: 'the rest' });
      assert.deepEqual(await balanceOf(pool, { botId, userId }), AFTERWARDS, at);
    }
    assert.ok(isSound(await checkLedger(pool)));
  },
);
