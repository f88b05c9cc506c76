/** Purchases and gifts by four processes at once that want the same accounts (case 12). */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withTx } from '../../../app/database/tx.ts';
import { balanceOf, checkLedger, credit, isSound } from '../../../app/ledger/index.ts';
import { startChild } from '../../../local/platform/process.ts';
import { workerPool } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';
import type { Errand, Report } from './fixtures/customer.ts';

const CUSTOMER = fileURLToPath(new URL('fixtures/customer.ts', import.meta.url));
const PROCESSES = 4;
const WITHIN = 240_000;
const botId = 1;
const [user, other] = [501, 502];

const world = await startWorld({ after });
const pool = workerPool({ after }, world.database, world.posture);

const give = (userId: number, amount: bigint, what: string) =>
  withTx(pool, (tx) => credit(tx, { botId, userId, cause: `stars:${what}:${userId}` }, { amount, from: 'stars' }));

/** Four processes that begin at the same word. */
async function atOnce(t: TestContext, errand: Pick<Errand, 'kind' | 'times'>): Promise<Report> {
  const customers = await Promise.all(
    Array.from({ length: PROCESSES }, async (_, index) => {
      const own: Errand = { ...errand, name: String(index), botId, userId: user, other };
      const child = await startChild(process.execPath, [CUSTOMER, world.database.url('worker'), JSON.stringify(own)], {
        guard: world.guard,
        lastSignal: 'SIGKILL',
        stdio: ['pipe', 'pipe', 'inherit'],
        env: {},
      });
      t.after(() => child.signal('SIGKILL'));
      let said = '';
      child.process.stdout!.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
      return { child, said: () => said };
    }),
  );
  await waitFor(() => customers.every(({ said }) => said().includes('ready')), { what: 'all of them', within: WITHIN });
  for (const { child } of customers) child.process.stdin!.write('go\n');
  const ends = await Promise.all(customers.map(({ child }) => child.exited));
  assert.deepEqual(ends, Array(PROCESSES).fill({ code: 0, signal: null }));
  const reports = customers.map(({ said }) => JSON.parse(said().trim().split('\n').at(-1)!) as Report);
  return {
    done: reports.reduce((sum, { done }) => sum + done, 0),
    refused: reports.flatMap(({ refused }) => refused),
    failed: reports.flatMap(({ failed }) => failed),
  };
}

test('12. forty purchases by four processes at once, of ten each with a hundred there: ten succeed, and the rest is told', async (t) => {
  await give(user, 100n, 'hundred');
  const { done, refused, failed } = await atOnce(t, { kind: 'buy', times: 10 });
  assert.deepEqual(failed, []);
  assert.equal(done, 10);
  assert.deepEqual(refused, Array(30).fill({ available: '0', missing: '10' }));
  assert.deepEqual(await balanceOf(pool, { botId, userId: user }), { available: 0n, held: 0n, debt: 0n });
  const check = await checkLedger(pool);
  assert.ok(isSound(check));
  assert.equal(check.sums['revenue:studio'], 100n);
  assert.deepEqual(await world.database.sql('SELECT state, count(*)::int AS n FROM evenkeel.reserve GROUP BY state'), [
    { state: 'settled', n: 10 },
  ]);
});

test('12. two accounts wanted in either order by four processes, a thousand times: nobody deadlocks', async (t) => {
  await give(user, 1_000n, 'thousand');
  await give(other, 1_000n, 'thousand');
  const { done, refused, failed } = await atOnce(t, { kind: 'give', times: 250 });
  assert.deepEqual({ done, refused, failed }, { done: 1_000, refused: [], failed: [] });
  const [one, two] = await Promise.all([user, other].map((userId) => balanceOf(pool, { botId, userId })));
  // As often in one direction as in the other.
  assert.deepEqual([one!.available, two!.available], [1_000n, 1_000n]);
  assert.ok(isSound(await checkLedger(pool)));
});
