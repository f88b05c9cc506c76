/**
 * A worker that is killed at any statement between a payment and its receipt: credited once, told, and never told twice but
 * where the receipt had left. By an update, whose answer leaves directly, and by the reconciliation, which tells by the outbox.
 * Each worker mends what the one before left, and is killed at the next payment.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { checkLedger, isSound } from '../../../app/ledger/index.ts';
import { order } from '../../../app/payments/purchase.ts';
import { seeded } from '../../harness/random.ts';
import { store, workerPool } from '../../harness/lanes.ts';
import { seeds } from '../../harness/seeds.ts';
import { anyStop, statementsTo, type Statements } from '../../harness/statements.ts';
import type { TaskProcess } from '../../harness/task.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const WITHIN = 240_000;
/** What one payment takes, by either way: at more than that it is killed after the receipt. */
const STATEMENTS = 18;
const { count, first } = seeds(3);
/** Each seed is a worker that is killed and another that starts. ms */
const timeout = 480_000 + count * WITHIN;

const world = await startWorld(
  { after },
  {
    posture: {
      features: { chat: false },
      providers: { telegram: { timeout: '3s', attempts: 1, rate: { patience: '500ms' } } },
      schedules: { stars: { every: '6s', deadline: '2s' } },
      payments: { grace: '1s' },
    },
  },
);
const { telegram, botId, database } = world;

/** Statements of the way from the payment to the receipt, and not those that every worker makes all the time. */
function ofMoney(): (text: string) => boolean {
  let said = false;
  return (text) => {
    const isOutbox = /evenkeel\.outbox/.test(text);
    said ||= isOutbox && /INSERT INTO/.test(text);
    // Every worker looks into the outbox all the time: of interest once there is something in it.
    if (isOutbox) return said;
    return (
      /^(BEGIN|COMMIT)$/.test(text) ||
      /(INSERT INTO|UPDATE) evenkeel\.(inbox|star_transaction|payment|purchase|ledger_tx|account)\b/.test(text) ||
      /evenkeel\.(purchase|payment|account)\b.*FOR NO KEY UPDATE/s.test(text)
    );
  };
}

interface Victim {
  task: TaskProcess;
  wire: Statements;
}

async function startVictim(): Promise<Victim> {
  const wire = await statementsTo({ after }, database.url('worker'), ofMoney());
  const task = await world.startTask({ after }, 'worker', { env: { DATABASE_URL: wire.url } });
  await task.ready(WITHIN);
  return { task, wire };
}

const receipts = (user: number): string[] =>
  telegram
    .messages(user)
    .map(({ text }) => text)
    .filter((text) => /^Receipt R-\d+: 100 credits/.test(text));

/** Somebody pays, and Telegram says so by an update, or by its list alone. */
async function pay(pool: ReturnType<typeof workerPool>, user: number, byUpdate: boolean): Promise<void> {
  telegram.open(user);
  const wanted = { name: 'small', credits: 100n, price: 100n };
  const { id } = await order(pool, { botId, updateId: user, userId: user, package: wanted, lasts: 3_600_000 });
  telegram.faults = { losePayments: true };
  const charge = telegram.charge(user, id);
  if (!byUpdate) return;
  const from = { id: user, is_bot: false, first_name: 'Ada', language_code: 'en' };
  const message = {
    message_id: user,
    date: Math.floor(Date.now() / 1000),
    from,
    chat: { id: user, type: 'private', first_name: 'Ada' },
    successful_payment: {
      currency: 'XTR',
      total_amount: 100,
      invoice_payload: id,
      telegram_payment_charge_id: charge,
      provider_payment_charge_id: '',
    },
  };
  await store(pool, [{ update_id: user, message }], botId);
}

const isSettled = async (): Promise<boolean> =>
  (
    await database.sql(`
      SELECT FROM evenkeel.inbox WHERE state = 'pending' UNION ALL
      SELECT FROM evenkeel.outbox WHERE state IN ('waiting', 'sending') UNION ALL
      SELECT FROM evenkeel.star_transaction WHERE booked_at IS NULL`)
  ).length === 0;

test(`killed at any statement of a payment: credited once and told (${count} of ${first}…)`, { timeout }, async (t) => {
  const pool = workerPool(t, database, world.posture);
  let victim = await startVictim();
  for (let seed = first; seed < first + count; seed += 1) {
    const random = seeded(seed);
    const user = 10_000 + (seed - first);
    const byUpdate = random.next() < 0.5;
    const stop = anyStop(random, STATEMENTS);
    victim.wire.arm(stop);
    await pay(pool, user, byUpdate);
    await waitFor(async () => victim.wire.isStopped || (receipts(user).length > 0 && (await isSettled())), {
      what: 'the statement at which it stops',
      within: WITHIN,
    });
    const text = victim.wire.isStopped ? await victim.wire.stopped : 'after all of them';
    victim.task.signal('SIGKILL');
    await victim.task.exited;
    const before = receipts(user).length;
    // As pg-boss does it within a minute: the slot of the dead worker is over.
    await database.sql(
      `UPDATE pgboss.job SET state = 'failed', completed_on = now() WHERE name = 'stars' AND state = 'active'`,
    );

    victim = await startVictim();
    const at = `seed ${seed}: ${byUpdate ? 'update' : 'reconciliation'}, ${stop.boundary} statement ${stop.at}: ${text}`;
    await waitFor(async () => receipts(user).length > 0 && (await isSettled()), { what: at, within: WITHIN });
    const [charge] = telegram.stars().transactions.slice(-1);
    assert.deepEqual(
      await database.sql(`SELECT cause, amount::int FROM evenkeel.ledger_tx WHERE user_id = $1`, [user]),
      [{ cause: `stars:${charge!.id}`, amount: 100 }],
      at,
    );
    const [told, again, ...more] = receipts(user);
    assert.ok(told && more.length === 0, at);
    if (before === 0) assert.equal(again, undefined, `${at}: it had not left`);
    assert.ok(isSound(await withTx(pool, checkLedger)), at);
    t.diagnostic(`${at.replaceAll(/\s+/g, ' ').slice(0, 120)} → told ${receipts(user).length} times`);
  }
});
