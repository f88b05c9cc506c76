/** Accesses on a real PostgreSQL: whatever is asked in whatever order, they go only where the states go. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { withTx, type Tx } from '../../../app/database/tx.ts';
import { accessOf, lockAccess, type Access } from '../../../app/features/subscriptions/rows.ts';
import { afterEvent, mayUse, MOVES, STATES } from '../../../app/features/subscriptions/states.ts';
import { endIfDue, pay, startTrial, takeBackPeriod, wish } from '../../../app/features/subscriptions/verbs.ts';
import { book, takeBack } from '../../../app/payments/book.ts';
import { order } from '../../../app/payments/purchase.ts';
import { stand } from '../../../app/payments/standing.ts';
import { balanceOf, checkLedger, credit, isSound, reserve } from '../../../app/ledger/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import { workerPool } from '../../harness/lanes.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const { database } = world;
/** Waits for rows as long as a slow machine takes: what ends is looked at here, not how soon. */
const patient = { connect: '50s', acquire: '50s', lock: '40s', statement: '55s', query: '58s' };
const pool = workerPool({ after }, database, resolve({ database: { timeouts: patient } }));
const botId = 1;
const PERIOD = 3_600_000;
const GRACE = 600_000;
let users = 0;
const person = () => (users += 1);

/** By which the database lets time pass for one of them. */
const past = (user: number, ms: number) =>
  database.sql(
    `UPDATE evenkeel.access
     SET until = until - $2 * interval '1 ms', grace_until = grace_until - $2 * interval '1 ms' WHERE user_id = $1`,
    [user, ms],
  );
const terms = { plan: 'month', credits: 5, period: PERIOD };

async function paying(user: number, cause: string): Promise<void> {
  await withTx(pool, async (tx) => {
    await credit(tx, { botId, userId: user, cause: `stars:${cause}` }, { amount: 5n, from: 'stars' });
    await reserve(tx, { botId, userId: user, cause }, { amount: 5n, ttl: 60_000 });
  });
  await withTx(pool, (tx) => pay(tx, botId, { userId: user, cause, ...terms }));
}

const end = (tx: Tx, user: number) => lockAccess(tx, botId, user).then((row) => row && endIfDue(tx, row, GRACE));

test('the database lets an access go where the states go, and nowhere else', async () => {
  for (const from of STATES)
    for (const to of STATES) {
      if (from === to) continue;
      const user = person();
      const until = (state: string) => (state === 'grace' ? 'now()' : 'NULL');
      await database.sql(
        `INSERT INTO evenkeel.access (bot_id, user_id, state, plan, credits, period, until, grace_until)
         VALUES (1, $1, $2, 'month', 5, 1, now(), ${until(from)})`,
        [user, from],
      );
      const moving = database.sql(
        `UPDATE evenkeel.access SET state = $2, grace_until = ${until(to)} WHERE user_id = $1`,
        [user, to],
      );
      // A period without a grace, and one that ended long ago, end at once.
      const isLegal = MOVES.some(([a, b]) => a === from && b === to) || (from === 'active' && to === 'expired');
      if (isLegal) await moving;
      else await assert.rejects(moving, new RegExp(`does not go from ${from} to ${to}`));
    }
});

type Step = 'trial' | 'pay' | 'again' | 'back' | 'cancelled' | 'resumed' | 'passes' | 'end';
const steps = fc.array(
  fc.constantFrom<Step>('trial', 'pay', 'again', 'back', 'cancelled', 'resumed', 'passes', 'end'),
  { minLength: 4, maxLength: 14 },
);

test('any verbs in any order: legal states, one trial, each period once, and versions only forward', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (way) => {
      const user = person();
      const causes: string[] = [];
      let trials = 0;
      let before: Access | undefined;
      for (const step of way) {
        if (step === 'trial') {
          const { plan, period, credits } = terms;
          const begun = await withTx(pool, (tx) =>
            startTrial(tx, { botId, userId: user, plan, period, credits: BigInt(credits), lasts: PERIOD }),
          );
          if (begun) trials += 1;
        } else if (step === 'pay') {
          causes.push(`plan:${user}:${causes.length}`);
          await paying(user, causes.at(-1)!);
        } else if (step === 'again' && causes.length > 0) {
          const did = await withTx(pool, (tx) => pay(tx, botId, { userId: user, cause: causes.at(-1)!, ...terms }));
          assert.deepEqual(did, { before: true });
        } else if (step === 'back' && causes.length > 0)
          await withTx(pool, (tx) => takeBackPeriod(tx, botId, { userId: user, back: causes.at(-1)! }));
        else if (step === 'cancelled' || step === 'resumed') await withTx(pool, (tx) => wish(tx, botId, user, step));
        else if (step === 'passes') await past(user, PERIOD + GRACE / 2);
        else if (step === 'end') await withTx(pool, (tx) => end(tx, user));
        const now = await accessOf(pool, botId, user);
        if (before && now) {
          assert.ok(now.version >= before.version);
          const reached = new Set<string>([before.state]);
          for (const event of ['paid', 'due', 'lapsed', 'cancelled', 'resumed', 'taken-back'] as const)
            reached.add(afterEvent(before.state, event) ?? before.state);
          if (before.state === 'active') reached.add('expired');
          assert.ok(reached.has(now.state), `${before.state} → ${step} → ${now.state}`);
          // Whatever may be used less or longer is told to the provider.
          if (mayUse(before.state) !== mayUse(now.state)) assert.ok(now.version > before.version);
        }
        before = now;
      }
      assert.ok(trials <= 1);
      const [{ periods } = { periods: 0 }] = await database.sql<{ periods: number }>(
        `SELECT count(*)::int AS periods FROM evenkeel.access_period WHERE user_id = $1 AND credits > 0`,
        [user],
      );
      assert.equal(periods, causes.length);
      assert.deepEqual(await balanceOf(pool, { botId, userId: user }), { available: 0n, held: 0n, debt: 0n });
    }),
    { numRuns: 60 },
  );
  assert.ok(isSound(await withTx(pool, checkLedger)));
});

