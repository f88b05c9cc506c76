/** Selling credits by Crypto Pay and NOWPayments, by the numbers of the cases, over their simulated servers. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { z } from 'zod';
import { withTx } from '../../../app/database/tx.ts';
import { jobQueue } from '../../../app/jobs/queue.ts';
import { begin } from '../../../app/payments/intent.ts';
import { readMoney } from '../../../app/payments/watch.ts';
import { openTills } from '../../../app/payments/tills/index.ts';
import { depositSchedule, reconcileDeposits } from '../../../app/features/money/deposits.ts';
import { money } from '../../../app/features/money/index.ts';
import { buyers, startPayers } from '../../harness/elsewhere.ts';
import { openShop } from '../../harness/money.ts';
import { captureLog } from '../../harness/logs.ts';
import { operatorOf } from '../../harness/ops.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const posture = {
  lanes: { poll: '200ms', sweep: '5s' },
  features: { chat: false, cryptoPay: true, nowPayments: true },
} as const;
const payers = await startPayers({ after });
const { crypto, now, keys } = payers;
const world = await startWorld({ after }, { posture });
const { telegram, botId } = world;
const database = await world.freshDatabase({ after });
const { log } = captureLog();
const first = openTills(keys, world.posture, log);
after(() => first.close());
const tills = first.tills;
const shop = await openShop({ after }, world, {
  database,
  tills,
  env: payers.env,
});
const origin = await shop.web.url();
crypto.webhook = `${origin}/callback/cryptopay`;
// As the deployment would: its public address is known before its worker begins.
const second = openTills({ ...keys, publicUrl: origin }, world.posture, log);
after(() => second.close());
Object.assign(tills, second.tills);

let users = 7000;
const person = () => (users += 1);
interface Row extends Record<string, unknown> {
  state: string;
  credits: number;
  amount: number;
  paid: string | null;
  note: string | null;
  found_by: string;
}
const payments = (user: number) =>
  database.sql<Row>(
    'SELECT state, credits::int, amount::int, paid, note, found_by FROM evenkeel.payment WHERE user_id = $1 ORDER BY number',
    [user],
  );
const credits = async (user: number) => Number((await shop.balance(user)).available);
const has = (user: number, wanted: number) =>
  waitFor(async () => (await credits(user)) === wanted, { what: `${user} to have ${wanted} credits` });

const { choose, bill, invoice } = buyers(telegram, payers);
const lookNow = () =>
  depositSchedule({ pool: shop.pool, posture: world.posture, botId, api: shop.api, tills })({
    job: { id: '1', name: 'deposits' },
    signal: new AbortController().signal,
    deadline: Date.now() + 60_000,
    log,
  });

const statusOf = async (id: number) =>
  (await database.sql<{ status: string }>('SELECT status FROM evenkeel.deposit WHERE id = $1', [String(id)]))[0]
    ?.status;

beforeEach(() => {
  crypto.faults = {};
  now.faults = {};
});

test('Crypto Pay: a package is chosen, paid, told of three times, credited once, and has a receipt', async () => {
  const user = person();
  const id = await invoice(user);
  crypto.faults = { duplicates: 3 };
  const receipt = shop.next(user, /^Receipt/);
  crypto.pay(id);
  assert.match(
    (await receipt).text,
    /^Receipt R-\d+: 100 credits for 1\.00 USDT \(\$1\.00\)\.\nYou have 100 credits\.$/,
  );
  await crypto.idle();
  await shop.settled();
  assert.deepEqual(await payments(user), [
    { state: 'credited', credits: 100, amount: 100, paid: '1.00 USDT', note: null, found_by: 'callback' },
  ]);
  await shop.ask(user, '/history', /R-\d+ · \$1\.00 · \+100 credits/);
  await shop.sound();
});

test('what is said before a package is chosen fits the ways to pay it', async () => {
  const user = person();
  await shop.ask(user, '/topup', /^Which package\? You choose next how to pay: with Telegram Stars or in crypto\.$/);
  await shop.ask(user, '/terms', /You pay with Telegram Stars or, where it is offered, in crypto\. If/);
  const other = person();
  telegram.open(other, 'Grete', 'de');
  const said = shop.next(
    other,
    /^Welches Paket\? Danach wählst du, wie du zahlst: mit Telegram-Sternen oder in Krypto\.$/,
  );
  telegram.say(other, '/topup');
  await said;
});

test('15. NOWPayments: both forms of its signature are taken, and a payment is credited once', async () => {
  for (const oldSignature of [false, true]) {
    const user = person();
    const { payment_id: id, pay_amount: due } = await bill(user);
    now.faults = { oldSignature };
    now.becomes(id, 'confirming', due);
    now.becomes(id, 'finished', due);
    await has(user, 100);
    await now.idle();
    assert.ok(now.answers.every((status) => status === 200));
  }
});

test('13. no callback ever comes: what was paid is found by asking, of both', async () => {
  const [one, other] = [person(), person()];
  crypto.faults = { loseCallbacks: true };
  now.faults = { loseCallbacks: true };
  crypto.pay(await invoice(one));
  const { payment_id: id, pay_amount: due } = await bill(other);
  now.becomes(id, 'finished', due);
  await lookNow();
  assert.deepEqual([await credits(one), await credits(other)], [100, 100]);
  assert.equal((await payments(one))[0]!.found_by, 'reconciliation');
  await lookNow();
  await shop.sound();
});

test('14. a well-signed callback that claims more than the provider says credits nothing', async () => {
  const user = person();
  const { payment_id: id } = await bill(user);
  now.tell(id, { payment_status: 'finished', actually_paid: 1_000 });
  await now.idle();
  await shop.settled();
  await waitFor(
    async () => (await database.sql(`SELECT FROM evenkeel.callback WHERE deposit = $1`, [String(id)])).length === 1,
    {
      what: 'the callback kept',
    },
  );
  assert.equal(await credits(user), 0);
});

test('16. in part, then the rest by hand; finished before confirming; a worse word afterwards parks and takes nothing', async () => {
  const user = person();
  const { payment_id: id, pay_amount: due } = await bill(user);
  now.becomes(id, 'partially_paid', due / 2);
  await has(user, 50);
  now.becomes(id, 'finished');
  await has(user, 100);
  now.becomes(id, 'failed');
  await waitFor(async () => (await payments(user))[0]!.state === 'parked', { what: 'it parked' });
  assert.equal(await credits(user), 100);
  assert.match((await payments(user))[0]!.note!, /failed after it was credited/);
  await shop.sound();
});

test('17. too little, too much, and next to nothing: by the share that arrived, rounded down', async () => {
  const shares = [
    [10 / 11.8, 84],
    [12 / 11.8, 101],
    [0.000001, 0],
  ] as const;
  for (const [part, wanted] of shares) {
    const user = person();
    const { payment_id: id, pay_amount: due } = await bill(user);
    now.becomes(id, part < 1 ? 'partially_paid' : 'finished', Number((due * part).toFixed(9)));
    await waitFor(async () => (await payments(user)).length === 1, { what: 'a payment' });
    const [paid] = await payments(user);
    assert.deepEqual([paid!.credits, paid!.state], [wanted, wanted > 0 ? 'credited' : 'parked']);
  }
});

test('18. a further payment to the address is credited by itself; one in another coin is parked', async () => {
  const user = person();
  const { payment_id: id, pay_amount: due } = await bill(user);
  now.becomes(id, 'finished', due);
  await has(user, 100);
  now.again(id, due);
  await has(user, 200);
  now.again(id, 7, 'trx');
  await waitFor(async () => (await payments(user)).length === 3, { what: 'the third' });
  assert.equal((await payments(user))[2]!.state, 'parked');
  now.tell(id);
  await now.idle();
  await shop.settled();
  assert.equal(await credits(user), 200);
});

test('19. a bill whose answer was lost is seen by nobody; paid all the same, its callback finds its order', async () => {
  const user = person();
  now.faults = { loseAnswers: true };
  await choose(user, 'nowPayments', /cannot be paid there just now/);
  now.faults = {};
  const orphan = now.payments().findLast(({ order_id }) => order_id.startsWith(`${user}-`))!;
  const [told] = await database.sql(`SELECT FROM evenkeel.deposit WHERE id = $1`, [String(orphan.payment_id)]);
  assert.equal(told, undefined);
  now.becomes(orphan.payment_id, 'finished', orphan.pay_amount);
  await has(user, 100);
});

test('20. a payment of no order of ours is parked, for a person, and its provider is told 200', async () => {
  const made = await fetch(`${now.root}/payment`, {
    method: 'POST',
    headers: { 'x-api-key': now.key },
    body: JSON.stringify({
      price_amount: 5,
      price_currency: 'usd',
      pay_currency: 'usdttrc20',
      order_id: 'another-bot-17',
      ipn_callback_url: `${origin}/callback/nowpayments`,
    }),
  });
  const { payment_id: id } = (await made.json()) as { payment_id: string };
  now.becomes(Number(id), 'finished', 5.9);
  const parked = () => database.sql<Row>('SELECT state, note FROM evenkeel.payment WHERE charge = $1', [id]);
  await waitFor(async () => (await parked()).length === 1, { what: 'it parked' });
  assert.deepEqual(await parked(), [{ state: 'parked', note: 'of no order that is known here' }]);
  assert.equal(now.answers.at(-1), 200);
});

test('23. a callback that comes late, of a person whose account is gone: their account has the money, and nothing is given up', async () => {
  const user = person();
  const { payment_id: id, pay_amount: due } = await bill(user);
  telegram.faults = { deleted: [user] };
  after(() => void (telegram.faults = {}));
  now.becomes(id, 'expired');
  await now.idle();
  now.becomes(id, 'finished', due);
  await has(user, 100);
  const receipt = () =>
    database.sql(`SELECT state FROM evenkeel.outbox WHERE chat_id = $1 AND cause LIKE 'receipt:%'`, [user]);
  await waitFor(async () => (await receipt()).length === 1, { what: 'its receipt' });
  await waitFor(async () => (await receipt())[0]!['state'] === 'dead', { what: 'the receipt to be given up' });
  assert.equal((await payments(user))[0]!.state, 'credited');
  assert.deepEqual(await database.sql(`SELECT last_error FROM evenkeel.inbox WHERE state = 'parked'`), []);
  telegram.faults = {};
  await shop.sound();
});

test('27. a provider that says that it does not know: what is open stays open, and is asked about again', async () => {
  const [one, other] = [person(), person()];
  const { payment_id: id, pay_amount: due } = await bill(one);
  const invoiced = await invoice(other);
  now.faults = { loseCallbacks: true };
  crypto.faults = { loseCallbacks: true };
  now.becomes(id, 'finished', due);
  crypto.pay(invoiced);
  const open = async () =>
    (
      await database.sql<{ id: string; status: string }>(
        `SELECT id, status FROM evenkeel.deposit WHERE id = ANY ($1) AND open ORDER BY id`,
        [[String(id), String(invoiced)]],
      )
    ).map(({ status }) => status);
  const before = await open();
  assert.equal(before.length, 2);
  now.faults = { error: true, loseCallbacks: true };
  crypto.faults = { error: true, loseCallbacks: true };
  await lookNow();
  assert.deepEqual(await open(), before, 'not to know is no news');
  assert.deepEqual([await credits(one), await credits(other)], [0, 0]);
  now.faults = { loseCallbacks: true };
  crypto.faults = { loseCallbacks: true };
  await waitFor(
    async () => {
      await lookNow();
      return (await credits(one)) === 100 && (await credits(other)) === 100;
    },
    { what: 'both to be found when their providers know again' },
  );
  assert.deepEqual(await open(), []);
});

test('24. odd amounts are taken exactly, rounded down, or left to a person; nothing is guessed', async () => {
  const cases: [due: unknown, came: unknown, status: string, credits: number][] = [
    ['0.3', '0.30', 'finished', 100],
    // 0.1 + 0.2 of floating point.
    ['0.3', 0.1 + 0.2, 'partially_paid', 100],
    ['0.3', '0.2999999999999999', 'partially_paid', 99],
    [1e21, '1e21', 'finished', 100],
    ['9007199254740993', '9007199254740992', 'partially_paid', 99],
    ['1.000000000000000001', '1.000000000000000000', 'partially_paid', 99],
    [1.18, '-5', 'partially_paid', 0],
    [1.18, 'NaN', 'partially_paid', 0],
    [1.18, NaN, 'partially_paid', 0],
    [1.18, 'Infinity', 'partially_paid', 0],
    [1.18, '', 'partially_paid', 0],
    [1.18, `1${'0'.repeat(80)}`, 'partially_paid', 0],
    ['0', '5', 'partially_paid', 0],
  ];
  for (const [due, came, status, wanted] of cases) {
    const user = person();
    const made = await bill(user);
    Object.assign(made, { pay_amount: due, actually_paid: came });
    now.becomes(made.payment_id, status);
    const what = `${String(came)} of ${String(due)}`;
    await waitFor(async () => (await payments(user)).length === 1, { what });
    const [paid] = await payments(user);
    assert.deepEqual([paid!.credits, paid!.state], [wanted, wanted > 0 ? 'credited' : 'parked'], what);
    assert.equal(await credits(user), wanted);
  }
  // Dollars for cents.
  const user = person();
  const made = await bill(user);
  Object.assign(made, { price_amount: 100 });
  now.becomes(made.payment_id, 'finished', made.pay_amount);
  await waitFor(async () => (await payments(user)).length === 1, { what: 'a payment' });
  assert.match((await payments(user))[0]!.note!, /the price was 100 USD, not the order's/);
  assert.equal(await credits(user), 0);
  await shop.sound();
});

test('25. a cart is done by credits that come from elsewhere, in two parts too, once', async () => {
  const user = person();
  const { payment_id: id, pay_amount: due } = await bill(user);
  const input = { botId, chat: user, text: 'x', updateId: user };
  const of = { botId, userId: user, cause: `render:${user}` };
  const wish = { ...of, cost: 80n, holds: 60_000, queue: jobQueue('remind', z.unknown()), input } as const;
  assert.deepEqual(await withTx(shop.pool, (tx) => begin(tx, wish)), { begun: false, missing: 80n });
  now.becomes(id, 'partially_paid', due / 2);
  await has(user, 50);
  now.becomes(id, 'finished');
  await has(user, 20);
  assert.equal((await shop.balance(user)).held, 80n);
  now.again(id, due);
  await has(user, 120);
  await shop.sound();
});

test('what is too small for its network is refused in words before there is an order', async (t) => {
  t.after(() => void (now.least = 0.5));
  now.least = 1.005;
  const user = person();
  const made = now.payments().length;
  await choose(user, 'nowPayments', /at least \$1\.01 can be paid just now/);
  assert.equal(now.payments().length, made);
  assert.deepEqual(await database.sql('SELECT FROM evenkeel.purchase WHERE user_id = $1', [user]), []);
});

test('16. what is not sure yet is shown; expired and paid late it is credited all the same', async () => {
  const user = person();
  const { payment_id: id, pay_amount: due } = await bill(user);
  now.becomes(id, 'confirming', due);
  await waitFor(async () => (await statusOf(id)) === 'confirming', { what: 'it heard of' });
  await shop.ask(user, '/history', /a payment for \$1\.00 has been seen and becomes credits when it is confirmed/);
  now.becomes(id, 'expired', 0);
  await waitFor(async () => (await statusOf(id)) === 'expired', { what: 'it expired' });
  assert.equal(await credits(user), 0);
  await database.sql(`UPDATE evenkeel.purchase SET expires_at = now() - interval '1 day' WHERE user_id = $1`, [user]);
  now.becomes(id, 'finished', due);
  await has(user, 100);
  now.becomes(id, 'confirming', due);
  await now.idle();
  await shop.settled();
  assert.equal(await credits(user), 100);
});

test('what the providers say and our books are compared: equal, parked, and a difference that is told', async () => {
  const before = captureLog();
  const needs = { pool: shop.pool, posture: world.posture, botId, api: shop.api, tills };
  const compare = () =>
    reconcileDeposits(needs, {
      job: { id: '1', name: 'reconcile' },
      signal: new AbortController().signal,
      deadline: Date.now() + 60_000,
      log: before.log,
    });
  const first = await compare();
  assert.equal(first.differs, false, JSON.stringify(first.tills));
  assert.equal(first.tills['nowPayments']!['difference'], first.tills['nowPayments']!['explained']);
  assert.equal((await readMoney(shop.pool, botId)).reconciledSeconds < 600, true);
  // Credited, and its provider has never heard of it.
  const user = person();
  await database.sql(
    `INSERT INTO evenkeel.deposit (bot_id, provider, id, status, open) VALUES ($1, 'nowPayments', '4', 'finished', false)`,
    [botId],
  );
  await database.sql(
    `INSERT INTO evenkeel.payment (bot_id, provider, charge, user_id, payload, currency, amount, credits, state, found_by, paid_at)
     VALUES ($1, 'nowPayments', '4', $2, '', 'USD', 100, 100, 'credited', 'callback', now())`,
    [botId, user],
  );
  const second = await compare();
  assert.equal(second.differs, true);
  assert.equal(before.matching(/payments do not reconcile/).length, 1);
  await database.sql(`DELETE FROM evenkeel.payment WHERE charge = '4'`);
  await database.sql(`DELETE FROM evenkeel.deposit WHERE id = '4'`);
  now.faults = { error: true };
  await database.sql(
    `UPDATE evenkeel.till SET complete_at = now() - interval '4 hours' WHERE provider = 'nowPayments'`,
  );
  assert.equal((await compare()).differs, false, 'nobody knows');
  assert.ok((await readMoney(shop.pool, botId)).reconciledSeconds > 14_000, 'and that is told as late');
  now.faults = {};
});

const run = (signal = new AbortController().signal) => ({
  job: { id: '1', name: 'reconcile' },
  signal,
  deadline: Date.now() + 60_000,
  log,
});
const needs = () => ({ pool: shop.pool, posture: world.posture, botId, api: shop.api, tills });
const ask = operatorOf(database, world.posture);
/** `ops reconcile`, with what a worker does then. */
async function reconcileByHand() {
  const asked = ask('reconcile');
  const taken = () => database.sql(`DELETE FROM pgboss.job WHERE name = 'reconcile' RETURNING id`);
  await waitFor(async () => (await taken()).length > 0, { what: 'it asked for' });
  await money.schedules(needs()).reconcile(run());
  return asked;
}

