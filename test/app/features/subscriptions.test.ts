/** Plans with processes: tried once, paid for, given and taken at a provider that is slow, deaf, wrong or mistaken. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { lockAccess } from '../../../app/features/subscriptions/rows.ts';
import { endIfDue, pay, wish } from '../../../app/features/subscriptions/verbs.ts';
import { balanceOf, credit, reserve } from '../../../app/ledger/index.ts';
import type { AccessFaults } from '../../../local/contract/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import { startFeature } from '../../harness/feature.ts';
import { workerPool } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { raised } from '../../harness/world.ts';

const feature = await startFeature({ after }, 'subscriptions', {
  posture: raised({
    providers: { access: { timeout: '1s', takes: '100ms', breaker: { minimumCalls: 200 } } },
    work: { access: { backoff: { first: '200ms', max: '500ms' }, deadline: '10s' } },
    schedules: {
      expiry: { every: '5s', deadline: '1s' },
      activation: { every: '5s', deadline: '1s' },
      renewals: { every: '5s', deadline: '1s' },
      reminders: { every: '5s', deadline: '1s' },
      trialNotices: { every: '5s', deadline: '1s' },
    },
    plans: { checkAfter: '3s', autoRenew: true },
  }),
});
const { world, database } = feature;
const { telegram, access: provider, botId } = world;
/** Waits for rows as long as a slow machine takes: what ends is looked at here, not how soon. */
const patient = { connect: '50s', acquire: '50s', lock: '40s', statement: '55s', query: '58s' };
const pool = workerPool({ after }, database, resolve({ database: { timeouts: patient } }));

const within = 120_000;
const until = (what: string, holds: () => Promise<boolean> | boolean) =>
  waitFor(async () => ((await holds()) ? true : undefined), { what, within });
const there = (user: number) => provider.users().find(({ id }) => id === `tg-${botId}-${user}`);
const give = (userId: number, amount: bigint) =>
  withTx(pool, (tx) => credit(tx, { botId, userId, cause: `stars:${userId}:${amount}` }, { amount, from: 'stars' }));
const balance = async (userId: number) => (await balanceOf(pool, { botId, userId })).available;
const row = async (user: number) =>
  (
    await database.sql<{ state: string; synced: boolean; version: number }>(
      'SELECT state, synced = version AS synced, version FROM evenkeel.access WHERE user_id = $1',
      [user],
    )
  )[0];
const is = (user: number, state: string) =>
  until(`${user} to be ${state}`, async () => (await row(user))?.state === state && (await row(user))!.synced);
const passes = (user: number, days: number) =>
  database.sql(
    `UPDATE evenkeel.access SET until = until - $2 * interval '1 day', grace_until = grace_until - $2 * interval '1 day'
     WHERE user_id = $1`,
    [user, days],
  );

async function press(user: number, label: RegExp): Promise<void> {
  const { messageId, button } = await waitFor(
    () =>
      telegram
        .messages(user)
        .toReversed()
        .flatMap(({ messageId, buttons }) => (buttons ?? []).flat().map((button) => ({ messageId, button })))
        .find(({ button }) => label.test(button.text)),
    { what: `a button ${label}`, within },
  );
  telegram.tap(user, messageId, button.callback_data!);
}

test('a trial costs nothing, is given, told of, ends by itself, and is once a person', async () => {
  assert.match(await feature.ask(1, '/plans'), /month: 500 credits for 30 days/);
  await press(1, /^Try month/);
  await feature.next(1, /^Your trial runs until/);
  await feature.next(1, /^Your access, until [^]*https:\/\/access\.example\.com/);
  await is(1, 'trial');
  assert.ok(there(1));
  await passes(1, 2.9);
  await feature.next(1, /^Your trial of month ends/);
  await passes(1, 1);
  await feature.next(1, /^Your trial of month is over/);
  await is(1, 'expired');
  assert.equal(there(1), undefined);
  await database.sql(`UPDATE evenkeel.tap SET used_by = NULL WHERE user_id = 1`);
  await press(1, /^Try month/);
  await feature.next(1, /^A trial is once a person/);
  await feature.ask(1, '/plans');
  assert.equal(
    telegram
      .messages(1)
      .at(-1)!
      .buttons.flat()
      .some(({ text }) => /^Try/.test(text)),
    false,
  );
});

test('who has too few credits is told what is missing, and nothing is taken', async () => {
  await give(2, 100n);
  await feature.ask(2, '/plans');
  await press(2, /^month: 500/);
  await feature.next(2, /400 credits short[^]*Nothing was taken/);
  assert.equal(await balance(2), 100n);
});

