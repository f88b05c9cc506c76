/**
 * A server restored from a base backup and its archived log to an earlier point: it starts held, finds what it does not know,
 * pays nothing twice, and is silent until a person has looked (faults restored-twice, refund-twice, payment-lost).
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { checkLedger, isSound } from '../../../app/ledger/index.ts';
import { parseOps } from '../../../app/ops/parse.ts';
import { perform } from '../../../app/ops/perform.ts';
import { say } from '../../../app/outbox/index.ts';
import { order } from '../../../app/payments/purchase.ts';
import { askRefund } from '../../../app/payments/refund.ts';
import { cleanup } from '../../harness/cleanup.ts';
import { workerPool } from '../../harness/lanes.ts';
import { captureLog } from '../../harness/logs.ts';
import { backUp } from '../../harness/restore.ts';
import type { TestDatabase } from '../../harness/database.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const LONG = 180_000;
const world = await startWorld(
  { after },
  {
    durable: true,
    posture: {
      features: { chat: false },
      payments: { packages: { small: { credits: 100, stars: 100 } } },
      work: { refund: { backoff: { first: '200ms', max: '1s' } } },
    },
  },
);
const { telegram, botId } = world;

const ask = (database: TestDatabase, ...args: string[]) =>
  perform({
    url: database.url('operator'),
    posture: world.posture,
    parsed: parseOps(args),
    by: { who: 'ada', via: 'test' },
    log: captureLog().log,
  });
const states = async (database: TestDatabase) =>
  Object.fromEntries(
    (
      await database.sql<{ charge: string; state: string }>(
        'SELECT charge, state FROM evenkeel.payment ORDER BY number',
      )
    ).map(({ charge, state }) => [charge, state]),
  );
const said = (user: number) =>
  telegram
    .messages(user)
    .filter(({ from }) => from === 'bot')
    .map(({ text }) => text);
const wentBack = (charge: string) =>
  telegram.stars().transactions.filter(({ id, receiver }) => id === charge && receiver).length;
const credits = async (database: TestDatabase, user: number) =>
  (
    await database.sql<{ available: number }>(
      'SELECT coalesce(sum(available), 0)::int AS available FROM evenkeel.account WHERE user_id = $1',
      [user],
    )
  )[0]!.available;

/** Web and a worker as processes, told by Telegram. */
async function tasks(t: { after: (fn: () => unknown) => void }, database: TestDatabase) {
  const web = await world.startTask(t, 'web', { database });
  const worker = await world.startTask(t, 'worker', { database });
  await Promise.all([web.ready(LONG), worker.ready(LONG)]);
  await world.setWebhook(web);
  return { web, worker };
}