test('20. what a person makes of a parked payment is in the books of its provider as well, and `reconcile` says so of each', async () => {
  const user = person();
  const made = await bill(user);
  Object.assign(made, { price_amount: 100 });
  now.becomes(made.payment_id, 'finished', made.pay_amount);
  await waitFor(async () => (await payments(user)).length === 1, { what: 'a payment' });
  assert.equal((await payments(user))[0]!.state, 'parked');
  const receipt = shop.next(user, /^Receipt R-\d+: 100 credits/);
  const charge = String(made.payment_id);
  const linked = await ask('payments', 'link', charge, '--credits', '100', '--reason', 'they showed it');
  assert.notEqual(linked.ok, false, linked.said.join());
  await money.schedules(needs()).stars(run());
  await receipt;
  assert.equal(await credits(user), 100);
  for (const _ of [1, 2]) {
    const { ok, said, tables } = await reconcileByHand();
    assert.notEqual(ok, false, said.join());
    assert.deepEqual(said, ['What those who are paid say and our books are equal.']);
    const providers = tables[0]!.rows.map(({ provider, reconciled }) => [provider, reconciled]);
    assert.deepEqual(providers, [
      ['stars', true],
      ['cryptoPay', true],
      ['nowPayments', true],
    ]);
  }
  assert.equal(await credits(user), 100);
  await shop.sound();
});

