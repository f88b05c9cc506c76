/** What a person on call asks and decides about money, as the database's operator: by the functions of the bot itself. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { starSchedules } from '../../../app/features/money/reconcile.ts';
import type { Outcome, Row } from '../../../app/ops/outcome.ts';
import { parseOps } from '../../../app/ops/parse.ts';
import { readMoney } from '../../../app/payments/watch.ts';
import { captureLog } from '../../harness/logs.ts';
import { openShop } from '../../harness/money.ts';
import { operatorOf } from '../../harness/ops.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld(
  { after },
  {
    posture: {
      lanes: { poll: '200ms', sweep: '5s' },
      features: { chat: false },
      payments: { grace: '1s' },
      work: { refund: { backoff: { first: '200ms', max: '1s' } } },
      providers: { telegram: { timeout: '2s' } },
    },
  },
);
const database = await world.freshDatabase({ after });
const shop = await openShop({ after }, world, { database });

const ask = operatorOf(database, world.posture, { who: 'arn:aws:sts::1:assumed-role/oncall/ada', via: 'test' });
const rowsOf = ({ tables, said }: Outcome, title: RegExp): readonly Row[] =>
  tables.find((table) => title.test(table.title))?.rows ?? assert.fail(`no ${title}: ${said.join(' ')}`);
const stateOf = async (user: number) =>
  (await database.sql<{ state: string }>('SELECT state FROM evenkeel.payment WHERE user_id = $1', [user]))[0]!.state;

test('a payment is found, its payer’s credits are shown, and it is refunded once, with who and why', async () => {
  const user = 7100;
  const { text } = await shop.topUp(user);
  const receipt = /R-\d+/.exec(text)![0];
  const [paid] = rowsOf(await ask('payments', 'find', receipt), /payments/);
  assert.deepEqual([paid!['user'], paid!['state']], [user, 'credited']);
  assert.equal(
    rowsOf(await ask('payments', 'find', String(paid!['charge'])), /payments/)[0]!['receipt'],
    paid!['receipt'],
  );
  const [balance] = rowsOf(await ask('user', String(user)), /credits of user/);
  assert.equal(balance!['available'], String(paid!['credits']));

  const dry = await ask('refund', receipt, '--dry-run');
  assert.equal(rowsOf(dry, /to be refunded/).length, 1);
  assert.equal(await stateOf(user), 'credited');
  const asked = await ask('refund', receipt, '--reason', 'paid by mistake');
  assert.match(asked.said[0]!, /^Refund of R-\d+ is asked for: \d+ back, \d+ credits taken\.$/);
  await waitFor(async () => (await stateOf(user)) === 'refunded', { within: 60_000, what: 'the refund' });
  const again = await ask('refund', receipt, '--reason', 'paid by mistake');
  assert.deepEqual([again.ok, again.said], [false, ['It has gone back already.']]);
  const deeds = await database.sql('SELECT who, verb, reason, login FROM evenkeel.audit');
  assert.deepEqual(deeds, [
    { who: 'arn:aws:sts::1:assumed-role/oncall/ada', verb: 'refund', reason: 'paid by mistake', login: 'operator' },
  ]);
  assert.equal((await ask('payments', 'list')).tables.length, 0);
  assert.deepEqual((await ask('ledger', 'check')).said, ['The ledger agrees with itself.']);
});

test('who has a plan is shown it, and whether its provider has confirmed it', async () => {
  await database.sql(
    `INSERT INTO evenkeel.access (bot_id, user_id, state, plan, credits, period, until, version, synced)
     VALUES ($1, 7150, 'trial', 'month', 5, 1, now() + interval '1 day', 3, 2)`,
    [world.botId],
  );
  const [access] = rowsOf(await ask('user', '7150'), /access provider/);
  assert.deepEqual([access!['plan'], access!['state'], access!['confirmed']], ['month', 'trial', false]);
});

test('what is not there is said, and a ledger that is wrong is no success', async () => {
  assert.deepEqual((await ask('user', '999')).said, ['User 999 has never had credits, paid, or tried a plan.']);
  const none = await ask('refund', 'R-999999', '--reason', 'x');
  assert.equal(none.ok, false);
  assert.match(none.said[0]!, /^No payment R-999999 is booked/);
  const user = 7101;
  await shop.topUp(user);
  await database.sql('UPDATE evenkeel.account SET available = available + 1 WHERE user_id = $1', [user]);
  const check = await ask('ledger', 'check');
  assert.equal(check.ok, false);
  assert.match(String(rowsOf(check, /wrong/)[0]!['name']), /:7101$/);
});

test('the operator can change no balance, no movement and nothing of a payment but its refund', async () => {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: database.url('operator') });
  await client.connect();
  try {
    await client.query('SET default_transaction_read_only = off');
    for (const statement of [
      'UPDATE evenkeel.account SET available = 1',
      'UPDATE evenkeel.payment SET credits = 1',
      'DELETE FROM evenkeel.payment',
      `INSERT INTO evenkeel.ledger_tx (bot_id, cause, kind, user_id, amount, by) VALUES (1, 'x', 'credit', 1, 1, 'me')`,
      'UPDATE evenkeel.ledger_entry SET amount = 1',
      'UPDATE pgboss.job SET state = $$completed$$',
    ])
      await assert.rejects(client.query(statement), { code: '42501' }, statement);
  } finally {
    await client.end();
  }
});

for (const [args, line] of [
  [['user'], /^which one\? user USER_ID$/],
  [['user', 'ada'], /^"ada" is not the id of a user: user USER_ID$/],
  [['refund', 'R 1', '--reason', 'x'], /^"R 1" is neither a receipt, such as R-17, nor a charge: refund RECEIPT$/],
  [['refund', 'R-1'], /^refund changes something: say why/],
  [
    ['payments', 'link', 'R-1', '--all', '--reason', 'x'],
    /^either a receipt or --all: payments link RECEIPT \| --all$/,
  ],
  [
    ['payments', 'link', '--all', '--credits', '5', '--reason', 'x'],
    /^--all takes each as it was paid: --credits is for one, payments link RECEIPT --credits N$/,
  ],
  [['refunds', 'R-1'], /^unknown verb "refunds R-1"; did you mean "refund"\?$/],
] as const)
  test(`\`${args.join(' ')}\` is one line`, () => {
    assert.throws(() => parseOps(args), { message: line });
  });

test('a payment of an order that nobody knows is valued by a person, credited once by a worker, and told', async () => {
  const user = 7102;
  world.telegram.open(user);
  world.telegram.charge(user, 'of-another-bot');
  await waitFor(
    async () => (await database.sql('SELECT FROM evenkeel.payment WHERE user_id = $1', [user])).length === 1,
    {
      within: 60_000,
      what: 'the payment',
    },
  );
  const [waiting] = rowsOf(await ask('payments', 'list'), /wait/);
  const receipt = `R-${waiting!['receipt']}`;
  const unsaid = await ask('payments', 'link', receipt, '--reason', 'x');
  assert.match(unsaid.said[0]!, /No single package has this price|R-\d+: \d+ credits/);
  const dry = await ask('payments', 'link', receipt, '--credits', '70', '--dry-run');
  assert.deepEqual(dry.said, [`${receipt}: 70 credits to user ${user}.`]);
  assert.equal(
    (await ask('payments', 'link', receipt, '--credits', '70', '--reason', 'they showed it')).ok ?? true,
    true,
  );
  const { stars } = starSchedules({
    pool: shop.pool,
    posture: world.posture,
    api: shop.api,
    botId: world.botId,
    tills: {},
  });
  const log = captureLog().log;
  const run = { job: { id: '1', name: 'stars' }, signal: new AbortController().signal, deadline: Infinity, log };
  const told = shop.next(user, /70/);
  await Promise.all([stars(run), stars(run)]);
  await told;
  assert.equal((await shop.balance(user)).available, 70n);
  const over = await ask('payments', 'link', receipt, '--credits', '70', '--reason', 'again');
  assert.deepEqual([over.ok, over.said], [false, ['It is credited, and not parked.']]);
  assert.deepEqual(
    await database.sql(
      `SELECT verb, who, reason FROM evenkeel.audit WHERE verb LIKE 'payments%' AND reason = 'they showed it'`,
    ),
    [{ verb: 'payments link', who: 'arn:aws:sts::1:assumed-role/oncall/ada', reason: 'they showed it' }],
  );
});

test('one that is dismissed is listed and counted no more, and may be credited after all', async () => {
  const user = 7103;
  world.telegram.open(user);
  world.telegram.charge(user, 'of-nobody');
  await waitFor(
    async () => (await database.sql('SELECT FROM evenkeel.payment WHERE user_id = $1', [user])).length === 1,
    {
      within: 60_000,
      what: 'the payment',
    },
  );
  const [{ receipt }] = rowsOf(await ask('payments', 'list'), /wait/) as [Row];
  assert.equal((await readMoney(shop.pool, world.botId)).parked, 1);
  assert.equal((await ask('payments', 'dismiss', `R-${receipt}`, '--reason', 'a test of ours')).ok ?? true, true);
  assert.equal((await ask('payments', 'list')).tables.length, 0);
  assert.equal((await readMoney(shop.pool, world.botId)).parked, 0);
  await shop.ask(user, '/history', /R-\d+ · \d+ Stars · 0 credits – looked at by a person: nothing is credited for it/);
  assert.equal((await ask('payments', 'link', `R-${receipt}`, '--credits', '5', '--dry-run')).ok ?? true, true);
  assert.equal((await ask('payments', 'link', `R-${receipt}`, '--credits', '5', '--reason', 'ours')).ok ?? true, true);
  await shop.ask(user, '/history', /R-\d+ · \d+ Stars · 0 credits – waits for a person/);
});

test('all whose orders a restore has lost are listed with who and how much, and credited once to who paid', async () => {
  const { telegram, botId } = world;
  const parkedOf = (users: number[]) =>
    database.sql(`SELECT FROM evenkeel.payment WHERE user_id = ANY ($1) AND state = 'parked'`, [users]);
  /** Pays for an order that the database has forgotten. */
  const forgotten = async (user: number, payload: string) => {
    await database.sql('DELETE FROM evenkeel.purchase WHERE id = $1', [payload]);
    telegram.charge(user, payload);
    await waitFor(async () => (await parkedOf([user])).length > 0, { within: 60_000, what: 'the payment' });
  };
  for (const user of [7110, 7111]) await forgotten(user, (await shop.invoice(user)).invoice!.payload);
  // A month of a subscription, at the price of a package.
  await forgotten(7112, (await shop.subscription(7112)).payload);
  telegram.open(7113);
  await forgotten(7113, 'at-a-price-that-nothing-has');
  const schedules = starSchedules({
    pool: shop.pool,
    posture: world.posture,
    api: shop.api,
    botId,
    tills: {},
  });
  const run = () => ({
    job: { id: '1', name: 'stars' },
    signal: new AbortController().signal,
    deadline: Infinity,
    log: captureLog().log,
  });
  await schedules.reconcile(run());

  const dry = await ask('payments', 'link', '--all', '--dry-run');
  assert.deepEqual(
    rowsOf(dry, /to be credited/).map(({ user, gives }) => [user, gives]),
    [
      [7110, '100'],
      [7111, '100'],
      [7112, '600'],
    ],
  );
  assert.deepEqual(
    rowsOf(dry, /left as they are/).map(({ user, why }) => [user, why]),
    [[7113, 'no single package has this price']],
  );
  assert.match(dry.said[0]!, /^3 payments of 3 people: 800 credits\.$/);
  assert.equal((await parkedOf([7110, 7111, 7112, 7113])).length, 4, 'nothing was done');

  const done = await ask('payments', 'link', '--all', '--reason', 'lost with the restore');
  assert.match(done.said[0]!, /^3 payments are credited by a worker/);
  const again = await ask('payments', 'link', '--all', '--reason', 'lost with the restore');
  assert.deepEqual([again.ok, again.said[0]], [false, 'No payment of a lost order can be credited by its price.']);
  await Promise.all([schedules.stars(run()), schedules.stars(run())]);
  const has = await Promise.all([7110, 7111, 7112, 7113].map(async (user) => (await shop.balance(user)).available));
  assert.deepEqual(has, [100n, 100n, 600n, 0n]);
  const deeds = await database.sql(`SELECT who FROM evenkeel.audit WHERE reason = 'lost with the restore'`);
  assert.equal(deeds.length, 3);
  assert.deepEqual(
    (await ask('payments', 'list')).tables[0]!.rows.map(({ user }) => user),
    [7113],
  );
});

