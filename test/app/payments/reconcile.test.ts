/** What no update tells of is found in Telegram's own list (faults payment-lost, clawback). */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { starSchedules } from '../../../app/features/money/reconcile.ts';
import { withTx } from '../../../app/database/tx.ts';
import { chooseLanguage } from '../../../app/people/index.ts';
import { askRefund } from '../../../app/payments/refund.ts';
import { isReconciled, reconcile, watchStars, type ReconcileNeeds } from '../../../app/payments/reconcile.ts';
import { resolve } from '../../../posture/resolve.ts';
import { startTelegram } from '../../../local/world/telegram/index.ts';
import { cleanup } from '../../harness/cleanup.ts';
import { captureLog } from '../../harness/logs.ts';
import { openShop, type Shop } from '../../harness/money.ts';
import { waitFor } from '../../harness/wait.ts';
import { raised, startWorld, WEBHOOK_SECRET, type World } from '../../harness/world.ts';

const written = {
  lanes: { poll: '200ms', sweep: '5s' },
  features: { chat: false },
  payments: { grace: '1s' },
} as const;
const posture = resolve(raised(written));
const common = await startWorld({ after }, { posture: written });
let users = 9000;
const person = () => (users += 1);
const OFFERS = 3_600_000;

/** A Telegram of its own each: its list of transactions is all that a bot has. */
async function open(t: { after: (end: () => Promise<void>) => void }) {
  const telegram = await startTelegram({ botToken: common.telegram.botToken, limits: {} });
  cleanup(t)(() => telegram.stop());
  const world: World = {
    ...common,
    telegram,
    async setWebhook(web) {
      const url = `${await web.url()}/telegram/webhook`;
      const body = JSON.stringify({ url, secret_token: WEBHOOK_SECRET });
      const headers = { 'content-type': 'application/json' };
      await fetch(`${telegram.apiRoot}/bot${telegram.botToken}/setWebhook`, { method: 'POST', headers, body });
    },
  };
  const database = await world.freshDatabase(t);
  const shop = await openShop(t, world, { database });
  const { log, lines } = captureLog();
  const needs = (grace = 0): ReconcileNeeds => ({
    pool: shop.pool,
    api: shop.api,
    botId: world.botId,
    grace,
    tell: () => Promise.resolve(),
    signal: new AbortController().signal,
    log,
  });
  return { world, telegram, shop, database, needs, lines };
}

/** Pays, and no update says so. */
async function paysUnheard(
  { telegram, shop }: { telegram: Awaited<ReturnType<typeof open>>['telegram']; shop: Shop },
  user: number,
) {
  const { invoice } = await shop.invoice(user);
  telegram.faults = { losePayments: true };
  const charge = telegram.charge(user, invoice!.payload);
  telegram.faults = {};
  return charge;
}

/** The schedule's look, as a worker runs it. */
function lookingForStars({ world, shop, needs }: Awaited<ReturnType<typeof open>>) {
  const { stars } = starSchedules({ pool: shop.pool, posture, api: shop.api, botId: world.botId });
  const { log, signal } = needs();
  return () => stars({ job: { id: '1', name: 'stars' }, signal, deadline: Date.now() + 25_000, log });
}

test('3. a payment without any update is credited by the schedule, told once, and a late update changes nothing', async (t) => {
  const opened = await open(t);
  const { telegram, shop, lines } = opened;
  const user = person();
  const charge = await paysUnheard(opened, user);
  const run = lookingForStars(opened);
  await waitFor(async () => (await run())['credited'] === 1, { what: 'the payment to be found after its grace' });
  assert.deepEqual(await shop.balance(user), { available: 100n, held: 0n, debt: 0n });
  assert.ok(lines.some(({ msg, charge: of }) => msg === 'found by reconciliation' && of === charge));
  const receipts = () => telegram.messages(user).filter(({ text }) => /^Receipt R-\d+: 100 credits/.test(text)).length;
  await waitFor(() => receipts() === 1, { what: 'the receipt' });
  await shop.paidAgain(user, charge, 7);
  await shop.settled();
  assert.deepEqual(await shop.balance(user), { available: 100n, held: 0n, debt: 0n });
  assert.equal(receipts(), 1);
  assert.deepEqual(await run(), { watched: false }, 'nothing is awaited any more');
  await shop.sound();
});

test('what is found when its payer is not there is told in their language', async (t) => {
  const opened = await open(t);
  const { telegram, shop, world } = opened;
  const user = person();
  await paysUnheard(opened, user);
  // Their app speaks English; they have chosen.
  await withTx(shop.pool, (tx) => chooseLanguage(tx, world.botId, user, 'de'));
  const run = lookingForStars(opened);
  await waitFor(async () => (await run())['credited'] === 1, { what: 'the payment to be found after its grace' });
  await waitFor(() => telegram.messages(user).some(({ text }) => /^Beleg R-\d+: 100 Credits/.test(text)), {
    what: 'the receipt',
  });
});

