/**
 * Every statement that moves credits, books payments or watches over them, on tables of years (fault missing-index): right
 * after a bulk load, when the planner knows only the empty ones, and analysed. What reads the whole of it does so in bites,
 * as the hourly comparison with Telegram's list does, or is for people alone: the check of the whole ledger.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Api } from 'grammy';
import { createPool, type Pool } from '../../../app/database/pool.ts';
import { withTx } from '../../../app/database/tx.ts';
import {
  adjust,
  balanceOf,
  CauseReused,
  clawback,
  credit,
  InsufficientCredits,
  lockAccounts,
  release,
  releaseExpired,
  reserve,
  settle,
} from '../../../app/ledger/index.ts';
import { book, takeBack } from '../../../app/payments/book.ts';
import { compareStars, type Comparison } from '../../../app/payments/compare.ts';
import { heldBy, history } from '../../../app/payments/history.ts';
import { order, purchaseOf } from '../../../app/payments/purchase.ts';
import { watchStars } from '../../../app/payments/reconcile.ts';
import { askRefund, chargeOf, refundRefused, paidOf } from '../../../app/payments/refund.ts';
import { hasGoneBack } from '../../../app/payments/transactions.ts';
import { WHOLE } from '../../../app/payments/decimal.ts';
import {
  billOf,
  keepBill,
  keepCallback,
  lookBegins,
  noteUnknown,
  seenOf,
  toLookAt,
} from '../../../app/payments/deposit-rows.ts';
import { bookDeposit } from '../../../app/payments/deposits.ts';
import { referenceOf } from '../../../app/payments/reference.ts';
import { bookedOf, compared, noteKeyless, noteTill } from '../../../app/payments/till-books.ts';
import type { Deposit } from '../../../app/payments/tills/index.ts';
import { noteChecks, readMoney } from '../../../app/payments/watch.ts';
import { workerPool } from '../../harness/lanes.ts';
import { captureLog } from '../../harness/logs.ts';
import { withoutScans } from '../../harness/scans.ts';
import { startWorld } from '../../harness/world.ts';

const ROWS = 1_000_000;
/** Each with ten movements: credit and reserve in turn, of two entries each. */
const USERS = ROWS / 20;
const world = await startWorld({ after });
const { botId, telegram } = world;
const { log } = captureLog();

/** Five years of it. Without the triggers, which would look at every movement: it is sound as it is written. */
const LOAD = `
  SET session_replication_role = replica;
  INSERT INTO evenkeel.account (bot_id, user_id, available) SELECT ${botId}, u, 500 FROM generate_series(1, ${USERS}) AS u;
  INSERT INTO evenkeel.ledger_tx (bot_id, cause, kind, user_id, amount, by)
  SELECT ${botId}, 'stars:c' || n, 'credit', n % ${USERS} + 1, 50, 'bot' FROM generate_series(1, ${ROWS / 2}) AS n;
  INSERT INTO evenkeel.ledger_entry (tx, bot_id, user_id, account, amount, balance_after)
  SELECT n, ${botId}, CASE side WHEN 1 THEN n % ${USERS} + 1 END, CASE side WHEN 1 THEN 'available' ELSE 'stars' END,
         50 * side, CASE side WHEN 1 THEN 50 * ((n - 1) / ${USERS} + 1) END
  FROM generate_series(1, ${ROWS / 2}) AS n, (VALUES (1), (-1)) AS sides (side);
  INSERT INTO evenkeel.reserve (bot_id, cause, user_id, amount, state, settled, expires_at, ended_at)
  SELECT ${botId}, 'work:' || n, n % ${USERS} + 1, 5, 'settled', 5, now() - interval '1 day', now() - interval '1 day'
  FROM generate_series(1, ${ROWS / 2}) AS n;
  INSERT INTO evenkeel.purchase (bot_id, id, user_id, package, credits, currency, price, paid, created_at, expires_at)
  SELECT ${botId}, 'o' || n, n % ${USERS} + 1, 'small', 50, 'XTR', 50, n % 10, now() - n * interval '5 min', now() - n * interval '5 min'
  FROM generate_series(1, ${ROWS / 2}) AS n;
  INSERT INTO evenkeel.payment
    (bot_id, provider, charge, user_id, purchase, payload, currency, amount, credits, state, found_by, paid_at, changed_at)
  SELECT ${botId}, 'stars', 'c' || n, n % ${USERS} + 1, 'o' || n, 'o' || n, 'XTR', 50, 50,
         CASE WHEN n % 100000 = 0 THEN 'parked' WHEN n % 1000 = 0 THEN 'refunded' WHEN n % 1001 = 0 THEN 'taken-back' ELSE 'credited' END,
         'update', now() - n * interval '5 min', now() - n * interval '5 min'
  FROM generate_series(1, ${ROWS / 2}) AS n;
  INSERT INTO evenkeel.star_transaction (bot_id, id, direction, kind, user_id, payload, amount, at, booked_at)
  SELECT ${botId}, 'c' || n, 'in', 'user:invoice_payment', n % ${USERS} + 1, 'o' || n, 50, now() - n * interval '5 min', now()
  FROM generate_series(1, ${ROWS / 2}) AS n;
  INSERT INTO evenkeel.deposit (bot_id, provider, id, purchase, status, open, created_at, looked_at)
  SELECT ${botId}, 'nowPayments', 'd' || n, 'o' || n, 'finished', n < 20, now() - n * interval '5 min', now() - n * interval '5 min'
  FROM generate_series(1, ${ROWS / 2}) AS n;
  INSERT INTO evenkeel.callback (bot_id, id, provider, deposit, raw, received_at)
  SELECT ${botId}, -n, 'nowPayments', 'd' || n, '{}', now() - n * interval '5 min' FROM generate_series(1, ${ROWS / 2}) AS n;
  INSERT INTO evenkeel.star_cursor (bot_id, position, ledger_checked) VALUES (${botId}, 0, ${ROWS / 2 - 3000});
  SET session_replication_role = origin`;

