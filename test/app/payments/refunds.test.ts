/** Money back: asked for by people with a role, made once, and believed when Telegram's books say so (fault refund-twice). */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { adjust, reserve, settle } from '../../../app/ledger/index.ts';
import { askRefund } from '../../../app/payments/refund.ts';
import { openShop } from '../../harness/money.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const [OWNER, OTHER, SUPPORT] = [100, 101, 102];
const world = await startWorld(
  { after },
  {
    posture: {
      lanes: { poll: '200ms', sweep: '5s' },
      features: { chat: false },
      people: { owners: [OWNER, OTHER], support: [SUPPORT], supportAtMost: 100 },
      work: { refund: { backoff: { first: '200ms', max: '1s' } } },
      providers: { telegram: { timeout: '2s' } },
    },
  },
);
const { telegram, botId } = world;
const database = await world.freshDatabase({ after });
const shop = await openShop({ after }, world, { database });
for (const id of [OWNER, OTHER, SUPPORT]) telegram.open(id);
let users = 7000;
const person = () => (users += 1);
const paymentOf = async (user: number) =>
  (
    await database.sql<{ state: string; refund_by: string; charge: string; error: string | null }>(
      'SELECT state, refund_by, charge, refund_error AS error FROM evenkeel.payment WHERE user_id = $1 ORDER BY number',
      [user],
    )
  )[0]!;
const bought = async (name?: string) => {
  const user = person();
  const { text } = await shop.topUp(user, name);
  return { user, receipt: /R-\d+/.exec(text)![0] };
};
const spend = (user: number, amount: bigint) =>
  withTx(shop.pool, (tx) =>
    adjust(tx, { botId, userId: user, cause: `spent:${user}`, by: 'owner:1', reason: 'x' }, { amount: -amount }),
  );
const becomes = (user: number, state: string) =>
  waitFor(async () => (await paymentOf(user)).state === state, { what: `${state} for ${user}` });
const outgoing = (charge: string) =>
  telegram.stars().transactions.filter(({ id, receiver }) => id === charge && receiver);
const deeds = (subject: string) =>
  database.sql<{ by: string; action: string; amount: number; reason: string }>(
    `SELECT who AS by, verb AS action, (detail ->> 'amount')::int AS amount, reason FROM evenkeel.audit WHERE target = $1 ORDER BY id`,
    [subject],
  );

test('8. two owners refund at once: it is made once, booked once, told once, and written down', async () => {
  const { user, receipt } = await bought();
  const told = shop.next(user, /went back to you/);
  const answers = [OWNER, OTHER].map((owner) => shop.next(owner, new RegExp(receipt)));
  for (const owner of [OWNER, OTHER]) telegram.say(owner, `/refund ${receipt} they asked`);
  const said = (await Promise.all(answers)).map(({ text }) => text);
  assert.equal(said.filter((text) => /Stars go back/.test(text)).length, 1, said.join('\n'));
  assert.match((await told).text, /50 Stars went back to you, and 100 credits were taken/);
  await becomes(user, 'refunded');
  await shop.settled();
  const { charge, refund_by } = await paymentOf(user);
  assert.equal(outgoing(charge).length, 1);
  assert.deepEqual(await shop.balance(user), { available: 0n, held: 0n, debt: 0n });
  assert.deepEqual(await deeds(`stars:${charge}`), [
    { by: refund_by, action: 'refund', amount: 50, reason: 'they asked' },
  ]);
  assert.equal(telegram.messages(user).filter(({ text }) => /went back to you/.test(text)).length, 1);
  await shop.sound();
});

test('8. a refund of which no update tells is told by the job that made it', async (t) => {
  const { user, receipt } = await bought();
  t.after(() => void (telegram.faults = {}));
  telegram.faults = { losePayments: true };
  const told = shop.next(user, /went back to you/);
  telegram.say(OWNER, `/refund ${receipt} they asked`);
  assert.match((await told).text, /50 Stars went back to you, and 100 credits were taken/);
  await becomes(user, 'refunded');
  assert.equal(telegram.messages(user).filter(({ text }) => /went back to you/.test(text)).length, 1);
});

test('8. a refund that works and says that it had been made before is looked up, and settled', async () => {
  const { user, receipt } = await bought();
  telegram.faults = { refundsSayDone: true, losePayments: true };
  await shop.ask(OWNER, `/refund ${receipt} they asked`, /Stars go back/);
  await becomes(user, 'refunded');
  telegram.faults = {};
  assert.deepEqual(await shop.balance(user), { available: 0n, held: 0n, debt: 0n });
  await shop.sound();
});

test('8. a refund whose answer is lost is looked up before it is tried again', async () => {
  const { user } = await bought();
  await shop.settled();
  const { charge } = await paymentOf(user);
  telegram.faults = { losePayments: true, loseAnswers: true };
  const wish = { botId, charge, by: `owner:${OWNER}`, reason: 'they asked', atMost: undefined, force: false };
  assert.equal((await withTx(shop.pool, (tx) => askRefund(tx, wish))).asked, true);
  await waitFor(() => outgoing(charge).length === 1, { what: 'the Stars to be back' });
  assert.equal((await paymentOf(user)).state, 'refunding', 'nobody here knows');
  telegram.faults = {};
  await becomes(user, 'refunded');
  assert.equal(outgoing(charge).length, 1);
  const again = await withTx(shop.pool, (tx) => askRefund(tx, wish));
  assert.deepEqual([again.asked, again.asked || again.why], [false, 'over']);
  await shop.sound();
});

