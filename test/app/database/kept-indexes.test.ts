/**
 * Every statement of subscriptions, carts, promo codes, payments beside Telegram, dialogs, taps, slots, flags, and of what is
 * kept of a person, on large tables (fault missing-index): right after a bulk load, when the planner knows only the empty
 * ones, and analysed.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { z } from 'zod';
import { createPool, type Pool } from '../../../app/database/pool.ts';
import { inTransaction } from '../../../app/database/transaction.ts';
import { withTx } from '../../../app/database/tx.ts';
import { keptOf } from '../../../app/features/mydata/store.ts';
import { readOff } from '../../../app/flags/store.ts';
import { enqueue } from '../../../app/jobs/enqueue.ts';
import { endSlot, leaveSlot, openSlot, startSlot, takeSlot } from '../../../app/jobs/slots.ts';
import { callOff, wishes, wishOf } from '../../../app/jobs/wishes.ts';
import { emptyKept, keptUpdates } from '../../../app/lanes/kept.ts';
import { credit } from '../../../app/ledger/index.ts';
import { emptyUnsaid, unsaid } from '../../../app/outbox/kept.ts';
import { billOf, keepBill, keepCallback, lookBegins, toLookAt } from '../../../app/payments/deposit-rows.ts';
import { bookDeposit } from '../../../app/payments/deposits.ts';
import { begin, dropIntent, forgetIntents, goOn, intentOf } from '../../../app/payments/intent.ts';
import { redeem } from '../../../app/payments/promo.ts';
import { runningOf, subscriptionOf } from '../../../app/payments/subscription-rows.ts';
import {
  allow,
  cancel,
  heardOf,
  lapse,
  paidFor,
  paidUntilAtLeast,
  told,
  wentBackOf,
} from '../../../app/payments/subscription.ts';
import {
  ask,
  dialogKind,
  ENDED,
  forgetAsked,
  openDialog,
  stepDialog,
  tapAction,
  useTap,
} from '../../../app/people/index.ts';
import { QUEUE } from '../../harness/jobs.ts';
import { captureLog } from '../../harness/logs.ts';
import { withoutScans } from '../../harness/scans.ts';
import { startWorld } from '../../harness/world.ts';

const ROWS = 100_000;
const world = await startWorld({ after });
const { botId, database } = world;
const { log } = captureLog();

/** A subscription in ten runs; everything else is one a person, and most of it is over. */
const LOAD = `
  SET session_replication_role = replica;
  INSERT INTO evenkeel.subscription (bot_id, purchase, user_id, plan, state, first_charge, paid_until)
  SELECT ${botId}, 's' || n, n, 'monthly', CASE WHEN n % 10 = 0 THEN 'active' ELSE 'ended' END, 'c' || n, now() + n * interval '1 min'
  FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.payment
    (bot_id, provider, charge, user_id, purchase, payload, currency, amount, credits, state, found_by, paid_at, paid_until)
  SELECT ${botId}, 'stars', 'c' || n, n, 's' || n, 's' || n, 'XTR', 50, 50, 'credited', 'update', now(), now() + n * interval '1 min'
  FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.purchase (bot_id, id, user_id, package, credits, currency, price, paid, expires_at)
  SELECT ${botId}, 's' || n, n, 'monthly', 50, 'XTR', 50, 1, now() FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.account (bot_id, user_id, available) SELECT ${botId}, n, 50 FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.intent (bot_id, user_id, cause, cost, holds, queue, input, expires_at)
  SELECT ${botId}, n, 'i' || n, 5, 60000, 'remind', '{"n":1}', now() + n * interval '1 min' FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.promo (bot_id, code, credits, created_by)
  SELECT ${botId}, 'CODE-' || n, 5, 'x' FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.deposit (bot_id, provider, id, purchase, status, open, bill, created_at)
  SELECT ${botId}, 'nowPayments', 'd' || n, 's' || n, 'finished', false, '{}', now() - interval '30 days' - n * interval '1 s'
  FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.callback (bot_id, id, provider, deposit, raw)
  SELECT ${botId}, n, 'nowPayments', 'd' || n, '' FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.dialog (bot_id, chat_id, user_id, kind, version, state, expires_at)
  SELECT ${botId}, n, n, 'old', 1, '{}', now() FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.tap (token, bot_id, user_id, action, cause, input, expires_at)
  SELECT 't' || n, ${botId}, n, 'old', 'tap:' || n, '{}', now() FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.message (bot_id, update_id, role, chat_id, text)
  SELECT ${botId}, n, 'user', n, 'x' FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.person (bot_id, user_id) SELECT ${botId}, n FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, settled_at, body, sends)
  SELECT ${botId}, n, 'chat', '${botId}:' || n, CASE WHEN n % 5 = 0 THEN 'parked' ELSE 'done' END, now(), '{}',
         CASE WHEN n % 5 = 1 THEN '[{"state":"unknown","method":"sendMessage","tries":2}]'::json END
  FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.outbox (bot_id, cause, chat_id, class, rank, method, payload, state, settled_at)
  SELECT ${botId}, 'o' || n, n, 'notice', 2, 'sendMessage', '{"text":"x"}', CASE WHEN n % 5 = 0 THEN 'dead' ELSE 'sent' END, now()
  FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO evenkeel.slot (bot_id, name, at, outcome)
  SELECT ${botId}, 'stars', to_timestamp(floor(extract(epoch FROM now()) / 60) * 60) - n * interval '1 min', 'done' FROM generate_series(1, ${ROWS}) AS n;
  INSERT INTO pgboss.job (id, name, data, state, retry_limit, start_after, deletion_seconds, policy, singleton_key)
  SELECT gen_random_uuid(), 'remind', '{"n":1}', 'created', 3, now() + interval '1 day', 3600, 'standard', '${botId}:' || n
  FROM generate_series(1, ${ROWS}) AS n;
  SET session_replication_role = origin`;