const TABLES = [
  'account',
  'ledger_tx',
  'ledger_entry',
  'reserve',
  'purchase',
  'payment',
  'star_transaction',
  'deposit',
  'callback',
].map((name) => `evenkeel.${name}`);

/** What a feature does with credits, for a user with a history, and for one that is new. */
async function moveCredits(pool: Pool, id: number): Promise<void> {
  const user = { botId, userId: id };
  const newcomer = { botId, userId: USERS + id };
  const of = (what: string) => `${what}:${id}`;
  const once = (what: string) => ({ ...user, cause: of(what) });
  await withTx(pool, (tx) => credit(tx, { ...newcomer, cause: of('promo') }, { amount: 5n, from: 'promo' }));
  await withTx(pool, (tx) => lockAccounts(tx, botId, [id, id + 1, newcomer.userId]));
  await withTx(pool, (tx) => reserve(tx, once('render'), { amount: 30n, ttl: 60_000 }));
  assert.deepEqual((await heldBy(pool, botId, id)).length, 1);
  await withTx(pool, (tx) => settle(tx, { botId, of: of('render') }, { amount: 20n, to: 'revenue:studio' }));
  await withTx(pool, (tx) => reserve(tx, once('again'), { amount: 30n, ttl: 60_000 }));
  await withTx(pool, (tx) => release(tx, { botId, of: of('again') }));
  await withTx(pool, (tx) => reserve(tx, once('lost'), { amount: 30n, ttl: 0 }));
  assert.equal(await releaseExpired(pool, new AbortController().signal), 1);
  await withTx(pool, (tx) => adjust(tx, { ...once('gift'), by: 'owner:1', reason: 'x' }, { amount: 1n }));
  await withTx(pool, (tx) => clawback(tx, once('back'), { amount: 1n, to: 'stars' }));
  await assert.rejects(
    withTx(pool, (tx) => credit(tx, once('gift'), { amount: 2n, from: 'promo' })),
    CauseReused,
  );
  await assert.rejects(
    withTx(pool, (tx) => reserve(tx, once('too much'), { amount: 10_000n, ttl: 60_000 })),
    InsufficientCredits,
  );
  await balanceOf(pool, user);
}