test('a plan is paid for once, given, reminded of, in grace where it is not paid again, and taken when that is over', async () => {
  await give(3, 500n);
  await feature.ask(3, '/plans');
  await press(3, /^month: 500/);
  await press(3, /^month: 500/);
  await feature.next(3, /^Receipt: month is paid for with 500 credits/);
  await feature.next(3, /^Your access/);
  assert.equal(await balance(3), 0n);
  await passes(3, 29.5);
  await feature.next(3, /^month runs until/);
  // Wanted again from the balance, in which there is nothing.
  await passes(3, 0.4);
  await feature.next(3, /^month could not be renewed: it costs 500 credits, and 500 are missing\. Nothing was taken/);
  await passes(3, 0.2);
  await feature.next(3, /^month is over and was not paid again[^]*You keep your access/);
  await is(3, 'grace');
  assert.ok(there(3));
  await passes(3, 4);
  await feature.next(3, /^month is over, and so is your access/);
  await is(3, 'expired');
  assert.equal(there(3), undefined);
});

test('a period is renewed from the balance exactly once, and not of who has ended it', async () => {
  for (const user of [4, 5]) {
    await give(user, 1_600n);
    await feature.ask(user, '/plans');
    await press(user, /^month: 500/);
    await feature.next(user, /^Your access/);
  }
  await feature.ask(5, '/access');
  await press(5, /^End it/);
  await feature.next(5, /^It ends .*Nothing more is taken/);
  const [before] = [there(4)!.until];
  await passes(4, 29.9);
  await passes(5, 29.9);
  await feature.next(4, /^Receipt: month was renewed with 500 credits/);
  await until('the provider to have the new end', () => there(4)!.until > before);
  assert.equal(await balance(4), 600n);
  await passes(5, 1);
  await is(5, 'expired');
  assert.equal(await balance(5), 1_100n);
  assert.equal(await balance(4), 600n);
});

test('a renewal that is switched off takes nothing, and goes on where it is switched on again', async () => {
  const user = 50;
  await give(user, 1_000n);
  await feature.ask(user, '/plans');
  await press(user, /^month: 500/);
  await feature.next(user, /^Your access/);
  const turn = async (isOn: boolean) => {
    await database.sql(
      `INSERT INTO evenkeel.flag (name, is_on, changed_by, reason) VALUES ('schedules.renewals', $1, 'a test', 'a test')
       ON CONFLICT (name) DO UPDATE SET is_on = $1, changed_at = now()`,
      [isOn],
    );
    const flag = async () => (await feature.worker.health()).flags?.['schedules.renewals']?.flag;
    await until('the worker to know', async () => (await flag()) === isOn);
  };
  const slots = async () =>
    (
      await database.sql<{ runs: number; under: number }>(
        `SELECT count(started_at)::int AS runs, count(started_at) FILTER (WHERE ended_at IS NULL)::int AS under
         FROM evenkeel.slot WHERE name = 'renewals'`,
      )
    )[0]!;
  await turn(false);
  await until('the run under way to end', async () => (await slots()).under === 0);
  const { runs } = await slots();
  await passes(user, 29.9);
  await feature.next(user, /^month runs until/);
  assert.deepEqual([await balance(user), (await slots()).runs], [500n, runs]);
  await turn(true);
  await feature.next(user, /^Receipt: month was renewed with 500 credits/);
  assert.equal(await balance(user), 0n);
});

test('a plan that is sold no more, and a button of yesterday, are one clear line, and take nothing', async (t) => {
  const user = 60;
  await give(user, 500n);
  const toasts: string[] = [];
  t.after(telegram.subscribe((event) => void (event.kind === 'callback-answer' && toasts.push(event.text))));
  await feature.ask(user, '/plans');
  await database.sql(`UPDATE evenkeel.tap SET input = jsonb_set(input::jsonb, '{plan}', '"year"') WHERE user_id = $1`, [
    user,
  ]);
  await press(user, /^month: 500/);
  await feature.next(user, /^This plan is not sold any more, and nothing was taken\. \/plans shows those that are\.$/);
  await feature.ask(user, '/plans');
  await database.sql(`UPDATE evenkeel.tap SET expires_at = now() - interval '1 day' WHERE user_id = $1`, [user]);
  await press(user, /^month: 500/);
  await until('a toast', () => toasts.includes('This button is too old. Please ask again.'));
  assert.equal(await balance(user), 500n);
  assert.equal(await row(user), undefined);
});

test('what is had of a plan that was removed stays, is reminded of, and ends', async () => {
  const user = 61;
  await give(user, 500n);
  await feature.ask(user, '/plans');
  await press(user, /^month: 500/);
  await is(user, 'active');
  await database.sql(`UPDATE evenkeel.access SET plan = 'year' WHERE user_id = $1`, [user]);
  await feature.next(user, /^Your access/);
  telegram.say(user, '/access');
  await feature.next(user, /^year is paid for until/);
  await passes(user, 29.5);
  await feature.next(user, /^year runs until/);
  await passes(user, 4);
  await feature.next(user, /^year is over, and so is your access/);
  await is(user, 'expired');
});

