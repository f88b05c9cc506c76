/** Killed at any statement between the reserve and the end of the work that it is for (fault charge-without-record). */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withTx } from '../../../app/database/tx.ts';
import { balanceOf, checkLedger, credit, isSound, releaseExpired } from '../../../app/ledger/index.ts';
import { seeded } from '../../harness/random.ts';
import { workerPool } from '../../harness/lanes.ts';
import { startSaying } from '../../harness/said.ts';
import { seeds } from '../../harness/seeds.ts';
import { anyStop, statementsTo } from '../../harness/statements.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';
import { causeOf, HELD, TAKEN, type Order } from './fixtures/paid-work.ts';

const WORK = fileURLToPath(new URL('fixtures/paid-work.ts', import.meta.url));
const WITHIN = 120_000;
const botId = 1;
const { count, first } = seeds(5);
/** Each seed is two processes. ms */
const timeout = 480_000 + count * 60_000;

const world = await startWorld({ after });
const { database } = world;
const pool = workerPool({ after }, database, world.posture);
await database.sql(`
  CREATE TABLE submitted (cause text PRIMARY KEY, times int NOT NULL DEFAULT 1);
  GRANT SELECT, INSERT, UPDATE ON submitted TO worker`);

/** Statements of the way, and not those by which every worker looks for jobs. */
const ofTheWay = (): ((text: string) => boolean) => {
  let begun = false;
  return (text) => {
    begun ||= /evenkeel\.account/.test(text);
    return (
      begun &&
      (/^(BEGIN|COMMIT)$/.test(text) || /evenkeel\.(account|ledger_tx|reserve)\b|pgboss\.job|submitted/.test(text))
    );
  };
};

async function begin(order: Order, url: string) {
  const { child, said } = await startSaying(world.guard, WORK, url, JSON.stringify(order));
  const end = async () => {
    child.signal('SIGKILL');
    await child.exited;
  };
  return { said, end };
}

interface Found extends Record<string, unknown> {
  reserves: { state: string; settled: number }[];
  jobs: string[];
  submits: number;
}

/** In one snapshot: what is committed together is seen together. */
const found = async ({ userId }: Pick<Order, 'userId'>): Promise<Found> => {
  const [row] = await database.sql<Found>(
    `SELECT coalesce((SELECT json_agg(json_build_object('state', state, 'settled', settled)) FROM evenkeel.reserve
                      WHERE cause = $1), '[]') AS reserves,
            coalesce((SELECT json_agg(state) FROM pgboss.job WHERE name = 'remind' AND data ->> 'n' = $2), '[]') AS jobs,
            coalesce((SELECT times FROM submitted WHERE cause = $1), 0) AS submits`,
    [causeOf({ userId }), String(userId)],
  );
  return row!;
};

async function statementsOfTheWay(): Promise<number> {
  const order = { botId, userId: 900_001, succeeds: true };
  await give(order.userId);
  const wire = await statementsTo({ after }, database.url('worker'), ofTheWay());
  wire.arm({ at: Infinity, boundary: 'before' });
  const work = await begin(order, wire.url);
  await waitFor(() => work.said().includes('worked'), { what: 'the work', within: WITHIN });
  await work.end();
  return wire.seen.length;
}

const give = (userId: number) =>
  withTx(pool, (tx) => credit(tx, { botId, userId, cause: `stars:${userId}` }, { amount: 100n, from: 'stars' }));

test(
  `21. killed at any statement of reserve, job and settle: each reserve ends in exactly one way, and no work is without one (${count} of ${first}…)`,
  { timeout },
  async (t) => {
    const statements = await statementsOfTheWay();
    assert.ok(statements > 15, `${statements} statements`);
    const ends: Record<string, number> = {};
    for (let seed = first; seed < first + count; seed += 1) {
      const random = seeded(seed);
      const order: Order = { botId, userId: 100_000 + seed, succeeds: random.next() < 0.7 };
      const isSwept = random.next() < 0.25;
      const stop = anyStop(random, statements);
      await give(order.userId);
      const wire = await statementsTo({ after }, database.url('worker'), ofTheWay());
      wire.arm(stop);
      const victim = await begin(order, wire.url);
      await waitFor(() => wire.isStopped || victim.said().includes('worked'), {
        what: 'where it stops',
        within: WITHIN,
      });
      const at = `seed ${seed}: ${stop.boundary} statement ${stop.at}: ${wire.isStopped ? await wire.stopped : 'after all of them'}`;
      await victim.end();

      const between = await waitFor(
        async () => {
          // Its session may be at its last statement still.
          const [busy] = await database.sql<{ n: number }>(
            `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND usename = 'worker' AND xact_start IS NOT NULL`,
          );
          return busy!.n === 0 ? found(order) : undefined;
        },
        { what: `${at}: its session to end`, within: WITHIN },
      );
      assert.equal(between.reserves.length, between.jobs.length, `${at}: a reserve and its job are there together`);
      if (between.submits > 0) assert.equal(between.reserves.length, 1, `${at}: work without a reserve`);
      assert.ok(isSound(await checkLedger(pool)), at);

      if (isSwept) {
        await database.sql(
          `UPDATE evenkeel.reserve SET expires_at = now() - interval '1 s' WHERE cause = $1 AND state = 'open'`,
          [causeOf(order)],
        );
        await releaseExpired(pool, AbortSignal.timeout(WITHIN));
      }
      // As another worker does it when the leases of the dead one are over.
      await database.sql(`UPDATE pgboss.job SET state = 'retry' WHERE name = 'remind' AND state = 'active'`);
      const successor = await begin(order, database.url('worker'));
      const afterwards = await waitFor(
        async () => {
          const now = await found(order);
          return now.jobs[0] === 'completed' ? now : undefined;
        },
        { what: `${at}: the work to end`, within: WITHIN },
      );
      await successor.end();
      const [reserve, ...more] = afterwards.reserves;
      assert.ok(reserve && more.length === 0 && afterwards.jobs.length === 1, at);
      const swept = isSwept && between.reserves[0]?.state === 'open';
      const settles = order.succeeds && !swept;
      assert.deepEqual(
        reserve,
        settles ? { state: 'settled', settled: Number(TAKEN) } : { state: 'released', settled: 0 },
        at,
      );
      assert.deepEqual(
        await balanceOf(pool, order),
        { available: 100n - (settles ? TAKEN : 0n), held: 0n, debt: 0n },
        at,
      );
      assert.deepEqual(
        await database.sql(
          `SELECT kind, amount::int FROM evenkeel.ledger_tx WHERE user_id = $1 AND kind <> 'credit' ORDER BY id`,
          [order.userId],
        ),
        [
          { kind: 'reserve', amount: Number(HELD) },
          settles ? { kind: 'settle', amount: Number(TAKEN) } : { kind: 'release', amount: Number(HELD) },
        ],
        at,
      );
      assert.ok(afterwards.submits <= 2, `${at}: submitted ${afterwards.submits} times`);
      assert.ok(isSound(await checkLedger(pool)), at);
      const end = `${swept ? 'swept' : reserve.state}, submitted ${afterwards.submits} times`;
      ends[end] = (ends[end] ?? 0) + 1;
    }
    t.diagnostic(JSON.stringify(ends));
  },
);