/** From the offer to the refund, and what looks after it meanwhile. */
async function sell(pool: Pool, api: Api, id: number): Promise<void> {
  const wanted = { name: 'small', credits: 50n, price: 50n };
  const offered = await order(pool, { botId, updateId: id, userId: id, package: wanted, lasts: 60_000 });
  assert.ok(await purchaseOf(pool, botId, offered.id));
  const charge = `new${id}`;
  const paid = { botId, charge, payload: offered.id, currency: 'XTR', amount: 50, at: new Date() } as const;
  const update = { ...paid, from: id, foundBy: 'update', updateId: id } as const;
  const { payment } = await withTx(pool, (tx) => book(tx, update));
  assert.equal((await withTx(pool, (tx) => book(tx, update))).applied, false);
  assert.deepEqual(await chargeOf(pool, botId, Number(payment.number)), { provider: 'stars', charge });
  assert.ok((await history(pool, botId, id, 15)).length > 10);
  const wish = { botId, charge, by: 'owner:1', reason: 'x', atMost: undefined, force: false };
  assert.ok((await withTx(pool, (tx) => askRefund(tx, wish))).asked);
  await withTx(pool, (tx) => refundRefused(tx, botId, charge, 'x'));
  assert.equal(await hasGoneBack(pool, botId, charge), false);
  await withTx(pool, (tx) => takeBack(tx, { ...paid, to: id, foundBy: 'update' }));
  await withTx(pool, (tx) => takeBack(tx, { ...paid, charge: `${charge}:early`, to: id, foundBy: 'update' }));
  const open = await order(pool, { botId, updateId: ROWS + id, userId: id, package: wanted, lasts: 60_000 });
  telegram.charge(id, open.id);
  const needs = { pool, api, botId, grace: 0, tell: async () => undefined, signal: new AbortController().signal, log };
  const found = await watchStars(needs, 60_000);
  assert.deepEqual([found?.failed, found?.credited.length], [0, 1]);
  await readMoney(pool, botId);
  assert.deepEqual(await noteChecks(pool, botId, { differs: false, report: {}, signal: needs.signal }), []);
}

/** At a provider beside Telegram: from the bill to what arrived, in part and whole, and what looks after it meanwhile. */
async function sellElsewhere(pool: Pool, id: number): Promise<void> {
  const provider = 'nowPayments' as const;
  const wanted = { name: 'small', credits: 50n, price: 50n };
  const price = { amount: 100n, currency: 'USD' } as const;
  const offered = await order(pool, {
    botId,
    updateId: 2 * ROWS + id,
    userId: id,
    package: wanted,
    lasts: 60_000,
    price,
  });
  assert.equal(await billOf(pool, botId, provider, offered.id), undefined);
  await keepBill(pool, botId, provider, offered.id, { id: `n${id}`, status: 'waiting' });
  const callback = { botId, id: -ROWS - id, provider, deposit: `n${id}`, raw: Buffer.from('{}') } as const;
  await withTx(pool, (tx) => keepCallback(tx, callback));
  const seen = {
    id: `n${id}`,
    reference: referenceOf({ userId: id, id: offered.id }),
    price: { amount: '1.00', currency: 'USD' },
    paid: '1.18 USDTTRC20',
    parent: undefined,
    children: [],
    open: true,
  };
  const booked = (more: Pick<Deposit, 'status' | 'verdict' | 'arrived'>) =>
    withTx(pool, (tx) => bookDeposit(tx, { botId, provider, seen: { ...seen, ...more }, foundBy: 'callback' }));
  assert.equal((await booked({ status: 'confirming', verdict: 'waits', arrived: undefined })).applied, false);
  assert.equal((await seenOf(pool, botId, id)).length, 1);
  const half = { part: 1n, whole: 2n };
  assert.equal((await booked({ status: 'partially_paid', verdict: 'paid', arrived: half })).payment?.credits, 25n);
  const whole = await booked({ status: 'finished', verdict: 'paid', arrived: WHOLE });
  assert.deepEqual(compared(whole), { expected: 100n, found: 100n, explained: 0n });
  const begun = await lookBegins(pool);
  assert.ok((await toLookAt(pool, botId, provider, { openWithin: 3_600_000 }, begun)).length > 0);
  assert.equal((await toLookAt(pool, botId, provider, { allWithin: 14 * 86_400_000 }, begun)).length, 1000);
  assert.equal(await bookedOf(pool, botId, provider, [`n${id}`, 'unknown']), 100n);
  await noteTill(pool, botId, provider, compared(whole), true);
  await noteUnknown(pool, botId, provider, [`n${id}`]);
  await noteKeyless(pool, botId, [provider]);
  const wish = {
    botId,
    provider,
    charge: `n${id}`,
    by: 'owner:1',
    reason: 'x',
    atMost: undefined,
    force: true,
    sent: true,
  };
  assert.ok((await withTx(pool, (tx) => askRefund(tx, wish))).asked);
  assert.equal(await paidOf(pool, botId, provider, `n${id}`), '1.18 USDTTRC20');
  const back = {
    botId,
    provider,
    charge: `n${id}`,
    to: id,
    payload: '',
    currency: '',
    amount: 0,
    at: new Date(),
  } as const;
  assert.ok((await withTx(pool, (tx) => takeBack(tx, { ...back, foundBy: 'reconciliation' }))).applied);
  const again = await booked({ status: 'finished', verdict: 'paid', arrived: WHOLE });
  assert.deepEqual([again.applied, compared(again)], [false, { expected: 0n, found: 0n, explained: 0n }]);
}

