/** Cases of money in which processes are killed, the database goes away or a clock is wrong: real ones, each. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { checkLedger, isSound } from '../../../app/ledger/index.ts';
import { book } from '../../../app/payments/book.ts';
import { order } from '../../../app/payments/purchase.ts';
import { askRefund } from '../../../app/payments/refund.ts';
import { startTelegram } from '../../../local/world/telegram/index.ts';
import { cleanup } from '../../harness/cleanup.ts';
import type { TestDatabase } from '../../harness/database.ts';
import { workerPool } from '../../harness/lanes.ts';
import { startProxy } from '../../harness/proxy.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld, WEBHOOK_SECRET } from '../../harness/world.ts';

const world = await startWorld(
  { after },
  {
    posture: {
      features: { chat: false },
      // What the simulated Telegram takes for an invoice that nobody has seen.
      payments: { packages: { small: { credits: 100, stars: 100 } } },
      work: { refund: { backoff: { first: '200ms', max: '1s' } } },
    },
  },
);
const { telegram, botId } = world;
const LONG = 120_000;
let users = 28_000;
const person = () => (users += 1);

/** A bot of processes on a database of its own, and an order that somebody may pay. */
async function open(t: TestContext) {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, world.posture);
  const user = person();
  telegram.open(user);
  const sell = (lasts = 3_600_000) =>
    order(pool, {
      botId,
      updateId: person(),
      userId: user,
      package: { name: 'small', credits: 100n, price: 100n },
      lasts,
    });
  const tasks = async (node: string[] = []) => {
    const web = await world.startTask(t, 'web', { database });
    const worker = await world.startTask(t, 'worker', { database, node });
    await Promise.all([web.ready(LONG), worker.ready(LONG)]);
    await world.setWebhook(web);
    return worker;
  };
  const offered = async (id: string) => {
    await world.callTelegram('sendInvoice', {
      chat_id: user,
      title: '100 credits',
      description: 'x',
      payload: id,
      currency: 'XTR',
      prices: [{ label: 'x', amount: 100 }],
    });
    return telegram.messages(user).at(-1)!.messageId;
  };
  return { database, pool, user, sell, tasks, offered };
}

/** Of one payer: what others pay at the same Telegram is found by every bot that reconciles with it. */
const paymentsOf = (database: TestDatabase, user: number) =>
  database.sql<{ state: string; credits: number }>(
    'SELECT state, credits::int FROM evenkeel.payment WHERE user_id = $1 ORDER BY number',
    [user],
  );
const receipts = (user: number) =>
  telegram.messages(user).filter(({ text }) => /^Receipt R-\d+: 100/.test(text)).length;

test('8. killed between Telegram’s ok and the commit, a refund is looked up and not made again', async (t) => {
  const { database, pool, user, sell, tasks } = await open(t);
  const { id } = await sell();
  const first = await tasks();
  const charge = telegram.charge(user, id);
  await waitFor(() => receipts(user) === 1, { what: 'the receipt', within: LONG });
  // It works, and no answer and no update says so.
  telegram.faults = { loseAnswers: true, losePayments: true };
  const wish = { botId, charge, by: 'owner:1', reason: 'they asked', atMost: undefined, force: false };
  await withTx(pool, (tx) => askRefund(tx, wish));
  const made = () => telegram.stars().transactions.filter((one) => one.id === charge && one.receiver).length;
  await waitFor(() => made() === 1, { what: 'the refund', within: LONG });
  first.signal('SIGKILL');
  await first.exited;
  assert.deepEqual(await paymentsOf(database, user), [{ state: 'refunding', credits: 100 }]);
  telegram.faults = {};
  const second = await world.startTask(t, 'worker', { database });
  await second.ready(LONG);
  await waitFor(async () => (await paymentsOf(database, user))[0]!.state === 'refunded', {
    what: 'the end',
    within: LONG,
  });
  assert.equal(made(), 1);
  assert.deepEqual(
    await database.sql('SELECT kind, amount::int FROM evenkeel.ledger_tx WHERE user_id = $1 ORDER BY id', [user]),
    [
      { kind: 'credit', amount: 100 },
      { kind: 'clawback', amount: 100 },
    ],
  );
  assert.ok(isSound(await withTx(pool, checkLedger)));
});

