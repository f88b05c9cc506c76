/** Cases of payments beside Telegram in which processes are killed, the database goes away or a switch is turned: real ones. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { checkLedger, isSound } from '../../../app/ledger/index.ts';
import { keepBill } from '../../../app/payments/deposit-rows.ts';
import { order } from '../../../app/payments/purchase.ts';
import { referenceOf } from '../../../app/payments/reference.ts';
import { buyers, startPayers } from '../../harness/elsewhere.ts';
import { workerPool } from '../../harness/lanes.ts';
import { listener } from '../../harness/money.ts';
import { operatorOf } from '../../harness/ops.ts';
import { startProxy } from '../../harness/proxy.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const LONG = 180_000;
const world = await startWorld(
  { after },
  { posture: { lanes: { poll: '200ms', sweep: '5s' }, features: { chat: false, cryptoPay: true, nowPayments: true } } },
);
const { telegram, botId } = world;
let users = 31_000;
const person = () => (users += 1);

async function open(t: TestContext) {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, world.posture);
  const payers = await startPayers(t);
  const { env } = payers;
  const start = async (role: 'web' | 'worker', more: Record<string, string> = {}) => {
    const task = await world.startTask(t, role, { database, env: { ...env, ...more } });
    await task.ready(LONG);
    return task;
  };
  const web = await start('web');
  await world.setWebhook(web);
  const origin = await web.url();
  payers.crypto.webhook = `${origin}/callback/cryptopay`;
  const worker = () => start('worker', { PUBLIC_URL: origin });
  const credits = async (user: number) => {
    const text = 'SELECT available::int AS n FROM evenkeel.account WHERE user_id = $1';
    return (await database.sql<{ n: number }>(text, [user]))[0]?.n ?? 0;
  };
  const has = (user: number, wanted: number) =>
    waitFor(async () => (await credits(user)) === wanted, { what: `${user} to have ${wanted}`, within: LONG });
  const sound = async () => assert.ok(isSound(await withTx(pool, checkLedger)));
  return { database, pool, web, origin, payers, worker, credits, has, sound, start };
}

test('19. killed after the provider has made a bill and before it is kept: paid, both of them are credited', async (t) => {
  const { database, payers, worker, has, sound } = await open(t);
  const { now } = payers;
  const first = await worker();
  const user = person();
  // The bill is made, and its answer never comes: the worker dies with the question.
  now.faults = { loseAnswers: true };
  const asked = buyers(telegram, payers, LONG)
    .bill(user)
    .catch(() => undefined);
  const made = () => now.payments().filter(({ order_id }) => order_id.startsWith(`${user}-`));
  await waitFor(() => made().length > 0, { what: 'the bill', within: LONG });
  first.signal('SIGKILL');
  await first.exited;
  const [orphan] = made();
  assert.deepEqual(await database.sql('SELECT FROM evenkeel.deposit'), [], 'nobody here knows it');
  now.faults = {};
  await worker();
  await asked;
  const second = made().at(-1)!;
  assert.notEqual(second.payment_id, orphan!.payment_id);
  now.becomes(second.payment_id, 'finished', second.pay_amount);
  await has(user, 100);
  // Whoever finds the first address all the same, and pays there.
  now.becomes(orphan!.payment_id, 'finished', orphan!.pay_amount);
  await has(user, 200);
  assert.deepEqual(
    await database.sql(
      'SELECT count(DISTINCT purchase)::int AS orders, count(*)::int AS deposits FROM evenkeel.deposit',
    ),
    [{ orders: 1, deposits: 2 }],
  );
  await sound();
});

test('26. switched off while payments wait: no new order within seconds, callbacks and watch credit what is paid', async (t) => {
  const { database, payers, worker, has, sound } = await open(t);
  const { crypto, now } = payers;
  await worker();
  const { bill, invoice } = buyers(telegram, payers, LONG);
  const [told, silent] = [person(), person()];
  const waiting = await invoice(told);
  const due = await bill(silent);
  const ask = operatorOf(database, world.posture);
  for (const name of ['cryptoPay', 'nowPayments']) await ask('flag', 'off', name, '--reason', 'prices are wrong');
  // Within seconds nobody is asked how to pay any more: there is one way left, by Stars.
  const next = listener(telegram);
  await waitFor(
    async () => {
      const user = person();
      const offered = next(user, /Which package/, LONG);
      telegram.say(user, '/topup');
      const answered = next(user, /how do you want to pay|^100 credits\n/, LONG);
      telegram.tap(user, (await offered).messageId, 'buy:small');
      return /^100 credits/.test((await answered).text);
    },
    { what: 'the ways to be closed', within: LONG },
  );
  const orders = now.payments().length + crypto.invoices().length;
  crypto.pay(waiting);
  now.faults = { loseCallbacks: true };
  now.becomes(due.payment_id, 'finished', due.pay_amount);
  await Promise.all([has(told, 100), has(silent, 100)]);
  assert.equal(now.payments().length + crypto.invoices().length, orders);
  await sound();
});

test('13. the database away, 200 payments finish: refused in time, and then silence; all are credited by asking', async (t) => {
  const { database, pool, payers, worker, sound } = await open(t);
  const { now } = payers;
  const proxy = await startProxy(t, { port: world.postgres.port });
  const through = new URL(database.url('web'));
  through.host = `127.0.0.1:${proxy.port}`;
  const web = await world.startTask(t, 'web', { database, env: { ...payers.env, DATABASE_URL: through.href } });
  await web.ready(LONG);
  await world.setWebhook(web);
  const origin = await web.url();
  const buyer = person();
  const wanted = { name: 'small', credits: 100n, price: 50n };
  const bills: number[] = [];
  for (let number = 0; number < 200; number++) {
    const price = { amount: 100n, currency: 'USD' } as const;
    const made = await order(pool, {
      botId,
      updateId: person(),
      userId: buyer,
      package: wanted,
      lasts: 3_600_000,
      price,
    });
    const answer = await fetch(`${now.root}/payment`, {
      method: 'POST',
      headers: { 'x-api-key': now.key },
      body: JSON.stringify({
        price_amount: 1,
        price_currency: 'usd',
        pay_currency: 'usdttrc20',
        order_id: referenceOf(made),
        ipn_callback_url: `${origin}/callback/nowpayments`,
      }),
    });
    const { payment_id: id } = (await answer.json()) as { payment_id: string };
    await keepBill(pool, botId, 'nowPayments', made.id, { id, status: 'waiting' });
    bills.push(Number(id));
  }
  proxy.mode = 'refuse';
  proxy.cut();
  const longest = { took: 0 };
  await Promise.all(
    bills.map(async (id) => {
      now.faults = { loseCallbacks: true };
      now.becomes(id, 'finished', 1.18);
      for (let attempt = 0; attempt < 3; attempt++) {
        const began = performance.now();
        const { status } = await fetch(`${origin}/callback/nowpayments`, {
          ...now.signed(id),
          signal: AbortSignal.timeout(30_000),
        });
        longest.took = Math.max(longest.took, performance.now() - began);
        assert.equal(status, 503);
      }
    }),
  );
  // Of 600 at once on a machine that does other things too; each has its own deadline in the posture.
  assert.ok(longest.took < 10_000, `answered within ${Math.round(longest.took)} ms`);
  const health = await web.health();
  assert.equal(health.pool.waiting, 0, 'nobody waits for a connection any more');
  assert.ok(health.callbacks!['nowPayments']!.refused >= 600);
  proxy.mode = 'pass';
  await waitFor(async () => (await web.health()).status === 'healthy', {
    what: 'the web task to be well',
    within: LONG,
  });
  // Updates and questions have their connections as ever; nobody ever tells of the payments again.
  await worker();
  const greeted = buyers(telegram, payers, LONG).invoice(person());
  assert.ok(await greeted);
  await waitFor(
    async () => (await database.sql('SELECT FROM evenkeel.payment WHERE user_id = $1', [buyer])).length === 200,
    { what: '200 payments', within: LONG },
  );
  assert.deepEqual(
    await database.sql(
      `SELECT sum(credits)::int AS credits, count(*) FILTER (WHERE found_by = 'reconciliation')::int AS found FROM evenkeel.payment WHERE user_id = $1`,
      [buyer],
    ),
    [{ credits: 20_000, found: 200 }],
  );
  await sound();
});