/** Often enough that a prepared statement gets its generic plan as well (after five runs). */
async function hotPath(from: number): Promise<void> {
  const pool = createPool({ url: world.database.url('worker'), posture: world.posture, role: 'worker', log, botId });
  const api = new Api(telegram.botToken, { apiRoot: telegram.apiRoot });
  try {
    for (let id = from; id < from + 8; id += 1) {
      await moveCredits(pool, id);
      await sell(pool, api, id);
      await sellElsewhere(pool, id);
    }
  } finally {
    await pool.end();
  }
}

test('no statement of money scans a table, whatever the planner knows of it', async () => {
  const { database } = world;
  for (const table of TABLES) await database.sql(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  await database.sql(`ANALYZE ${TABLES.join(', ')}`);
  await database.transaction(async (sql) => {
    for (const statement of LOAD.split(';')) await sql(statement);
  });
  const allowed = { entries: ROWS / 20, small: ['evenkeel.star_cursor', 'evenkeel.till', 'pgboss.queue'] };
  await withoutScans(database, 'planned for the empty tables', () => hotPath(10), allowed);
  await database.sql(`ANALYZE ${TABLES.join(', ')}`);
  await withoutScans(database, 'analysed', () => hotPath(500), allowed);
});

test('the hourly comparison reads years of payments in bites, each a few pages by their place, and of one moment', async () => {
  const { database } = world;
  const api = new Api(telegram.botToken, { apiRoot: telegram.apiRoot });
  const { balance } = telegram.stars();
  const reports: Comparison[] = [];
  for (const pages of [undefined, 500, 7_001]) {
    const pool = createPool({ url: database.url('worker'), posture: world.posture, role: 'worker', log, botId });
    const compare = async () => {
      const { signal } = new AbortController();
      reports.push(await compareStars({ pool, api, botId, signal, ...(pages !== undefined && { pages }) }));
      await pool.end();
    };
    await withoutScans(database, `${pages} pages`, compare, { entries: ROWS / 20 });
  }
  const [sums] = await database.sql<{ expected: string; found: string; nanos: string }>(
    `SELECT (SELECT sum(amount) FROM evenkeel.payment WHERE state IN ('credited', 'parked', 'refunding'))::text AS expected,
            sum(CASE direction WHEN 'in' THEN amount ELSE -amount END)::text AS found,
            sum(CASE direction WHEN 'in' THEN 1 ELSE -1 END * (amount * 1000000000 + nanos))::text AS nanos
     FROM evenkeel.star_transaction`,
  );
  assert.equal(reports.length, 3);
  for (const { expected, found, difference, balanceOff, others } of reports) {
    assert.equal(expected, BigInt(sums!.expected));
    assert.equal(found, BigInt(sums!.found));
    assert.equal(difference, found - expected);
    assert.equal(balanceOff, BigInt(balance.amount) * 1_000_000_000n - BigInt(sums!.nanos));
    assert.deepEqual(others, {});
  }
  // One statement of those that it is made of, as the server plans it.
  const plan = await database.sql<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT sum(amount) FROM evenkeel.payment WHERE ctid >= '(10,0)'::tid AND ctid < '(20,0)'::tid`,
  );
  assert.match(plan.map((row) => row['QUERY PLAN']).join('\n'), /Tid Range Scan/);
});

test('a comparison that is told to end, ends after the bite that it is in', async (t) => {
  const pool = workerPool(t, world.database, world.posture);
  const api = new Api(telegram.botToken, { apiRoot: telegram.apiRoot });
  const ending = new AbortController();
  const read: string[] = [];
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      const { name } = args[0] as { name?: string };
      if (name === 'our-stars' && read.push(name) === 2) ending.abort(new Error('told to end'));
      return query(...args);
    }) as typeof client.query;
  });
  await assert.rejects(compareStars({ pool, api, botId, signal: ending.signal, pages: 10 }), /told to end/);
  assert.equal(read.length, 2);
});
