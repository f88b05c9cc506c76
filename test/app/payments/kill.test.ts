/** A worker that is killed between the credit and its receipt: one credit, one receipt, sent by who takes over. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { checkLedger, isSound } from '../../../app/ledger/index.ts';
import { order } from '../../../app/payments/purchase.ts';
import { workerPool } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after }, { posture: { features: { chat: false } } });
const { telegram, botId } = world;

test('1. killed after the credit and before its receipt, a payment is credited once and told once', async (t) => {
  const database = await world.freshDatabase(t);
  const pool = workerPool(t, database, world.posture);
  const user = 400;
  telegram.open(user);
  const { id } = await order(pool, {
    botId,
    updateId: 1,
    userId: user,
    package: { name: 'small', credits: 100n, price: 100n },
    lasts: 3_600_000,
  });
  const web = await world.startTask(t, 'web', { database });
  const first = await world.startTask(t, 'worker', { database });
  await Promise.all([web.ready(), first.ready()]);
  await world.setWebhook(web);
  // The receipt leaves, and nothing comes of it.
  telegram.faults = { hang: true };
  telegram.charge(user, id);
  await waitFor(async () => (await database.sql('SELECT FROM evenkeel.payment')).length === 1, { what: 'the credit' });
  first.signal('SIGKILL');
  await first.exited;
  telegram.faults = {};
  const second = await world.startTask(t, 'worker', { database });
  await second.ready();
  const receipts = () => telegram.messages(user).filter(({ text }) => /^Receipt R-\d+: 100 credits/.test(text)).length;
  await waitFor(() => receipts() > 0, { what: 'the receipt', within: 120_000 });
  await waitFor(async () => (await database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'pending'`)).length === 0, {
    what: 'the update to be settled',
  });
  assert.equal(receipts(), 1);
  assert.deepEqual(await database.sql(`SELECT cause LIKE 'stars:%' AS of, amount::int FROM evenkeel.ledger_tx`), [
    { of: true, amount: 100 },
  ]);
  assert.ok(isSound(await withTx(pool, checkLedger)));
});