test('20. one that was credited before it was parked is credited no second time, whoever links it', async () => {
  const user = person();
  const { payment_id: id, pay_amount: due } = await bill(user);
  now.becomes(id, 'finished', due);
  await has(user, 100);
  now.becomes(id, 'failed');
  await waitFor(async () => (await payments(user))[0]!.state === 'parked', { what: 'it parked' });
  const linked = await ask('payments', 'link', String(id), '--credits', '100', '--reason', 'why not');
  assert.equal(linked.ok, false);
  assert.match(linked.said[0]!, /100 credits were given before it was parked: payments dismiss leaves them/);
  assert.notEqual((await ask('payments', 'dismiss', String(id), '--reason', 'they keep them')).ok, false);
  assert.equal((await reconcileDeposits(needs(), run())).differs, false);
  assert.equal(await credits(user), 100);
});

test('a difference at a provider beside Telegram is no success, and is named', async () => {
  await database.sql(
    `INSERT INTO evenkeel.deposit (bot_id, provider, id, status, open) VALUES ($1, 'cryptoPay', '9999999', 'paid', false)`,
    [botId],
  );
  await database.sql(
    `INSERT INTO evenkeel.payment (bot_id, provider, charge, user_id, payload, currency, amount, credits, state, found_by, paid_at)
     VALUES ($1, 'cryptoPay', '9999999', 1, '', 'USD', 100, 100, 'credited', 'callback', now())`,
    [botId],
  );
  const differs = await reconcileByHand();
  assert.equal(differs.ok, false);
  assert.deepEqual(differs.said, ['cryptoPay: -100 cents are not explained: runbook ledger-mismatch.']);
  // Its key is taken away: nothing of it can be looked at, nothing is late for ever, and what was found stays to be seen.
  const { cryptoPay, ...others } = tills;
  delete tills.cryptoPay;
  await database.sql(`UPDATE evenkeel.till SET complete_at = now() - interval '5 h' WHERE provider = 'cryptoPay'`);
  const keyless = await reconcileByHand();
  assert.notEqual(keyless.ok, false, keyless.said.join());
  assert.match(
    keyless.said.join('\n'),
    /cryptoPay: no key is set since .*, so nothing of it is looked at\. When it last was, -100 cents were not explained/,
  );
  assert.ok((await readMoney(shop.pool, botId)).reconciledSeconds < 600);
  const books = (await ask('status')).tables.find(({ title }) => title === 'books of those who are paid')!.rows;
  assert.equal(books.find(({ provider }) => provider === 'cryptoPay')!['difference'], '-100');
  Object.assign(tills, { ...others, cryptoPay });
  await database.sql(`DELETE FROM evenkeel.payment WHERE charge = '9999999'`);
  await database.sql(`DELETE FROM evenkeel.deposit WHERE id = '9999999'`);
  assert.notEqual((await reconcileByHand()).ok, false);
});