const FAULTS: [string, AccessFaults][] = [
  ['500', { error: true }],
  ['a lost answer', { loseAnswers: true }],
  ['silence', { hang: true }],
  ['a 404 that is not its own', { notFound: true }],
];
for (const [at, [name, faults]] of FAULTS.entries())
  test(`${name} of the provider ends nothing and gives nothing twice: told again until it is as we have it`, async () => {
    const user = 100 + at;
    await give(user, 500n);
    provider.faults = faults;
    await feature.ask(user, '/plans');
    await press(user, /^month: 500/);
    await feature.next(user, /^Receipt/);
    await until('it to have been asked', async () => {
      const [job] = await database.sql<{ asked: boolean }>(
        `SELECT asked_by IS NOT NULL AS asked FROM evenkeel.access WHERE user_id = $1`,
        [user],
      );
      return job?.asked === true;
    });
    assert.equal((await row(user))!.state, 'active');
    provider.faults = {};
    await is(user, 'active');
    assert.ok(there(user));
    provider.faults = faults;
    await passes(user, 40);
    await feature.next(user, /^month is over, and so is your access/);
    provider.faults = {};
    await is(user, 'expired');
    await until('it to be gone', () => there(user) === undefined);
  });

test('whom somebody at the provider has removed while they had paid is given it again', async () => {
  await give(200, 500n);
  await feature.ask(200, '/plans');
  await press(200, /^month: 500/);
  await is(200, 'active');
  provider.remove(`tg-${botId}-200`);
  await until('it to be given again', () => there(200) !== undefined);
  assert.equal((await row(200))!.state, 'active');
});

test('expiry, renewal and activation at once, again and again on one row: the provider has what the database has', async () => {
  const user = 250;
  telegram.open(user);
  const grace = world.posture.plans.grace;
  const terms = { userId: user, plan: 'month', credits: 5, period: 30 * 86_400_000 };
  const renew = async (cause: string) => {
    await withTx(pool, async (tx) => {
      await credit(tx, { botId, userId: user, cause: `stars:${cause}` }, { amount: 5n, from: 'stars' });
      await reserve(tx, { botId, userId: user, cause }, { amount: 5n, ttl: 600_000 });
    });
    await withTx(pool, (tx) => pay(tx, botId, { ...terms, cause }));
  };
  const expire = () =>
    withTx(pool, async (tx) => {
      const found = await lockAccess(tx, botId, user);
      if (found) await endIfDue(tx, found, grace);
    });
  for (let round = 0; round < 100; round += 1) {
    provider.faults = round % 10 === 9 ? { loseAnswers: true } : {};
    // Its worker expires and gives meanwhile, by its own clock and jobs.
    await passes(user, 70);
    const last = round === 99;
    await Promise.all([
      expire(),
      ...(round % 2 === 0 || last ? [renew(`plan:${user}:${round}`)] : []),
      expire(),
      ...(round % 7 === 0 ? [withTx(pool, (tx) => wish(tx, botId, user, 'cancelled'))] : []),
    ]);
  }
  provider.faults = {};
  await is(user, 'active');
  const [{ until: end } = { until: new Date(0) }] = await database.sql<{ until: Date }>(
    'SELECT until FROM evenkeel.access WHERE user_id = $1',
    [user],
  );
  await until('the provider to have the same end', () => {
    const { until: has } = there(user) ?? { until: '' };
    return has === new Date(new Date(end).getTime() + grace).toISOString();
  });
  await passes(user, 70);
  await is(user, 'expired');
  await until('the provider to have nobody', () => there(user) === undefined);
});

test('a worker that is killed while it gives access, before the answer and after it was done: given once, told once', async () => {
  let worker = feature.worker;
  for (const [at, faults] of ([{ hang: true }, { latency: 600 }, { loseAnswers: true }] as AccessFaults[]).entries()) {
    const user = 300 + at;
    await give(user, 500n);
    provider.faults = faults;
    await feature.ask(user, '/plans');
    await press(user, /^month: 500/);
    await until('it to be asked', async () => {
      const [asked] = await database.sql<{ by: string | null }>(
        'SELECT asked_by AS by FROM evenkeel.access WHERE user_id = $1',
        [user],
      );
      return asked?.by != null;
    });
    worker.signal('SIGKILL');
    await worker.exited;
    provider.faults = {};
    worker = await world.startTask({ after }, 'worker');
    await worker.ready();
    await is(user, 'active');
    assert.ok(there(user));
    await feature.next(user, /^Your access/);
    // Its receipt may have been under way as well: then it is there once more, and says so.
    const receipts = feature.said(user).filter((text) => text.startsWith('Receipt') && !text.endsWith('(again)'));
    assert.equal(receipts.length, 1);
    assert.equal(await balance(user), 0n);
    const [periods] = await database.sql<{ count: number }>(
      'SELECT count(*)::int AS count FROM evenkeel.access_period WHERE user_id = $1',
      [user],
    );
    assert.equal(periods!.count, 1);
  }
});