const TABLES = [
  ...'subscription payment purchase account intent promo deposit callback dialog tap message person inbox outbox slot'
    .split(' ')
    .map((name) => `evenkeel.${name}`),
  'pgboss.job_common',
];

async function subscriptions(pool: Pool, id: number): Promise<void> {
  const userId = ROWS + id;
  const key = { botId, purchase: `new${id}`, userId };
  const until = new Date(Date.now() + 86_400_000);
  const installment = { ...key, plan: 'monthly', charge: `n${id}`, until, isFirst: true };
  assert.equal(await withTx(pool, (tx) => paidFor(tx, installment)), 'first');
  assert.equal(
    await withTx(pool, (tx) => paidFor(tx, { ...installment, charge: `m${id}`, isFirst: false })),
    'renewal',
  );
  await withTx(pool, (tx) => paidUntilAtLeast(tx, key, `n${id}`, new Date(until.getTime() + 1000)));
  assert.equal((await runningOf(pool, botId, userId))?.state, 'active');
  assert.ok(await withTx(pool, (tx) => cancel(tx, botId, userId)));
  await withTx(pool, (tx) => told(tx, key, 'cancel'));
  assert.ok(await withTx(pool, (tx) => allow(tx, botId, userId)));
  await withTx(pool, (tx) => heardOf(tx, key, 'active'));
  await withTx(pool, (tx) => heardOf(tx, key, 'failed'));
  await withTx(pool, (tx) => wentBackOf(tx, { ...key, charge: `n${id}` }, { isTaken: true }));
  assert.equal((await subscriptionOf(pool, key))?.state, 'ended');
  await withTx(pool, (tx) => lapse(tx, botId, 86_400_000));
}

async function wanted(pool: Pool, id: number): Promise<void> {
  const user = { botId, userId: 2 * ROWS + id };
  const wish = { ...user, cause: `want:${id}`, cost: 30n, holds: 60_000, queue: QUEUE, input: { n: id } };
  assert.equal((await withTx(pool, (tx) => begin(tx, wish))).begun, false);
  assert.ok(await intentOf(pool, botId, user.userId));
  await withTx(pool, async (tx) => {
    await credit(tx, { ...user, cause: `stars:want${id}` }, { amount: 50n, from: 'stars' });
    assert.equal(await goOn(tx, user), 30n);
  });
  await dropIntent(pool, botId, user.userId);
  await withTx(pool, (tx) => forgetIntents(tx, botId));
  const code = { ...user, code: `CODE-${id}` };
  assert.ok((await withTx(pool, (tx) => redeem(tx, code))).given);
  assert.equal((await withTx(pool, (tx) => redeem(tx, code))).given, false);
}

