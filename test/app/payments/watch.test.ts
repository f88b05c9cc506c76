/** What the alarms on money are made of: each number grows with its trouble, and falls with its cure. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { starSchedules } from '../../../app/features/money/reconcile.ts';
import { readMoney } from '../../../app/payments/watch.ts';
import { resolve } from '../../../posture/resolve.ts';
import { captureLog } from '../../harness/logs.ts';
import { openShop } from '../../harness/money.ts';
import { raised, startWorld } from '../../harness/world.ts';

const written = {
  lanes: { poll: '200ms', sweep: '5s' },
  features: { chat: false },
  payments: { grace: '1s' },
} as const;
const world = await startWorld({ after }, { posture: written });
const { botId, telegram } = world;
const database = await world.freshDatabase({ after });
const shop = await openShop({ after }, world, { database });
const sql = (text: string, ...values: unknown[]) => database.sql(text, values);
const look = () => readMoney(shop.pool, botId);
const logs = captureLog();
const { log } = logs;
const schedules = starSchedules({
  pool: shop.pool,
  posture: resolve(raised(written)),
  api: shop.api,
  botId,
});
const run = () =>
  schedules.reconcile({
    job: { id: '1', name: 'reconcile' },
    signal: new AbortController().signal,
    deadline: Date.now() + 60_000,
    log,
  });
const WELL = { uncredited: 0, parked: 0, refundsStuck: 0, reconciledSeconds: 0, mismatches: 0, takenBack: 0 };

test('a bot that has sold nothing has nothing to tell', async () => {
  assert.deepEqual(await look(), WELL);
});

test('each number says its trouble', async () => {
  const user = 300;
  await shop.topUp(user);
  assert.equal((await run())['reconciled'], true);
  assert.deepEqual({ ...(await look()), reconciledSeconds: 0 }, WELL);

  // What is listed for minutes and nobody has booked.
  await sql(
    `INSERT INTO evenkeel.star_transaction (bot_id, id, direction, kind, amount, at)
     VALUES ($1, 'old', 'in', 'user:invoice_payment', 5, now() - interval '3 minutes'),
            ($1, 'fee', 'out', 'telegram_ads', 5, now() - interval '3 minutes')`,
    botId,
  );
  assert.equal((await look()).uncredited, 1);
  await sql(`DELETE FROM evenkeel.star_transaction WHERE id IN ('old', 'fee')`);

  telegram.open(user);
  telegram.charge(user, 'unknown to us');
  await shop.settled();
  assert.equal((await look()).parked, 1);

  await sql(
    `UPDATE evenkeel.payment SET state = 'refunding', changed_at = now() - interval '1 hour' WHERE state = 'parked'`,
  );
  assert.deepEqual([(await look()).parked, (await look()).refundsStuck], [0, 1]);
  await sql(`UPDATE evenkeel.payment SET state = 'parked', refund_error = 'USER_ID_INVALID' WHERE state = 'refunding'`);
  assert.equal((await look()).refundsStuck, 1);
  await sql(`UPDATE evenkeel.payment SET refund_error = NULL`);

  await sql(`UPDATE evenkeel.star_cursor SET complete_at = now() - interval '4 hours'`);
  assert.ok((await look()).reconciledSeconds > 14_000);
  await run();
  assert.ok((await look()).reconciledSeconds < 600);

  telegram.chargeBack(telegram.stars().transactions[0]!.id);
  await shop.settled();
  assert.equal((await look()).takenBack, 1);
});

test('a balance that is not the sum of its movements is found by the next check, and told until it is mended', async () => {
  const user = 301;
  await shop.topUp(user);
  await sql('UPDATE evenkeel.account SET available = available + 7 WHERE user_id = $1', user);
  assert.equal((await run())['wrong'], 1);
  assert.equal((await look()).mismatches, 1);
  assert.match(JSON.stringify(logs.matching(/does not agree with itself/)), /user 301/);
  assert.equal((await run())['wrong'], 1, 'it is told again');
  await sql('UPDATE evenkeel.account SET available = available - 7 WHERE user_id = $1', user);
  assert.equal((await run())['wrong'], 0);
  assert.equal((await look()).mismatches, 0);
});
