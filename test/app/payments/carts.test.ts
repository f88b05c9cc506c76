/** What somebody wanted and had too few credits for, and codes that give some: each is done once. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { reminders } from '../../../app/features/remind/job.ts';
import { withTx } from '../../../app/database/tx.ts';
import { release } from '../../../app/ledger/index.ts';
import { begin } from '../../../app/payments/intent.ts';
import { openShop } from '../../harness/money.ts';
import { operatorOf } from '../../harness/ops.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld(
  { after },
  { posture: { lanes: { poll: '200ms', sweep: '5s' }, features: { chat: false } } },
);
const { telegram, botId } = world;
const database = await world.freshDatabase({ after });
const shop = await openShop({ after }, world, { database });
let users = 25_000;
const person = () => (users += 1);

/** Work that costs credits: it says that it was done. */
const want = (userId: number, cost: bigint, { cause = `work:${userId}`, kept = 60_000 } = {}) =>
  withTx(shop.pool, (tx) =>
    begin(tx, {
      botId,
      userId,
      cause,
      cost,
      holds: 3_600_000,
      queue: reminders,
      input: { chat: userId, text: `done: ${cause}`, language: 'en' as const },
      kept,
    }),
  );
const reserves = (user: number) =>
  database.sql<{ cause: string; amount: number }>(
    `SELECT cause, amount::int FROM evenkeel.reserve WHERE user_id = $1 AND state = 'open'`,
    [user],
  );
const doneTo = (user: number) => telegram.messages(user).filter(({ text }) => /done: work/.test(text)).length;

test('25. what costs more than there is, is done once when two top-ups have brought enough', async () => {
  const user = person();
  telegram.open(user);
  assert.deepEqual(await want(user, 150n), { begun: false, missing: 150n });
  const offered = await shop.ask(user, '/topup', /What you wanted costs 150 credits/);
  assert.ok(offered.buttons.flat().some(({ text }) => text === 'I do not want it any more'));
  await shop.topUp(user);
  assert.deepEqual(await reserves(user), []);
  const done = shop.next(user, /done: work/);
  const receipt = await shop.topUp(user);
  assert.match(receipt.text, /You have 50 credits\.\n150 more are reserved/);
  await done;
  assert.deepEqual(await reserves(user), [{ cause: `work:${user}`, amount: 150 }]);
  await shop.topUp(user);
  await shop.settled();
  assert.equal(doneTo(user), 1);
  assert.equal((await reserves(user)).length, 1);
  // Asked for again by the same cause: it is begun already.
  assert.deepEqual(await want(user, 150n), { begun: true });
  assert.equal((await reserves(user)).length, 1);
  await withTx(shop.pool, (tx) => release(tx, { botId, of: `work:${user}` }));
  await shop.sound();
});

test('25. two top-ups at once, of which each is enough, do it once', async () => {
  const user = person();
  telegram.open(user);
  const { invoice } = await shop.invoice(user);
  await want(user, 80n);
  telegram.charge(user, invoice!.payload);
  telegram.charge(user, invoice!.payload);
  await waitFor(async () => (await shop.balance(user)).available === 120n, { what: 'both payments' });
  await waitFor(() => doneTo(user) === 1, { what: 'the work' });
  await shop.settled();
  assert.deepEqual(await reserves(user), [{ cause: `work:${user}`, amount: 80 }]);
  assert.equal(doneTo(user), 1);
  await shop.sound();
});

test('25. what has expired, was dropped or gave way to something else is credits alone', async () => {
  const [late, dropped, other] = [person(), person(), person()];
  for (const user of [late, dropped, other]) telegram.open(user);
  await want(late, 50n, { kept: 0 });
  await want(dropped, 50n);
  const { messageId } = await shop.ask(dropped, '/topup', /What you wanted costs 50 credits/);
  telegram.tap(dropped, messageId, 'cart:drop');
  await shop.settled();
  await want(other, 50n, { cause: `work:${other}:first` });
  await want(other, 60n, { cause: `work:${other}:second` });
  const done = shop.next(other, /done: work:\d+:second/);
  for (const user of [late, dropped, other]) await shop.topUp(user);
  await done;
  assert.deepEqual(await reserves(late), []);
  assert.deepEqual(await reserves(dropped), []);
  assert.deepEqual(await reserves(other), [{ cause: `work:${other}:second`, amount: 60 }]);
  await shop.sound();
});

const ops = operatorOf(database, world.posture);

test('a promo code gives once a person, to as many as it is for, and until it is ended', async () => {
  const [first, second, third] = [person(), person(), person()];
  telegram.say(first, '/balance');
  await shop.settled();
  const made = await ops(
    'promo',
    'create',
    'spring-26',
    '--credits',
    '40',
    '--most',
    '2',
    '--days',
    '7',
    '--reason',
    'x',
  );
  assert.deepEqual(
    made.said,
    ['/promo SPRING-26 gives 40 credits once to each of 2 people, for 7 days.'],
    made.said[0],
  );
  assert.equal((await ops('promo', 'create', 'SPRING-26', '--credits', '1', '--reason', 'x')).ok, false);
  telegram.faults = { duplicates: 3 };
  await shop.ask(first, '/promo spring-26', /40 credits for you\.\nYou have 40 credits/);
  telegram.faults = {};
  await shop.settled();
  await shop.ask(first, '/promo SPRING-26', /used this code already/);
  await shop.ask(first, '/history', /\+40 credits · given/);
  await shop.ask(second, '/promo SPRING-26', /40 credits for you/);
  await shop.ask(third, '/promo SPRING-26', /This code is over/);
  await shop.ask(third, '/promo NO-SUCH-CODE', /no such code/);
  await shop.ask(third, '/promo', /Write: \/promo CODE/);
  await ops('promo', 'create', 'ENDED-1', '--credits', '40', '--reason', 'x');
  assert.equal((await ops('promo', 'end', 'ended-1', '--reason', 'a mistake')).ok, undefined);
  assert.equal((await ops('promo', 'end', 'ended-1', '--reason', 'a mistake')).ok, false);
  await shop.ask(third, '/promo ENDED-1', /This code is over/);
  assert.deepEqual(await shop.balance(third), { available: 0n, held: 0n, debt: 0n });
  const [listed] = (await ops('promo', 'list')).tables;
  assert.deepEqual(
    listed!.rows.map(({ code, used }) => [code, used]),
    [
      ['ENDED-1', 0],
      ['SPRING-26', 2],
    ],
  );
  assert.deepEqual(await database.sql('SELECT who, verb, target FROM evenkeel.audit ORDER BY at'), [
    { who: 'ada', verb: 'promo create', target: 'promo:SPRING-26' },
    { who: 'ada', verb: 'promo create', target: 'promo:ENDED-1' },
    { who: 'ada', verb: 'promo end', target: 'promo:ENDED-1' },
  ]);
  await shop.sound();
});

test('forty people at once want the last ten of a code: ten have it', async () => {
  await ops('promo', 'create', 'LAST-TEN', '--credits', '5', '--most', '10', '--reason', 'x', '--bot', String(botId));
  const many = Array.from({ length: 40 }, person);
  for (const user of many) telegram.say(user, '/promo last-ten');
  await waitFor(() => many.every((user) => telegram.messages(user).some(({ from }) => from === 'bot')), {
    what: 'forty answers',
  });
  const balances = await Promise.all(many.map((user) => shop.balance(user)));
  assert.equal(balances.filter(({ available }) => available === 5n).length, 10);
  await shop.sound();
});
