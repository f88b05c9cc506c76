/** Crypto that goes back: by a transfer under one key, or by hand where its provider has no call for it (fault refund-twice). */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { adjust, checkLedger, isSound } from '../../../app/ledger/index.ts';
import { askRefund } from '../../../app/payments/refund.ts';
import { openTills } from '../../../app/payments/tills/index.ts';
import { buyers, startPayers } from '../../harness/elsewhere.ts';
import { workerPool } from '../../harness/lanes.ts';
import { captureLog } from '../../harness/logs.ts';
import { openShop } from '../../harness/money.ts';
import { operatorOf } from '../../harness/ops.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const OWNER = 100;
const LONG = 120_000;
const payers = await startPayers({ after });
const { crypto, now } = payers;
const world = await startWorld(
  { after },
  {
    posture: {
      lanes: { poll: '200ms', sweep: '5s' },
      features: { chat: false, cryptoPay: true, nowPayments: true },
      people: { owners: [OWNER] },
      payments: { providers: { timeout: '2s' } },
      work: { refund: { backoff: { first: '200ms', max: '1s' } } },
    },
  },
);
const { telegram, botId } = world;
const database = await world.freshDatabase({ after });
const open = openTills(payers.keys, world.posture, captureLog().log);
after(() => open.close());
const shop = await openShop({ after }, world, { database, tills: open.tills, env: payers.env });
const origin = await shop.web.url();
crypto.webhook = `${origin}/callback/cryptopay`;
const { invoice, bill } = buyers(telegram, payers);
const ask = operatorOf(database, world.posture, { who: 'ada', via: 'test' });
telegram.open(OWNER);
let users = 27_000;
const person = () => (users += 1);

beforeEach(() => {
  crypto.faults = {};
  now.faults = {};
});

interface Row extends Record<string, unknown> {
  state: string;
  charge: string;
  error: string | null;
}
const paymentOf = async (user: number) =>
  (
    await database.sql<Row>('SELECT state, charge, refund_error AS error FROM evenkeel.payment WHERE user_id = $1', [
      user,
    ])
  )[0];
const becomes = (user: number, state: string) =>
  waitFor(async () => (await paymentOf(user))?.state === state, { what: `${state} for ${user}`, within: LONG });
const wish = (charge: string) =>
  ({
    botId,
    provider: 'cryptoPay',
    charge,
    by: `owner:${OWNER}`,
    reason: 'they asked',
    atMost: undefined,
    force: false,
  }) as const;

/** Somebody has bought 100 credits by Crypto Pay. */
async function bought() {
  const user = person();
  const id = await invoice(user);
  const receipt = shop.next(user, /^Receipt/);
  crypto.pay(id);
  const { text } = await receipt;
  return { user, charge: String(id), receipt: /R-\d+/.exec(text)![0] };
}
const sentTo = (user: number) => crypto.transfers().filter(({ user_id }) => user_id === user);

test('what was paid by Crypto Pay goes back in its coin, once, and is told once', async () => {
  const { user, charge, receipt } = await bought();
  const told = shop.next(user, /went back to you/);
  await shop.ask(OWNER, `/refund ${receipt} they asked`, /: 1\.00 USDT go back to \d+/);
  assert.match(
    (await told).text,
    /^Receipt R-\d+: 1\.00 USDT went back to you, and 100 credits were taken\.\nYou have 0 credits\.$/,
  );
  await becomes(user, 'refunded');
  assert.deepEqual(
    sentTo(user).map(({ asset, amount, spend_id }) => [asset, amount, spend_id]),
    [['USDT', '1.00', `refund-${botId}-${charge}`]],
  );
  await shop.ask(OWNER, `/refund ${receipt} they asked`, /has gone back already/);
  await shop.ask(user, '/history', /R-\d+ · \$1\.00 · \+100 credits – refunded/);
  // What its provider says of the invoice from now on gives nothing back.
  crypto.tell(Number(charge));
  await crypto.idle();
  await shop.settled();
  assert.equal((await shop.balance(user)).available, 0n);
  assert.deepEqual(
    await database.sql('SELECT who, verb, target FROM evenkeel.audit WHERE target = $1', [`cryptoPay:${charge}`]),
    [{ who: `owner:${OWNER}`, verb: 'refund', target: `cryptoPay:${charge}` }],
  );
  await shop.sound();
});

test('an answer that is lost: it is looked up before it is tried again, and made once', async () => {
  const { user, charge } = await bought();
  crypto.faults = { loseAnswers: true };
  await withTx(shop.pool, (tx) => askRefund(tx, wish(charge)));
  await waitFor(() => sentTo(user).length === 1, { what: 'the transfer', within: LONG });
  crypto.faults = {};
  await becomes(user, 'refunded');
  assert.equal(sentTo(user).length, 1);
});

test('9. of crypto too: what was spent goes back by force alone, and is a debt', async () => {
  const { user, receipt } = await bought();
  const spent = { botId, userId: user, cause: `spent:${user}`, by: 'owner:1', reason: 'x' };
  await withTx(shop.pool, (tx) => adjust(tx, spent, { amount: -80n }));
  await shop.ask(OWNER, `/refund ${receipt} they asked`, /80 of its credits are not there/);
  await shop.ask(OWNER, `/refund ${receipt} force they asked`, /go back to/);
  await becomes(user, 'refunded');
  assert.deepEqual(await shop.balance(user), { available: 0n, held: 0n, debt: -80n });
});