test('more open payments than one page are all looked at, and a look that is cut short is not whole', async () => {
  const user = person();
  crypto.faults = { loseCallbacks: true };
  const id = await invoice(user);
  crypto.pay(id);
  await database.sql(
    `INSERT INTO evenkeel.deposit (bot_id, provider, id, status, open, looked_at)
     SELECT $1, 'cryptoPay', (8000000 + n)::text, 'active', false, now() - interval '1 h' FROM generate_series(1, 2300) AS n`,
    [botId],
  );
  await database.sql(`UPDATE evenkeel.till SET complete_at = now() - interval '4 h'`);
  const cut = await reconcileDeposits(needs(), run(AbortSignal.abort()));
  assert.deepEqual([cut.tills['cryptoPay']!['whole'], cut.tills['cryptoPay']!['reconciled']], [false, false]);
  assert.ok((await readMoney(shop.pool, botId)).reconciledSeconds > 14_000);
  const whole = await reconcileDeposits(needs(), run());
  assert.equal(whole.tills['cryptoPay']!['whole'], true);
  // The latest, and so behind all the others.
  assert.equal(await credits(user), 100);
  assert.ok((await readMoney(shop.pool, botId)).reconciledSeconds < 600);
  await database.sql(`DELETE FROM evenkeel.deposit WHERE length(id) = 7 AND id LIKE '800%'`);
});