test('restored to before payments, refunds and messages: held, reconciled, nothing paid twice, silent until resume', async (t) => {
  // The last first: a server that ends before the pools on it leaves them waiting for their connections to end.
  const owner = { after: cleanup(t) };
  const database = await world.freshDatabase(owner);
  const backup = await backUp(owner, world, database);
  const pool = workerPool(owner, database, world.posture);
  const [refundedLater, refunding, paysLater, told] = [31_001, 31_002, 31_003, 31_004];
  for (const user of [refundedLater, refunding, paysLater, told]) telegram.open(user);
  const sell = async (user: number) =>
    (
      await order(pool, {
        botId,
        updateId: user,
        userId: user,
        package: { name: 'small', credits: 100n, price: 100n },
        lasts: 3_600_000,
      })
    ).id;
  const refund = (charge: string) =>
    withTx(pool, (tx) =>
      askRefund(tx, { botId, charge, by: 'owner:1', reason: 'asked', atMost: undefined, force: false }),
    );

  const before = await tasks(owner, database);
  const first = telegram.charge(refundedLater, await sell(refundedLater));
  const second = telegram.charge(refunding, await sell(refunding));
  const open = await sell(paysLater);
  await waitFor(() => said(refunding).length > 0 && said(refundedLater).length > 0, { what: 'receipts', within: LONG });
  assert.deepEqual((await before.web.health()).held, []);
  before.worker.signal('SIGKILL');
  await before.worker.exited;
  // Decided before the point, done after it.
  await refund(second);
  await withTx(pool, (tx) =>
    say(tx, {
      cause: 'told',
      class: 'notice',
      chat: told,
      method: 'sendMessage',
      payload: { text: 'the tea is ready' },
    }),
  );
  await backup.point('then');

  // What is lost.
  const lost = await world.startTask(owner, 'worker', { database });
  const third = telegram.charge(paysLater, open);
  await refund(first);
  await waitFor(() => wentBack(first) === 1 && wentBack(second) === 1, { what: 'refunds', within: LONG });
  await waitFor(() => said(told).length === 1 && said(paysLater).length === 1, { what: 'messages', within: LONG });
  await waitFor(async () => (await states(database))[first] === 'refunded', { what: 'first refunded', within: LONG });
  lost.signal('SIGKILL');
  before.web.signal('SIGKILL');
  await Promise.all([lost.exited, before.web.exited]);

  const { database: restored } = await backup.restore(owner, 'then');
  assert.deepEqual(await states(restored), { [first]: 'credited', [second]: 'refunding' }, 'as it was then');
  const sent = Object.fromEntries([refundedLater, refunding, paysLater, told].map((user) => [user, said(user).length]));
  const after = await tasks(owner, restored);
  const line = await after.worker.logged(/^held: /);
  assert.match(JSON.stringify(line['why']), /another history: timeline 00000002, accepted was 00000001/);
  for (const task of [after.web, after.worker]) {
    const { held, reasons, status } = await task.health();
    assert.match(held!.join(), /another history/);
    assert.match(reasons.join(), /held, nothing goes out until ops resume/);
    assert.equal(status, 'degraded');
  }
  assert.equal((await after.worker.health()).lineage?.held, 1);

  // Whoever writes is answered, and what was paid is found.
  telegram.say(told, '/balance');
  await waitFor(() => said(told).length > sent[told]!, { what: 'an answer', within: LONG });
  await waitFor(
    async () => {
      const now = await states(restored);
      return now[first] === 'taken-back' && now[second] === 'refunded' && now[third] === 'credited';
    },
    { what: 'everything to be found', within: LONG },
  );
  assert.equal(await credits(restored, paysLater), 100);
  assert.equal(await credits(restored, refundedLater), 0);

  // Another worker, and one that begins anew, stay as silent.
  after.worker.signal('SIGKILL');
  await after.worker.exited;
  const workers = [
    await world.startTask(owner, 'worker', { database: restored }),
    await world.startTask(owner, 'worker', { database: restored }),
  ];
  for (const worker of workers) {
    await worker.ready(LONG);
    await worker.logged(/^held: /);
  }
  const waiting = await restored.sql<{ cause: string; attempts: number }>(
    `SELECT cause, attempts::int FROM evenkeel.outbox WHERE state = 'waiting' ORDER BY id`,
  );
  assert.ok(waiting.length >= 3 && waiting.every(({ attempts }) => attempts === 0), JSON.stringify(waiting));
  for (const user of [refundedLater, refunding, paysLater]) assert.equal(said(user).length, sent[user], String(user));

  // A person looks, and says go.
  const shown = await ask(restored, 'held');
  const tables = Object.fromEntries(shown.tables.map(({ title, rows }) => [title, rows]));
  assert.equal(tables['jobs that wait']!.find(({ queue }) => queue === 'refund')?.['jobs'], 1, JSON.stringify(tables));
  assert.ok(tables['messages that wait']!.some((row) => row['class'] === 'notice' && Number(row['messages']) >= 1));
  assert.match(JSON.stringify(await ask(restored, 'status')), /Held, nothing goes out: another history/);
  assert.deepEqual((await ask(restored, 'resume', '--reason', 'looked')).said, [
    'Resumed: what waited goes out, within seconds.',
  ]);
  await waitFor(
    async () =>
      (await restored.sql(`SELECT FROM evenkeel.outbox WHERE state IN ('waiting', 'sending')`)).length === 0 &&
      (await restored.sql(`SELECT FROM pgboss.job WHERE name = 'refund' AND state < 'completed'`)).length === 0,
    { what: 'what waited to go out', within: LONG },
  );
  assert.deepEqual([wentBack(first), wentBack(second)], [1, 1], 'nothing is paid back twice');
  assert.equal(said(told).filter((text) => text === 'the tea is ready').length, 2, 'said again, as resume had told');
  assert.equal(said(paysLater).filter((text) => /^Receipt/.test(text)).length, 2);
  const [deed] = await restored.sql<{ who: string; reason: string; detail: { why: string[] } }>(
    `SELECT who, reason, detail FROM evenkeel.audit WHERE verb = 'resume'`,
  );
  assert.deepEqual([deed!.who, deed!.reason], ['ada', 'looked']);
  assert.match(deed!.detail.why.join(), /another history/);
  await waitFor(async () => (await workers[0]!.health()).lineage?.held === 0, {
    what: 'the worker to know',
    within: LONG,
  });
  assert.deepEqual((await after.web.health()).held, []);
  assert.ok(isSound(await checkLedger(workerPool(owner, restored, world.posture))));
});