test('a subscription that a restore has lost is had again with its month: the next is credited by itself, and it can be cancelled', async () => {
  const { telegram, botId } = world;
  const [user, began] = [7120, 7121];
  const schedules = starSchedules({ pool: shop.pool, posture: world.posture, api: shop.api, botId, tills: {} });
  const { stars } = schedules;
  const run = () => ({
    job: { id: '1', name: 'stars' },
    signal: new AbortController().signal,
    deadline: Infinity,
    log: captureLog().log,
  });
  const subscribe = async (person: number) => {
    const link = await shop.subscription(person);
    const receipt = shop.next(person, /^Receipt/);
    telegram.payLink(person, link.url);
    await receipt;
    return link.payload;
  };
  const charges = (person: number, state: string) =>
    database.sql<{ charge: string; purchase: string | null }>(
      'SELECT charge, purchase FROM evenkeel.payment WHERE user_id = $1 AND state = $2 ORDER BY number',
      [person, state],
    );
  const lost = await Promise.all([user, began].map(subscribe));
  // As a restore leaves it: of order, subscription and first month nothing is known.
  for (const table of ['subscription', 'payment'])
    await database.sql(`DELETE FROM evenkeel.${table} WHERE user_id = ANY ($1)`, [[user, began]]);
  await database.sql('DELETE FROM evenkeel.purchase WHERE id = ANY ($1)', [lost]);
  for (const person of [user, began]) {
    const told = shop.next(person, /^Receipt/);
    telegram.monthPasses(person);
    assert.doesNotMatch((await told).text, /paid until/, 'nothing runs, as far as anybody knows');
    assert.equal((await charges(person, 'parked')).length, 1);
  }
  // Their first months are in Telegram's list, and found after the later ones.
  await database.sql('UPDATE evenkeel.star_transaction SET booked_at = NULL WHERE user_id = ANY ($1)', [[user, began]]);
  await waitFor(
    async () => {
      await schedules.reconcile(run());
      return (await charges(user, 'parked')).length === 2 && (await charges(began, 'parked')).length === 2;
    },
    { within: 60_000, what: 'the first months' },
  );
  // One has begun another since.
  const other = await subscribe(began);

  const dry = await ask('payments', 'link', '--all', '--dry-run');
  const gives = rowsOf(dry, /to be credited/).map((row) => [row['user'], row['gives']]);
  for (const person of [user, began]) assert.ok(gives.some(([who, what]) => who === person && what === '600'));
  await ask('payments', 'link', '--all', '--reason', 'lost with the restore, a month of each');
  const told = [shop.next(user, /^Receipt[^]*paid until/), shop.next(began, /^Receipt[^]*another subscription by now/)];
  await Promise.all([stars(run()), stars(run())]);
  await Promise.all(told);
  const running = await database.sql(
    `SELECT user_id AS "user", purchase, plan, wish FROM evenkeel.subscription WHERE user_id = ANY ($1) AND state = 'active' ORDER BY 1`,
    [[user, began]],
  );
  assert.deepEqual(running, [
    { user, purchase: lost[0], plan: 'monthly', wish: null },
    { user: began, purchase: other, plan: 'monthly', wish: null },
  ]);
  await waitFor(
    () => telegram.mandates(began).some(({ payload, canceledBy }) => payload === lost[1] && canceledBy === 'bot'),
    { within: 60_000, what: 'Telegram to take no more for the one that was lost' },
  );

  const next = shop.next(user, /^Receipt[^]*paid until/);
  const [renewal] = telegram.monthPasses(user);
  await next;
  assert.equal((await charges(user, 'credited')).find(({ charge }) => charge === renewal)?.purchase, lost[0]);
  const { messageId } = await shop.ask(user, '/subscription', /monthly: paid until/);
  const canceled = shop.next(user, /^Cancelled/);
  telegram.tap(user, messageId, 'subscription:cancel');
  await canceled;
  await waitFor(() => telegram.mandates(user)[0]!.canceledBy === 'bot', { within: 60_000, what: 'Telegram to know' });
});

test('a reconciliation by hand is made by a worker, and says what it found', async (t) => {
  const own = await world.freshDatabase(t);
  const worker = await world.startTask(t, 'worker', { database: own });
  await worker.ready(120_000);
  // The first slot of the schedule is run at the start; by hand comes another.
  const asked = operatorOf(own, world.posture, { who: 'ada', via: 'test' });
  for (const _ of [1, 2]) {
    const [row] = rowsOf(await asked('reconcile'), /reconciled/);
    assert.deepEqual(
      ['expected', 'found', 'difference', 'explained'].map((name) => typeof row![name]),
      ['string', 'string', 'string', 'string'],
    );
  }
  const titles = (await asked('status')).tables.map(({ title }) => title);
  assert.ok(titles.includes('schedules'), titles.join());
});