test('a payment that cannot be booked holds no other back that is asked about with it', async () => {
  const buyersOf = [person(), person(), person()];
  crypto.faults = { loseCallbacks: true };
  const ids: number[] = [];
  for (const user of buyersOf) ids.push(await invoice(user));
  for (const id of ids) crypto.pay(id);
  const bad = buyersOf[1]!;
  await database.sql(`
    CREATE FUNCTION evenkeel.no_receipt() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
    CREATE TRIGGER no_receipt BEFORE INSERT ON evenkeel.payment FOR EACH ROW WHEN (NEW.user_id = ${bad})
      EXECUTE FUNCTION evenkeel.no_receipt()`);
  const looked = (await lookNow()) as Record<string, { failed: number }>;
  assert.equal(looked['cryptoPay']!.failed, 1);
  assert.deepEqual(await Promise.all(buyersOf.map(credits)), [100, 0, 100]);
  await database.sql('DROP FUNCTION evenkeel.no_receipt CASCADE');
  await lookNow();
  assert.deepEqual(await Promise.all(buyersOf.map(credits)), [100, 100, 100]);
});

test('a payment that its provider does not tell of holds no other back that is asked about with it', async () => {
  const buyersOf = [person(), person(), person()];
  now.faults = { loseCallbacks: true };
  const bills = [];
  for (const user of buyersOf) bills.push(await bill(user));
  for (const { payment_id: id, pay_amount: due } of bills) now.becomes(id, 'finished', due);
  const [before, bad, behind] = buyersOf as [number, number, number];
  // Such as one that was made with a key before this one: an answer that says nothing of it.
  const { pay_currency: coin } = bills[1]!;
  Object.assign(bills[1]!, { pay_currency: null });
  const looked = (await lookNow()) as Record<string, { failed: number }>;
  assert.deepEqual(await Promise.all([before, behind].map(credits)), [100, 100]);
  assert.equal(await credits(bad), 0);
  assert.equal(looked['nowPayments']!.failed, 1);
  Object.assign(bills[1]!, { pay_currency: coin });
  await waitFor(
    async () => {
      await lookNow();
      return (await credits(bad)) === 100;
    },
    { what: 'it to be found when its provider tells of it' },
  );
});