test('6. a worker that is killed holding the question: nothing is charged, and the second try works', async (t) => {
  const { database, user, sell, tasks, offered } = await open(t);
  const { id } = await sell();
  const message = await offered(id);
  const first = await tasks();
  telegram.faults = { hang: true };
  const asked = telegram.stats().calls;
  telegram.pay(user, message);
  await waitFor(() => telegram.stats().calls > asked, { what: 'the answer to leave', within: LONG });
  first.signal('SIGKILL');
  await first.exited;
  telegram.faults = {};
  assert.deepEqual(await paymentsOf(database, user), []);
  const second = await world.startTask(t, 'worker', { database });
  await second.ready(LONG);
  await waitFor(async () => (await database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'pending'`)).length === 0, {
    what: 'the question to be over',
    within: LONG,
  });
  // Taken over in time it is answered, and Telegram charges; if not, the person presses again.
  if ((await paymentsOf(database, user)).length === 0 && receipts(user) === 0) telegram.pay(user, message);
  await waitFor(() => receipts(user) === 1, { what: 'the receipt', within: LONG });
  assert.deepEqual(await paymentsOf(database, user), [{ state: 'credited', credits: 100 }]);
});

test('6. while the database is away the question goes unanswered: no charge, no credit, and the order stays open', async (t) => {
  const { database, pool, user, sell } = await open(t);
  // A Telegram whose ten seconds are one.
  const quick = await startTelegram({ botToken: telegram.botToken, timeScale: 10, limits: {} });
  cleanup(t)(() => quick.stop());
  const { id } = await sell();
  const proxy = await startProxy(t, { port: world.postgres.port });
  const through = (url: string) => {
    const via = new URL(url);
    via.host = `127.0.0.1:${proxy.port}`;
    return via.href;
  };
  const env = (role: 'web' | 'worker') => ({
    DATABASE_URL: through(database.url(role)),
    TELEGRAM_API_ROOT: quick.apiRoot,
  });
  const web = await world.startTask(t, 'web', { database, env: env('web') });
  const worker = await world.startTask(t, 'worker', { database, env: env('worker') });
  await Promise.all([web.ready(LONG), worker.ready(LONG)]);
  await fetch(`${quick.apiRoot}/bot${telegram.botToken}/setWebhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: `${await web.url()}/telegram/webhook`, secret_token: WEBHOOK_SECRET }),
  });
  quick.open(user);
  proxy.mode = 'refuse';
  proxy.cut();
  quick.preCheckout(user, id);
  await waitFor(() => /503/.test(quick.stats().lastError ?? ''), { what: 'the web task to refuse it', within: LONG });
  const refusedFor = Date.now();
  await waitFor(() => Date.now() - refusedFor > 1_500, { what: 'Telegram to give the payment up' });
  proxy.mode = 'pass';
  await waitFor(() => quick.stats().pending === 0, { what: 'the question to be taken or to be over', within: LONG });
  await waitFor(async () => (await database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'pending'`)).length === 0, {
    what: 'the question to be over',
    within: LONG,
  });
  assert.deepEqual(quick.stars().transactions, []);
  assert.deepEqual(await paymentsOf(database, user), []);
  assert.deepEqual(await database.sql('SELECT paid FROM evenkeel.purchase'), [{ paid: 0 }]);
  // The order is open: asked again, it is paid.
  quick.preCheckout(user, id);
  await waitFor(async () => (await paymentsOf(database, user)).length === 1, { what: 'the payment', within: LONG });
  assert.ok(isSound(await withTx(pool, checkLedger)));
});

test('28. a worker whose clock is an hour ahead, and a deploy in the middle: offers, credits and reserves are as ever', async (t) => {
  const { database, pool, user, sell, tasks, offered } = await open(t);
  const fixture = new URL('fixtures/an-hour-ahead.ts', import.meta.url).href;
  const first = await tasks(['--import', fixture]);
  // Open for another ten minutes by the database's clock, and over by the worker's.
  const { id } = await sell(600_000);
  const message = await offered(id);
  telegram.pay(user, message);
  await waitFor(() => receipts(user) === 1, { what: 'the receipt', within: LONG });
  const second = await world.startTask(t, 'worker', { database });
  await second.ready(LONG);
  const again = await offered((await sell()).id);
  telegram.pay(user, again);
  assert.equal((await first.stop(60_000)).code, 0);
  await waitFor(() => receipts(user) === 2, { what: 'the second receipt', within: LONG });
  assert.deepEqual(await paymentsOf(database, user), [
    { state: 'credited', credits: 100 },
    { state: 'credited', credits: 100 },
  ]);
  assert.ok(isSound(await withTx(pool, checkLedger)));
});

test('24. what is no amount of Stars is no payment, whoever says it; another currency is kept, and worth nothing yet', async (t) => {
  const { database, pool, user, sell } = await open(t);
  const { id } = await sell();
  const paid = (charge: string, amount: number, currency = 'XTR') =>
    withTx(pool, (tx) =>
      book(tx, { botId, charge, from: user, payload: id, currency, amount, at: new Date(), foundBy: 'update' }),
    );
  for (const amount of [0, -50, 0.5, 0.1 + 0.2, 1e21, 2 ** 53, NaN, Infinity])
    await assert.rejects(paid(`c${amount}`, amount), /is no amount of Stars/, String(amount));
  assert.deepEqual(await paymentsOf(database, user), []);
  await paid('usd', 145, 'USD');
  assert.deepEqual(await paymentsOf(database, user), [{ state: 'parked', credits: 0 }]);
  // Exact, and never rounded up: three Stars are two credits.
  await database.sql('UPDATE evenkeel.purchase SET credits = 200, price = 300 WHERE id = $1', [id]);
  for (const [charge, stars, credits] of [
    ['least', 1, 0],
    ['less', 2, 1],
    ['more', 301, 200],
  ] as const)
    assert.equal((await paid(charge, stars)).payment.credits, BigInt(credits));
  await assert.rejects(paid('large', Number.MAX_SAFE_INTEGER), /is no amount/);
  assert.ok(isSound(await withTx(pool, checkLedger)));
});
