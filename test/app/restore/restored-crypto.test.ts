/**
 * A server restored to an earlier point, and money beside Telegram: what came in the time that is lost is found, what went
 * back in it does not go back twice, and is not credited still (faults restored-twice, refund-twice, payment-lost).
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { checkLedger, isSound } from '../../../app/ledger/index.ts';
import { askRefund } from '../../../app/payments/refund.ts';
import { cleanup } from '../../harness/cleanup.ts';
import type { TestDatabase } from '../../harness/database.ts';
import { buyers, startPayers } from '../../harness/elsewhere.ts';
import { workerPool } from '../../harness/lanes.ts';
import { operatorOf } from '../../harness/ops.ts';
import { backUp } from '../../harness/restore.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const LONG = 180_000;
const payers = await startPayers({ after });
const { crypto } = payers;
const world = await startWorld(
  { after },
  {
    durable: true,
    posture: {
      lanes: { poll: '200ms', sweep: '5s' },
      features: { chat: false, cryptoPay: true },
      work: { refund: { backoff: { first: '200ms', max: '1s' } } },
    },
  },
);
const { telegram, botId, posture } = world;
const { invoice } = buyers(telegram, payers, LONG);

const payments = async (database: TestDatabase) =>
  Object.fromEntries(
    (
      await database.sql<{ charge: string; state: string }>(
        'SELECT charge, state FROM evenkeel.payment ORDER BY number',
      )
    ).map(({ charge, state }) => [charge, state]),
  );
const credits = async (database: TestDatabase, user: number) =>
  (
    await database.sql<{ n: number }>(
      'SELECT coalesce(sum(available), 0)::int AS n FROM evenkeel.account WHERE user_id = $1',
      [user],
    )
  )[0]!.n;
const sentTo = (user: number) => crypto.transfers().filter(({ user_id }) => user_id === user).length;

async function tasks(owner: { after: (fn: () => unknown) => void }, database: TestDatabase) {
  const start = (role: 'web' | 'worker') => world.startTask(owner, role, { database, env: payers.env });
  const [web, worker] = [await start('web'), await start('worker')];
  await Promise.all([web.ready(LONG), worker.ready(LONG)]);
  await world.setWebhook(web);
  crypto.webhook = `${await web.url()}/callback/cryptopay`;
  return { web, worker, start };
}

test('restored to before payments and refunds by Crypto Pay: found, given back once, and not credited still', async (t) => {
  // The last first: a server that ends before the pools on it leaves them waiting for their connections to end.
  const owner = { after: cleanup(t) };
  const database = await world.freshDatabase(owner);
  const backup = await backUp(owner, world, database);
  const pool = workerPool(owner, database, posture, botId);
  const [asked, goneBack, paysLater, unheard] = [32_001, 32_002, 32_003, 32_004];
  for (const user of [asked, goneBack, paysLater, unheard]) telegram.open(user);
  const refund = (charge: number) =>
    withTx(pool, (tx) =>
      askRefund(tx, {
        botId,
        provider: 'cryptoPay',
        charge: String(charge),
        by: 'owner:1',
        reason: 'they asked',
        atMost: undefined,
        force: false,
      }),
    );
  const becomes = (where: TestDatabase, charge: number, state: string) =>
    waitFor(async () => (await payments(where))[charge] === state, { what: `${charge} ${state}`, within: LONG });

  const before = await tasks(owner, database);
  const [first, second, third] = [await invoice(asked), await invoice(goneBack), await invoice(paysLater)];
  for (const id of [first, second]) {
    crypto.pay(id);
    await becomes(database, id, 'credited');
  }
  before.worker.signal('SIGKILL');
  await before.worker.exited;
  // Decided before the point, done after it.
  assert.equal((await refund(first)).asked, true);
  await backup.point('then');

  // What is lost.
  const lost = await before.start('worker');
  await lost.ready(LONG);
  assert.equal((await refund(second)).asked, true);
  crypto.pay(third);
  const fourth = await invoice(unheard);
  crypto.pay(fourth);
  for (const id of [third, fourth]) await becomes(database, id, 'credited');
  for (const id of [first, second]) await becomes(database, id, 'refunded');
  await crypto.idle();
  lost.signal('SIGKILL');
  before.web.signal('SIGKILL');
  await Promise.all([lost.exited, before.web.exited]);

  const { database: restored } = await backup.restore(owner, 'then');
  assert.deepEqual(await payments(restored), { [first]: 'refunding', [second]: 'credited' }, 'as it was then');
  const ask = operatorOf(restored, posture);
  const now = await tasks(owner, restored);
  await now.worker.logged(/^held: /);
  await becomes(restored, third, 'credited');
  await ask('reconcile');
  await becomes(restored, second, 'refunded');
  await becomes(restored, fourth, 'parked');
  assert.deepEqual(
    await Promise.all([goneBack, paysLater, unheard].map((user) => credits(restored, user))),
    [0, 100, 0],
  );
  assert.equal((await payments(restored))[first], 'refunding', 'it waits: nothing goes out');

  assert.equal((await ask('resume', '--reason', 'looked')).ok ?? true, true);
  await becomes(restored, first, 'refunded');
  assert.deepEqual([sentTo(asked), sentTo(goneBack)], [1, 1], 'nothing is given back twice');
  assert.equal(await credits(restored, asked), 0);

  // Of an order that is lost a person says what it is worth; whose it is stands in what the provider was told.
  const [{ receipt }] = (await restored.sql<{ receipt: number }>(
    `SELECT number::int AS receipt FROM evenkeel.payment WHERE charge = $1`,
    [String(fourth)],
  )) as [{ receipt: number }];
  const linked = await ask(
    'payments',
    'link',
    `R-${receipt}`,
    '--user',
    String(unheard),
    '--credits',
    '100',
    '--reason',
    'lost',
  );
  assert.equal(linked.ok ?? true, true, linked.said.join());
  await waitFor(async () => (await credits(restored, unheard)) === 100, { what: 'the credits', within: LONG });
  // Asked again, nothing is found a second time.
  await ask('reconcile');
  assert.deepEqual(await payments(restored), {
    [first]: 'refunded',
    [second]: 'refunded',
    [third]: 'credited',
    [fourth]: 'credited',
  });
  assert.ok(isSound(await checkLedger(workerPool(owner, restored, posture))));
});