test('what can never go back is as it was, with the reason; an account that is empty is waited for', async () => {
  const gone = await bought();
  crypto.faults = { refuseRefunds: 'USER_NOT_FOUND' };
  await shop.ask(OWNER, `/refund ${gone.receipt} they asked`, /go back to/);
  await waitFor(async () => (await paymentOf(gone.user))?.error !== null, { what: 'the reason', within: LONG });
  assert.match((await paymentOf(gone.user))!.error!, /USER_NOT_FOUND/);
  assert.equal((await paymentOf(gone.user))!.state, 'credited');
  assert.equal((await shop.balance(gone.user)).available, 100n);
  const poor = await bought();
  crypto.faults = { refuseRefunds: 'NOT_ENOUGH_COINS' };
  await shop.ask(OWNER, `/refund ${poor.receipt} they asked`, /go back to/);
  const waits = () =>
    database.sql(
      `SELECT FROM pgboss.job WHERE name = 'refund' AND data ->> 'charge' = $1 AND start_after > now() + interval '5 minutes' AND state < 'active'`,
      [poor.charge],
    );
  await waitFor(async () => (await waits()).length === 1, { what: 'the job to wait', within: LONG });
  assert.equal((await paymentOf(poor.user))!.state, 'refunding');
  assert.equal(sentTo(poor.user).length, 0);
});

test('NOWPayments gives nothing back by itself: a person sends it, writes it down with a reason, and it is booked', async () => {
  const user = person();
  const { payment_id: id, pay_amount: due } = await bill(user);
  const told = shop.next(user, /^Receipt/);
  now.faults = { loseCallbacks: true };
  now.becomes(id, 'finished', due);
  now.faults = {};
  // Told by hand from its dashboard, as there is no address to call in this bot.
  await fetch(`${origin}/callback/nowpayments`, now.signed(id));
  const receipt = /R-\d+/.exec((await told).text)![0];
  await shop.ask(
    OWNER,
    `/refund ${receipt} they asked`,
    /gives nothing back by itself\. Ask \d+ for an address, send 1\.18 USDTTRC20/,
  );
  assert.equal((await paymentOf(user))!.state, 'credited');
  const refused = await ask('refund', receipt, '--reason', 'they asked');
  assert.match(refused.said[0]!, /NOWPayments gives nothing back by itself/);
  const back = shop.next(user, /went back to you/);
  const done = await ask('refund', receipt, '--sent', '--reason', 'they asked; transaction 0xabc');
  assert.match(done.said[0]!, /is written down: 1\.18 USDTTRC20 back, 100 credits taken/);
  assert.match((await back).text, /1\.18 USDTTRC20 went back to you, and 100 credits were taken/);
  await becomes(user, 'refunded');
  assert.deepEqual(
    await database.sql(`SELECT who, reason, detail ->> 'sent' AS sent FROM evenkeel.audit WHERE target = $1`, [
      `nowPayments:${id}`,
    ]),
    [{ who: 'ada', reason: 'they asked; transaction 0xabc', sent: 'true' }],
  );
  assert.deepEqual(await shop.balance(user), { available: 0n, held: 0n, debt: 0n });
  await shop.sound();
});

test('killed between the provider’s ok and the commit, it is looked up and not made again', async (t) => {
  const other = await world.freshDatabase(t);
  const own = await startPayers(t);
  const env = own.env;
  const [web, first] = await Promise.all([
    world.startTask(t, 'web', { database: other, env }),
    world.startTask(t, 'worker', { database: other, env }),
  ]);
  await Promise.all([web.ready(LONG), first.ready(LONG)]);
  await world.setWebhook(web);
  t.after(() => world.setWebhook(shop.web));
  own.crypto.webhook = `${await web.url()}/callback/cryptopay`;
  const user = person();
  const id = await buyers(telegram, own, LONG).invoice(user);
  own.crypto.pay(id);
  const state = async () =>
    (await other.sql<{ state: string }>('SELECT state FROM evenkeel.payment WHERE user_id = $1', [user]))[0]?.state;
  await waitFor(async () => (await state()) === 'credited', { what: 'the credit', within: LONG });
  own.crypto.faults = { loseAnswers: true };
  const pool = workerPool(t, other, world.posture);
  await withTx(pool, (tx) => askRefund(tx, wish(String(id))));
  await waitFor(() => own.crypto.transfers().length === 1, { what: 'the transfer', within: LONG });
  first.signal('SIGKILL');
  await first.exited;
  assert.equal(await state(), 'refunding');
  own.crypto.faults = {};
  const second = await world.startTask(t, 'worker', { database: other, env });
  await second.ready(LONG);
  await waitFor(async () => (await state()) === 'refunded', { what: 'the end', within: LONG });
  assert.equal(own.crypto.transfers().length, 1);
  assert.deepEqual(
    await other.sql('SELECT kind, amount::int FROM evenkeel.ledger_tx WHERE user_id = $1 ORDER BY id', [user]),
    [
      { kind: 'credit', amount: 100 },
      { kind: 'clawback', amount: 100 },
    ],
  );
  assert.ok(isSound(await withTx(pool, checkLedger)));
});