test('reconciliation alone credits everything, updates alone do, and the two agree to the last Star', async (t) => {
  const opened = await open(t);
  const { telegram, shop, needs } = opened;
  const unheard = Array.from({ length: 5 }, person);
  for (const user of unheard) await paysUnheard(opened, user);
  const heard = Array.from({ length: 5 }, person);
  for (const user of heard) await shop.topUp(user);
  for (const user of heard) assert.equal((await shop.balance(user)).available, 100n);
  // Other kinds, with parts of Stars: counted, and part of the balance.
  telegram.recordStars({
    amount: 0,
    nanostar_amount: 100_000_000,
    receiver: { type: 'telegram_api', request_count: 1 },
  });
  telegram.recordStars({ amount: 10, receiver: { type: 'fragment' } });
  telegram.recordStars({ amount: 3, source: { type: 'a kind of next year' } });
  const report = await reconcile(needs());
  assert.ok(
    isReconciled(report),
    JSON.stringify(report, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v)),
  );
  assert.equal(report.credited.length, 5);
  assert.deepEqual([report.expected, report.found, report.difference], [500n, 500n, 0n]);
  assert.deepEqual(report.others, { 'a kind of next year': 1, fragment: 1, telegram_api: 1 });
  for (const user of unheard) assert.equal((await shop.balance(user)).available, 100n);
  const again = await reconcile(needs());
  assert.deepEqual([again.credited.length, isReconciled(again)], [0, true]);
  await shop.sound();
});

test('11. a chargeback that no update tells of is found: a debt, and nothing is taken twice', async (t) => {
  const { telegram, shop, database, needs } = await open(t);
  const user = person();
  await shop.topUp(user);
  const [{ charge } = { charge: '' }] = await database.sql<{ charge: string }>('SELECT charge FROM evenkeel.payment');
  telegram.faults = { losePayments: true };
  telegram.chargeBack(charge);
  telegram.faults = {};
  const report = await reconcile(needs());
  assert.deepEqual(
    report.wentBack.map(({ state }) => state),
    ['taken-back'],
  );
  assert.ok(isReconciled(report));
  assert.deepEqual(await shop.balance(user), { available: 0n, held: 0n, debt: 0n });
  assert.equal((await reconcile(needs())).wentBack.length, 0);
  await shop.sound();
});

test('what is younger than its grace is left to its update, and is an explained difference', async (t) => {
  const opened = await open(t);
  const { shop, needs } = opened;
  const user = person();
  await paysUnheard(opened, user);
  const young = await reconcile(needs(3_600_000));
  assert.deepEqual([young.difference, young.explained, young.credited.length], [50n, 50n, 0]);
  assert.ok(isReconciled(young));
  await shop.ask(user, '/history', /· 50 Stars have arrived and become credits within two minutes/);
  assert.equal((await watchStars(needs(), OFFERS))!.credited.length, 1);
  await shop.sound();
});

test('money that our books have and Telegram does not is a difference that nothing explains', async (t) => {
  const { shop, database, needs, world } = await open(t);
  await shop.topUp(person());
  await database.sql(
    `INSERT INTO evenkeel.payment (bot_id, provider, charge, user_id, payload, currency, amount, state, found_by, paid_at, changed_at)
     VALUES ($1, 'stars', 'invented', 1, '', 'XTR', 70, 'parked', 'update', now(), now() - interval '1 day')`,
    [world.botId],
  );
  const report = await reconcile(needs());
  assert.deepEqual([report.difference, report.explained], [-70n, 0n]);
  assert.ok(!isReconciled(report));
});

test('one entry that cannot be booked holds no other back, and a refund is found as one', async (t) => {
  const opened = await open(t);
  const { telegram, shop, needs, database, world } = opened;
  const [bad, good] = [person(), person()];
  const spoilt = await paysUnheard(opened, bad);
  await paysUnheard(opened, good);
  // Its cause is taken by something else.
  await database.sql(
    `INSERT INTO evenkeel.ledger_tx (bot_id, cause, kind, user_id, amount, by) VALUES ($1, 'stars:' || $2::text, 'adjust', 1, 1, 'x')`,
    [world.botId, spoilt],
  );
  const report = await reconcile(needs());
  assert.equal(report.credited.length, 1);
  assert.equal(report.failed, 1);
  assert.ok(!isReconciled(report));
  assert.equal((await shop.balance(good)).available, 100n);
  assert.equal((await shop.balance(bad)).available, 0n);

  const [{ charge } = { charge: '' }] = await database.sql<{ charge: string }>(
    'SELECT charge FROM evenkeel.payment WHERE user_id = $1',
    [good],
  );
  telegram.faults = { losePayments: true };
  const wish = { botId: world.botId, charge, by: 'owner:1', reason: 'they asked', atMost: undefined, force: false };
  await withTx(shop.pool, (tx) => askRefund(tx, wish));
  await waitFor(async () => (await watchStars(needs(), OFFERS)) && (await shop.balance(good)).available === 0n, {
    what: 'the refund',
  });
  assert.deepEqual(await database.sql('SELECT state FROM evenkeel.payment WHERE user_id = $1', [good]), [
    { state: 'refunded' },
  ]);
});
