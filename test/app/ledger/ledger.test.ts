/** The ledger on a real PostgreSQL, as the role that the workers have. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withTx, type Tx } from '../../../app/database/tx.ts';
import {
  adjust,
  balanceOf,
  CauseReused,
  checkLedger,
  clawback,
  credit,
  InsufficientCredits,
  isSound,
  lockAccounts,
  release,
  releaseExpired,
  reserve,
  ReserveEnded,
  settle,
} from '../../../app/ledger/index.ts';
import type { Pool } from '../../../app/database/pool.ts';
import { resolve } from '../../../posture/resolve.ts';
import { workerPool } from '../../harness/lanes.ts';
import { startSaying } from '../../harness/said.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const BUYER = fileURLToPath(new URL('fixtures/buyer.ts', import.meta.url));
const botId = 1;
/** Forty that wait for one account wait as long as they must. */
const patient = resolve({
  database: {
    timeouts: { connect: '50s', acquire: '50s', lock: '50s', statement: '55s', query: '60s', idleInTransaction: '60s' },
  },
});
let users = 1000;

function open(t: TestContext, pools = 1) {
  const userId = (users += 1);
  const all = Array.from({ length: pools }, () => workerPool(t, world.database, patient));
  const pool = all[0]!;
  const user = { botId, userId };
  const by = { ...user, by: 'owner:1', reason: 'a test' };
  return {
    user,
    by,
    pool,
    all,
    tx: <T>(work: (tx: Tx) => Promise<T>) => withTx(pool, work),
    give: (amount: bigint, cause = `stars:${userId}`) =>
      withTx(pool, (tx) => credit(tx, { ...user, cause }, { amount, from: 'stars' })),
    balance: () => balanceOf(pool, user),
  };
}