test('a look that is cut short has booked what it was told of until then', async () => {
  const buyersOf = Array.from({ length: 4 }, person);
  now.faults = { loseCallbacks: true };
  const bills = [];
  for (const user of buyersOf) bills.push(await bill(user));
  for (const { payment_id: id, pay_amount: due } of bills) now.becomes(id, 'finished', due);
  const enough = new AbortController();
  const till = tills.nowPayments!;
  const ours = new Set(bills.map(({ payment_id: id }) => String(id)));
  let asked = 0;
  const slow = {
    ...till,
    look: async (ids: readonly string[], signal: AbortSignal) => {
      const seen = await till.look(ids, signal);
      // Its deadline ends while the third is asked about.
      if ((asked += ids.filter((id) => ours.has(id)).length) >= 3) enough.abort(new Error('deadline'));
      enough.signal.throwIfAborted();
      return seen;
    },
  };
  await depositSchedule({
    pool: shop.pool,
    posture: world.posture,
    botId,
    api: shop.api,
    tills: { nowPayments: slow },
  })({ job: { id: '1', name: 'deposits' }, signal: enough.signal, deadline: Date.now() + 60_000, log });
  const had = async () => (await Promise.all(buyersOf.map(credits))).filter((has) => has === 100).length;
  assert.equal(await had(), 2);
  await lookNow();
  assert.equal(await had(), 4, 'the next look goes on there');
});

test('a callback whose provider could not be asked for minutes is told as a payment without credits', async () => {
  const uncredited = async () => (await readMoney(shop.pool, botId)).uncredited;
  assert.equal(await uncredited(), 0);
  await database.sql(
    `INSERT INTO evenkeel.callback (bot_id, id, provider, deposit, raw, received_at)
     VALUES ($1, -1, 'cryptoPay', '999', '', now() - interval '3 minutes')`,
    [botId],
  );
  assert.equal(await uncredited(), 1);
  await database.sql(
    `INSERT INTO evenkeel.deposit (bot_id, provider, id, status, open) VALUES ($1, 'cryptoPay', '999', 'paid', false)`,
    [botId],
  );
  assert.equal(await uncredited(), 0);
});