async function elsewhere(pool: Pool, id: number): Promise<void> {
  const seen = {
    id: `new${id}`,
    reference: undefined,
    status: 'finished',
    verdict: 'paid',
    open: false,
    arrived: undefined,
    paid: '1 TRX',
    price: { amount: '1.00', currency: 'USD' },
    parent: undefined,
    children: [],
  } as const;
  await keepBill(pool, botId, 'nowPayments', `s${id}`, { id: `bill${id}`, status: 'waiting' });
  assert.ok(await billOf(pool, botId, 'nowPayments', `s${id}`));
  const begun = await lookBegins(pool);
  assert.ok((await toLookAt(pool, botId, 'nowPayments', { openWithin: 3_600_000 }, begun)).length >= 1);
  assert.ok((await toLookAt(pool, botId, 'nowPayments', { allWithin: 3_600_000 }, begun)).length >= 1);
  await withTx(pool, (tx) => bookDeposit(tx, { botId, provider: 'nowPayments', seen, foundBy: 'callback' }));
  const raw = Buffer.from('{}');
  await withTx(pool, (tx) =>
    keepCallback(tx, { botId, id: ROWS + id, provider: 'nowPayments', deposit: seen.id, raw }),
  );
}

const dialog = dialogKind('x', 1, z.strictObject({}));
const action = tapAction('x', z.strictObject({}), ['yes']);

async function people(pool: Pool, id: number): Promise<void> {
  const place = { botId, chatId: id, userId: id };
  await withTx(pool, (tx) => openDialog(tx, dialog, place, { state: {}, lasts: 60_000 }));
  assert.ok(await withTx(pool, (tx) => stepDialog(tx, dialog, { ...place, updateId: id }, async () => ENDED)));
  const data = await withTx(pool, (tx) => ask(tx, action, { ...place, cause: `ask:${id}`, input: {}, lasts: 60_000 }));
  const token = data('yes').split(':')[1]!;
  const tap = { ...place, updateId: id, token, choice: 'yes' as const };
  assert.deepEqual(await withTx(pool, (tx) => useTap(tx, action, tap, async () => 1)), { result: 1 });
  await withTx(pool, (tx) => enqueue(tx, QUEUE, { n: id }, { after: 3_600_000, whose: wishOf(botId, id) }));
  assert.equal((await wishes(pool, wishOf(botId, id))).length, 2);
  assert.equal((await keptOf(pool, { botId, userId: id })).all, 1);
  await keptUpdates(pool, `${botId}:${id}`);
  await unsaid(pool, botId, id);
  await emptyKept(pool, `${botId}:${id}`);
  await emptyUnsaid(pool, botId, id);
  assert.equal(await callOff(pool, wishOf(botId, id)), 2);
  await forgetAsked(pool, place);
}

async function slots(pool: Pool): Promise<void> {
  const grid = { name: 'stars', botId, seconds: 60, catchUp: 3 } as const;
  const at = await openSlot(pool, grid);
  if (at !== undefined) {
    await inTransaction(pool, (client) => takeSlot(client, grid, at));
    await startSlot(pool, { ...grid, at });
    await endSlot(pool, { ...grid, at }, 'done');
    await inTransaction(pool, (client) => leaveSlot(client, grid, at));
  }
  await readOff(pool);
}

/** Often enough that a prepared statement gets its generic plan as well (after five runs). */
async function hotPath(from: number): Promise<void> {
  const pool = createPool({ url: database.url('worker'), posture: world.posture, role: 'worker', log, botId });
  try {
    for (let id = from; id < from + 8; id += 1) {
      await subscriptions(pool, id);
      await wanted(pool, id);
      await elsewhere(pool, id);
      await people(pool, id);
      await slots(pool);
    }
  } finally {
    await pool.end();
  }
}

test('no statement about what people have and want scans a table, whatever the planner knows of it', async () => {
  for (const table of TABLES) await database.sql(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  await database.sql(`ANALYZE ${TABLES.join(', ')}`);
  await database.transaction(async (sql) => {
    for (const statement of LOAD.split(';')) await sql(statement);
  });
  const allowed = { entries: ROWS / 20, small: ['evenkeel.flag', 'pgboss.queue', 'evenkeel.star_cursor'] };
  await withoutScans(database, 'planned for the empty tables', () => hotPath(10), allowed);
  await database.sql(`ANALYZE ${TABLES.join(', ')}`);
  await withoutScans(database, 'analysed', () => hotPath(500), allowed);
});