async function sound(pool: Pool): Promise<void> {
  const check = await checkLedger(pool);
  assert.ok(
    isSound(check),
    JSON.stringify(check, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
  );
}

test('12. forty purchases at once, over four pools, of ten each with a hundred there: ten succeed, and the rest is told', async (t) => {
  const { user, all, pool, give, balance } = open(t, 4);
  await give(100n);
  const tried = await Promise.allSettled(
    Array.from({ length: 40 }, (_, index) =>
      withTx(all[index % 4]!, (tx) =>
        reserve(tx, { ...user, cause: `render:${user.userId}:${index}` }, { amount: 10n, ttl: 60_000 }),
      ),
    ),
  );
  assert.equal(tried.filter(({ status }) => status === 'fulfilled').length, 10);
  for (const one of tried)
    if (one.status === 'rejected') {
      assert.ok(one.reason instanceof InsufficientCredits, String(one.reason));
      assert.deepEqual([one.reason.available, one.reason.missing], [0n, 10n]);
    }
  assert.deepEqual(await balance(), { available: 0n, held: 100n, debt: 0n });
  await sound(pool);
});

test('12. the same by four processes, which all wait for the account at the same moment', async (t) => {
  const { user, pool, give, balance } = open(t);
  const { botId: bot, userId } = user;
  await give(100n);
  const url = world.database.url('worker');
  const waits = async () =>
    (
      await world.database.sql(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
    ).length;
  const args = (name: number) => [url, String(bot), String(userId), String(name), '10'];
  const buyers = await withTx(pool, async (tx) => {
    await lockAccounts(tx, bot, [userId]);
    const started = await Promise.all([1, 2, 3, 4].map((name) => startSaying(world.guard, BUYER, ...args(name))));
    await waitFor(async () => (await waits()) === 40, { within: 45_000, what: 'forty purchases that wait' });
    return started;
  });
  await Promise.all(buyers.map(({ child }) => child.exited));
  const results = buyers.map(({ said }) => /bought (\d+), told (\d+), failed (.*)/.exec(said())!.slice(1));
  const sum = (index: number) => results.reduce((total, result) => total + Number(result[index]), 0);
  assert.deepEqual([sum(0), sum(1), results.map(([, , failed]) => failed).join('')], [10, 30, '']);
  assert.deepEqual(await balance(), { available: 0n, held: 100n, debt: 0n });
  await sound(pool);
});

test('12. two accounts wanted in either order, a thousand times: nobody deadlocks', async (t) => {
  const { user, all, pool, give } = open(t, 4);
  const other = { botId, userId: user.userId + 100_000 };
  await give(1_000n);
  await withTx(pool, (tx) =>
    credit(tx, { ...other, cause: `stars:${other.userId}` }, { amount: 1_000n, from: 'stars' }),
  );
  await Promise.all(
    all.map(async (one, worker) => {
      for (let round = 0; round < 250; round += 1) {
        const cause = `gift:${user.userId}:${worker}:${round}`;
        const [from, to] = (worker + round) % 2 === 0 ? [user, other] : [other, user];
        await withTx(one, async (tx) => {
          await lockAccounts(tx, botId, [from.userId, to.userId]);
          await adjust(tx, { ...from, cause: `${cause}:from`, by: 'owner:1', reason: 'gift' }, { amount: -1n });
          await adjust(tx, { ...to, cause: `${cause}:to`, by: 'owner:1', reason: 'gift' }, { amount: 1n });
        });
      }
    }),
  );
  const [a, b] = await Promise.all([balanceOf(pool, user), balanceOf(pool, other)]);
  assert.equal(a.available + b.available, 2_000n);
  await sound(pool);
});

test('accounts that are locked out of order are refused before they can deadlock', async (t) => {
  const { user, tx } = open(t);
  const higher = { botId, userId: user.userId + 1 };
  users += 1;
  await assert.rejects(
    tx(async (inside) => {
      await credit(inside, { ...higher, cause: `a:${user.userId}` }, { amount: 1n, from: 'promo' });
      await credit(inside, { ...user, cause: `b:${user.userId}` }, { amount: 1n, from: 'promo' });
    }),
    /locked out of order/,
  );
});

test('1. one cause credits once, however often and from wherever it comes', async (t) => {
  const { user, all, balance, pool } = open(t, 3);
  const cause = `stars:C${user.userId}`;
  const posted = await Promise.all(
    Array.from({ length: 9 }, (_, index) =>
      withTx(all[index % 3]!, (tx) => credit(tx, { ...user, cause }, { amount: 50n, from: 'stars' })),
    ),
  );
  assert.equal(posted.filter(({ applied }) => applied).length, 1);
  assert.deepEqual(await balance(), { available: 50n, held: 0n, debt: 0n });
  await sound(pool);
});

test('a cause that comes again for something else is a defect, and says which', async (t) => {
  const { user, tx, give, balance } = open(t);
  await give(5n, `stars:D${user.userId}`);
  await assert.rejects(give(6n, `stars:D${user.userId}`), CauseReused);
  const other = { botId, userId: (users += 1), cause: `stars:D${user.userId}` };
  await assert.rejects(
    tx((inside) => credit(inside, other, { amount: 5n, from: 'stars' })),
    /is a credit of 5 for user \d+, and is now wanted as a credit of 5 for user \d+/,
  );
  assert.equal((await balance()).available, 5n);
});

test('a repeated verb is told so, though by now it would be refused', async (t) => {
  const { user, by, tx, give, balance } = open(t);
  await give(10n);
  const cause = `render:${user.userId}`;
  const hold = () => tx((inside) => reserve(inside, { ...user, cause }, { amount: 10n, ttl: 60_000 }));
  assert.equal((await hold()).applied, true);
  assert.equal((await hold()).applied, false);
  const take = () => tx((inside) => settle(inside, { botId, of: cause }, { amount: 4n, to: 'revenue:studio' }));
  assert.deepEqual(await take().then(({ applied, settled, returned }) => ({ applied, settled, returned })), {
    applied: true,
    settled: 4n,
    returned: 6n,
  });
  assert.equal((await take()).applied, false);
  const spend = () => tx((inside) => adjust(inside, { ...by, cause: `spend:${user.userId}` }, { amount: -6n }));
  assert.equal((await spend()).applied, true);
  assert.equal((await spend()).applied, false);
  assert.deepEqual(await balance(), { available: 0n, held: 0n, debt: 0n });
});

test('9. what is taken back after it was spent is a debt, which the next credit repays first', async (t) => {
  const { user, by, tx, give, balance, pool } = open(t);
  await give(100n, `stars:E${user.userId}`);
  await tx((inside) => adjust(inside, { ...by, cause: `spend:${user.userId}` }, { amount: -80n }));
  await tx((inside) =>
    clawback(inside, { ...user, cause: `stars:E${user.userId}:refund` }, { amount: 100n, to: 'stars' }),
  );
  assert.deepEqual(await balance(), { available: 0n, held: 0n, debt: -80n });
  await give(100n, `stars:F${user.userId}`);
  assert.deepEqual(await balance(), { available: 20n, held: 0n, debt: 0n });
  await sound(pool);
});

test('10. what is reserved stays so when its money goes back; what is left of it repays the debt', async (t) => {
  const { user, tx, give, balance, pool } = open(t);
  await give(100n, `stars:G${user.userId}`);
  const of = `render:${user.userId}`;
  await tx((inside) => reserve(inside, { ...user, cause: of }, { amount: 100n, ttl: 60_000 }));
  await tx((inside) =>
    clawback(inside, { ...user, cause: `stars:G${user.userId}:refund` }, { amount: 100n, to: 'stars' }),
  );
  assert.deepEqual(await balance(), { available: 0n, held: 100n, debt: -100n });
  await assert.rejects(
    tx((inside) => settle(inside, { botId, of }, { amount: 101n, to: 'revenue:studio' })),
    /holds 100 credits, and 101 are to be taken/,
  );
  await tx((inside) => settle(inside, { botId, of }, { amount: 70n, to: 'revenue:studio' }));
  assert.deepEqual(await balance(), { available: 0n, held: 0n, debt: -70n });
  await sound(pool);
});

test('a reserve ends once: settled or released, and the other is refused', async (t) => {
  const { user, tx, give, balance, pool } = open(t, 1);
  await give(100n);
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const of = `render:${user.userId}:${index}`;
      await tx((inside) => reserve(inside, { ...user, cause: of }, { amount: 5n, ttl: 60_000 }));
      const both = await Promise.allSettled([
        tx((inside) => settle(inside, { botId, of }, { amount: 5n, to: 'revenue:studio' })),
        tx((inside) => release(inside, { botId, of })),
      ]);
      for (const one of both)
        if (one.status === 'rejected') assert.ok(one.reason instanceof ReserveEnded, String(one.reason));
      assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1);
      return both[0].status === 'fulfilled' ? 5n : 0n;
    }),
  );
  const spent = outcomes.reduce<bigint>((sum, one) => sum + one, 0n);
  assert.deepEqual(await balance(), { available: 100n - spent, held: 0n, debt: 0n });
  await sound(pool);
});