test('9. what was spent is refunded only by force, and becomes a debt that the next top-up repays', async () => {
  const { user, receipt } = await bought();
  await spend(user, 80n);
  await shop.ask(OWNER, `/refund ${receipt} they asked`, /80 of its credits are not there any more/);
  assert.equal((await paymentOf(user)).state, 'credited');
  await shop.ask(OWNER, `/refund ${receipt} force they asked`, /Stars go back/);
  await becomes(user, 'refunded');
  assert.deepEqual(await shop.balance(user), { available: 0n, held: 0n, debt: -80n });
  await shop.topUp(user);
  assert.deepEqual(await shop.balance(user), { available: 20n, held: 0n, debt: 0n });
  await shop.sound();
});

test('10. a refund while work holds the credits: the work takes at most what it holds', async () => {
  const { user, receipt } = await bought();
  const of = `render:${user}`;
  const held = { botId, userId: user, cause: of };
  await withTx(shop.pool, (tx) => reserve(tx, held, { amount: 100n, ttl: 60_000 }));
  await shop.ask(OWNER, `/refund ${receipt} they asked`, /100 of its credits are not there/);
  await shop.ask(OWNER, `/refund ${receipt} force they asked`, /Stars go back/);
  await becomes(user, 'refunded');
  await withTx(shop.pool, (tx) => settle(tx, { botId, of }, { amount: 60n, to: 'revenue:studio' }));
  assert.deepEqual(await shop.balance(user), { available: 0n, held: 0n, debt: -60n });
  await shop.sound();
});

test('23. a person whose account is gone: late money is theirs, no refund reaches them, no reminder, and the account stays', async (t) => {
  const { user, receipt } = await bought();
  const late = await shop.invoice(user);
  await shop.ask(user, '/remind 1m tea', /in 1 minute/);
  await shop.settled();
  const before = await shop.balance(user);
  telegram.faults = { deleted: [user] };
  t.after(() => void (telegram.faults = {}));
  telegram.charge(user, late.invoice!.payload);
  await waitFor(async () => (await shop.balance(user)).available === before.available + 100n, { what: 'late money' });

  await shop.ask(OWNER, `/refund ${receipt} they asked`, /Stars go back/);
  await waitFor(async () => (await paymentOf(user)).error !== null, { what: 'why it is not refunded' });
  const { state, error, charge } = await paymentOf(user);
  assert.equal(state, 'credited');
  assert.match(error!, /USER_ID_INVALID/);
  assert.deepEqual(outgoing(charge), []);

  await database.sql(`UPDATE pgboss.job SET start_after = now() WHERE name = 'remind' AND state < 'active'`);
  const reminder = () =>
    database.sql<{ state: string; code: number | null }>(
      `SELECT state, error_code AS code FROM evenkeel.outbox WHERE chat_id = $1 AND cause LIKE 'remind:%'`,
      [user],
    );
  await waitFor(async () => (await reminder())[0]?.state === 'dead', { what: 'the reminder to be given up' });
  assert.deepEqual(await reminder(), [{ state: 'dead', code: 403 }]);

  await shop.settled();
  assert.deepEqual(await database.sql(`SELECT last_error FROM evenkeel.inbox WHERE state = 'parked'`), []);
  assert.deepEqual(await shop.balance(user), { ...before, available: before.available + 100n });
  for (const table of ['account', 'ledger_tx', 'ledger_entry', 'payment', 'purchase', 'reserve'])
    await assert.rejects(shop.pool.query(`DELETE FROM evenkeel.${table}`), /permission denied/, table);
  await shop.sound();
});

test('roles: support up to its limit, owners without one, and for everybody else there is no such command', async () => {
  const { user, receipt } = await bought('medium');
  await shop.ask(user, `/refund ${receipt} mine`, /I do not know that command/);
  await shop.ask(user, `/adjust ${user} +100 mine`, /I do not know that command/);
  await shop.ask(SUPPORT, `/refund ${receipt} they asked`, /more than support may move/);
  await shop.ask(SUPPORT, `/adjust ${user} +101 kind`, /Support may move 100/);
  await shop.ask(SUPPORT, `/adjust ${user} +100 for the wait`, /has 650 credits now/);
  await shop.ask(OWNER, `/adjust ${user} -1000 x y`, /Only 650 are there/);
  await shop.ask(OWNER, `/adjust ${user} -650 wrong person`, /has 0 credits now/);
  for (const wrong of [
    '/adjust',
    `/adjust ${user} 1.5 half`,
    `/adjust ${user} +0 nothing`,
    `/adjust ${user} +5`,
    '/adjust ada +5 why',
  ])
    await shop.ask(OWNER, wrong, /Write: \/adjust/);
  for (const wrong of ['/refund', '/refund R-1', '/refund all of it']) await shop.ask(OWNER, wrong, /Write: \/refund/);
  await shop.ask(OWNER, `/refund ${receipt} sent by hand`, /paid in Stars: only Telegram gives them back/);
  await shop.ask(OWNER, '/refund R-999999 why not', /There is no receipt R-999999/);
  assert.deepEqual(await deeds(`user:${user}`), [
    { by: `support:${SUPPORT}`, action: 'adjust', amount: 100, reason: 'for the wait' },
    { by: `owner:${OWNER}`, action: 'adjust', amount: -650, reason: 'wrong person' },
  ]);
  await assert.rejects(shop.pool.query('DELETE FROM evenkeel.audit'), /permission denied/);
  await shop.sound();
});