test('expiry, renewal and taking back at once, 1,000 times on one row: one legal state, each period once', async () => {
  const user = person();
  await paying(user, `plan:${user}:first`);
  for (let round = 0; round < 1_000; round += 1) {
    await past(user, 2 * PERIOD + 2 * GRACE);
    const cause = `plan:${user}:${round}`;
    await Promise.all([
      withTx(pool, (tx) => end(tx, user)),
      paying(user, cause),
      withTx(pool, (tx) => end(tx, user)),
      ...(round % 3 === 0 ? [withTx(pool, (tx) => wish(tx, botId, user, 'cancelled'))] : []),
    ]);
    const now = (await accessOf(pool, botId, user))!;
    // Whoever was first, what was paid for is there, and is not over.
    assert.ok(['active', 'cancelled', 'expired'].includes(now.state), `round ${round}: ${now.state}`);
    assert.equal(mayUse(now.state), now.until > now.now || now.state !== 'expired', `round ${round}`);
    if (now.state === 'expired') assert.fail(`round ${round}: what was paid for is over`);
  }
  const [counted] = await database.sql<{ periods: number }>(
    `SELECT count(*)::int AS periods FROM evenkeel.access_period WHERE user_id = $1`,
    [user],
  );
  assert.equal(counted!.periods, 1_001);
});

test('each month of Stars pays for one period, however often it is told of; and what went back ends it', async () => {
  const user = person();
  const MONTH = 2_592_000;
  const monthly = { name: 'monthly', credits: 6n, price: 250n };
  const wanted = { botId, updateId: 7, userId: user, package: monthly, lasts: 60_000, period: MONTH };
  const { id: purchase } = await order(pool, wanted);
  await stand(pool, { botId, purchase, cost: 5n, holds: 60_000, queue: 'plan', input: terms });
  const paid = (charge: string, months: number) => ({
    botId,
    charge,
    from: user,
    payload: purchase,
    currency: 'XTR',
    amount: 250,
    at: new Date(),
    foundBy: 'update' as const,
    recurring: { until: new Date(Date.now() + months * MONTH * 1000), isFirst: months === 1 },
  });
  const jobs = () =>
    database.sql<{ data: Parameters<typeof pay>[2] & { back?: string } }>(
      `SELECT data FROM pgboss.job WHERE name = 'plan' ORDER BY created_on`,
    );
  await withTx(pool, (tx) => book(tx, paid('c1', 1)));
  await withTx(pool, (tx) => book(tx, paid('c1', 1)));
  await withTx(pool, (tx) => book(tx, paid('c2', 2)));
  const made = await jobs();
  assert.deepEqual(
    made.map(({ data }) => [data.cause, data.userId]),
    [
      ['plan:c1', user],
      ['plan:c2', user],
    ],
  );
  for (const { data } of made) await withTx(pool, (tx) => pay(tx, botId, data));
  const access = (await accessOf(pool, botId, user))!;
  assert.equal(access.until.getTime() - access.now.getTime() > 1.9 * PERIOD, true);
  assert.deepEqual(await balanceOf(pool, { botId, userId: user }), { available: 2n, held: 0n, debt: 0n });
  const back = { ...paid('c2', 2), to: user };
  await withTx(pool, (tx) => takeBack(tx, back));
  await withTx(pool, (tx) => takeBack(tx, back));
  const [, , undo, ...more] = await jobs();
  assert.deepEqual([undo!.data.back, more.length], ['plan:c2', 0]);
  await withTx(pool, (tx) => takeBackPeriod(tx, botId, { userId: user, back: 'plan:c2' }));
  const left = (await accessOf(pool, botId, user))!;
  assert.ok(left.until < access.until && left.state === 'active');
  await withTx(pool, (tx) => takeBackPeriod(tx, botId, { userId: user, back: 'plan:c1' }));
  assert.equal((await accessOf(pool, botId, user))!.state, 'expired');
  // One that went back before it was written down does not begin any more, and holds no credits for it.
  const before = await balanceOf(pool, { botId, userId: user });
  await withTx(pool, async (tx) => {
    await credit(tx, { botId, userId: user, cause: 'stars:c3' }, { amount: 10n, from: 'stars' });
    await reserve(tx, { botId, userId: user, cause: 'plan:c3' }, { amount: 5n, ttl: 3_600_000 });
  });
  await withTx(pool, (tx) => takeBackPeriod(tx, botId, { userId: user, back: 'plan:c3' }));
  for (const _ of ['once', 'again'])
    assert.deepEqual(await withTx(pool, (tx) => pay(tx, botId, { ...made[0]!.data, cause: 'plan:c3' })), {
      before: true,
    });
  const { held, available, debt } = await balanceOf(pool, { botId, userId: user });
  assert.deepEqual([held, available + debt], [0n, before.available + before.debt + 10n]);
});