test('a reserve that nobody ends is given back when its time is over, and nothing is delivered for it then', async (t) => {
  const { user, tx, pool, give, balance } = open(t);
  await give(10n);
  const of = `render:${user.userId}`;
  const lasting = `render:${user.userId}:lasting`;
  await tx((inside) => reserve(inside, { ...user, cause: of }, { amount: 4n, ttl: 0 }));
  await tx((inside) => reserve(inside, { ...user, cause: lasting }, { amount: 4n, ttl: 60_000 }));
  const { signal } = new AbortController();
  const swept = await Promise.all([releaseExpired(pool, signal), releaseExpired(pool, signal)]);
  assert.equal(swept[0] + swept[1], 1);
  assert.deepEqual(await balance(), { available: 6n, held: 4n, debt: 0n });
  await assert.rejects(
    tx((inside) => settle(inside, { botId, of }, { amount: 4n, to: 'revenue:studio' })),
    ReserveEnded,
  );
  await sound(pool);
});

test('24. amounts are whole and positive: nothing else is taken for one', async (t) => {
  const { user, give, tx, pool } = open(t);
  for (const amount of [0n, -1n, 10n ** 15n + 1n, 1.5 as unknown as bigint, NaN as unknown as bigint])
    await assert.rejects(give(amount), RangeError);
  const most = 10n ** 15n;
  await give(most, `most:${user.userId}`);
  // Beyond 2^53 nothing is rounded.
  await tx((inside) => credit(inside, { ...user, cause: `one:${user.userId}` }, { amount: 1n, from: 'promo' }));
  for (let round = 0; round < 9; round += 1) await give(most, `most:${user.userId}:${round}`);
  assert.equal((await balanceOf(pool, user)).available, 10n * most + 1n);
  await sound(pool);
});

test('the worker may append to the ledger and not change it, and neither may its owner', async (t) => {
  const { give, pool } = open(t);
  await give(1n);
  for (const table of ['ledger_tx', 'ledger_entry'])
    for (const statement of [
      `UPDATE evenkeel.${table} SET amount = 2`,
      `DELETE FROM evenkeel.${table}`,
      `TRUNCATE evenkeel.${table} CASCADE`,
    ]) {
      await assert.rejects(pool.query(statement), /permission denied/, statement);
      await assert.rejects(world.database.sql(statement), /the ledger is only appended to/, statement);
    }
  for (const table of ['account', 'reserve'])
    await assert.rejects(pool.query(`DELETE FROM evenkeel.${table}`), /permission denied/);
});

test('entries that do not sum to zero are not committed, whoever writes them', async (t) => {
  const { user, pool } = open(t);
  const lonely = `
    WITH moved AS (
      INSERT INTO evenkeel.ledger_tx (bot_id, cause, kind, user_id, amount, by) VALUES ($1, $2, 'credit', $3, 1, 'x') RETURNING id
    )
    INSERT INTO evenkeel.ledger_entry (tx, bot_id, account, amount) SELECT id, $1, 'stars', 1 FROM moved`;
  await assert.rejects(pool.query(lonely, [botId, `lonely:${user.userId}`, user.userId]), /do not sum to zero/);
  await sound(pool);
});
