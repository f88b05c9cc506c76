/** Selling credits for Stars, by the numbers of the cases: what was paid is credited once, to who paid. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withTx } from '../../../app/database/tx.ts';
import { adjust } from '../../../app/ledger/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import { openShop } from '../../harness/money.ts';
import { waitFor } from '../../harness/wait.ts';
import { raised, startWorld } from '../../harness/world.ts';

const quick = { lanes: { poll: '200ms', sweep: '5s' }, features: { chat: false } } as const;
const world = await startWorld({ after }, { posture: quick });
const { telegram, botId } = world;
const database = await world.freshDatabase({ after });
const shop = await openShop({ after }, world, { database });
let users = 5000;
const person = () => (users += 1);
const payments = (user: number) =>
  database.sql<{ state: string; credits: number; is_foreign: boolean; charge: string }>(
    'SELECT state, credits::int, is_foreign, charge FROM evenkeel.payment WHERE user_id = $1 ORDER BY number',
    [user],
  );
const receipts = (user: number) => telegram.messages(user).filter(({ text }) => /^Receipt/.test(text));

test('a package is chosen, paid, credited, and has a receipt with its number', async () => {
  const user = person();
  const receipt = await shop.topUp(user, 'medium');
  assert.match(receipt.text, /^Receipt R-\d+: 550 credits for 250 Stars\.\nYou have 550 credits\.$/);
  assert.deepEqual(await shop.balance(user), { available: 550n, held: 0n, debt: 0n });
  const said = await shop.ask(user, '/history', /R-\d+/);
  assert.match(said.text, /R-\d+ · 250 Stars · \+550 credits$/m);
  await shop.ask(user, '/balance', /You have 550 credits/);
  await shop.ask(user, '/terms', /You pay with Telegram Stars\. If/);
  await shop.ask(user, '/topup', /^Which package\? You pay with Telegram Stars\.$/);
  await shop.ask(user, '/paysupport', /within two minutes/);
});

test('who reads German is sold to, credited and answered in German', async () => {
  const user = person();
  telegram.open(user, 'Grete', 'de');
  const offered = shop.next(user, /^Welches Paket\? Du zahlst mit Telegram-Sternen\.$/);
  telegram.say(user, '/topup');
  const { messageId, buttons } = await offered;
  assert.equal(buttons[2]![0]!.text, '1.200 Credits für 500 ⭐️');
  const invoice = shop.next(user, /^1\.200 Credits\n1\.200 Credits für diesen Bot\. Sie verfallen nicht\.$/);
  telegram.tap(user, messageId, 'buy:large');
  const receipt = shop.next(user, /^Beleg R-\d+: 1\.200 Credits für 500 Sterne\.\nDu hast 1\.200 Credits\.$/);
  telegram.pay(user, (await invoice).messageId);
  await receipt;
  await shop.ask(user, '/history', /^\d\d\.\d\d\.\d{4}, \d\d:\d\d · R-\d+ · 500 Sterne · \+1\.200 Credits$/m);
});

test('1. a payment that comes three times, in two updates, is one credit and one receipt', async () => {
  const user = person();
  telegram.faults = { duplicates: 3 };
  await shop.topUp(user);
  telegram.faults = {};
  const { charge } = (await payments(user))[0]!;
  await shop.paidAgain(user, charge, 1);
  await shop.settled();
  assert.equal((await shop.balance(user)).available, 100n);
  assert.equal((await payments(user)).length, 1);
  assert.equal(receipts(user).length, 1);
  await shop.sound();
});

test('2. who has blocked the bot has the credits all the same, and sees them later', async () => {
  const user = person();
  const { messageId } = await shop.invoice(user);
  telegram.faults = { blocked: [user] };
  telegram.pay(user, messageId);
  await waitFor(async () => (await shop.balance(user)).available === 100n, { what: 'the credits' });
  await shop.settled();
  telegram.faults = {};
  assert.equal(receipts(user).length, 0);
  await shop.ask(user, '/balance', /You have 100 credits/);
});

test('4. an invoice that two devices pay at once is credited twice; a third is refused before it is paid', async () => {
  const user = person();
  const { messageId, invoice } = await shop.invoice(user);
  telegram.charge(user, invoice!.payload);
  telegram.charge(user, invoice!.payload);
  await waitFor(() => receipts(user).length === 2, { what: 'two receipts' });
  assert.equal((await shop.balance(user)).available, 200n);
  telegram.pay(user, messageId);
  await shop.settled();
  assert.equal((await payments(user)).length, 2);
  await shop.sound();
});

test('5. who pays for somebody else is refused; if Telegram takes it all the same, the credits are the payer’s', async () => {
  const [maker, payer] = [person(), person()];
  const { messageId, invoice } = await shop.invoice(maker);
  assert.throws(() => telegram.pay(maker, messageId, { by: payer }), /leads to the bot/);
  telegram.preCheckout(payer, invoice!.payload);
  await shop.settled();
  assert.deepEqual(await payments(payer), []);
  telegram.charge(payer, invoice!.payload);
  await waitFor(() => receipts(payer).length === 1, { what: 'a receipt' });
  assert.match(receipts(payer)[0]!.text, /made for somebody else/);
  assert.equal((await shop.balance(payer)).available, 100n);
  assert.deepEqual(await shop.balance(maker), { available: 0n, held: 0n, debt: 0n });
  assert.equal(receipts(maker).length, 0);
  assert.equal((await payments(payer))[0]!.is_foreign, true);
});

test('7. yesterday’s offer is refused in words, before anything is paid', async (t) => {
  const refused: string[] = [];
  t.after(telegram.subscribe((event) => event.kind === 'callback-answer' && event.alert && refused.push(event.text)));
  const user = person();
  const { messageId, invoice } = await shop.invoice(user);
  const change = (sql: string) => database.sql(`UPDATE evenkeel.purchase SET ${sql} WHERE id = $1`, [invoice!.payload]);
  const tries = async (why: RegExp) => {
    const before = refused.length;
    telegram.pay(user, messageId);
    await waitFor(() => refused.length > before, { what: String(why) });
    assert.match(refused.at(-1)!, why);
    assert.match(refused.at(-1)!, /You have not been charged/);
  };
  await change(`expires_at = now() - interval '1 s'`);
  await tries(/expired/);
  await change(`expires_at = now() + interval '1 h', credits = 101`);
  await tries(/price of this package has changed/);
  await change('credits = 100, price = 49');
  await tries(/amount is not the one/);
  await change(`price = 50, currency = 'USD'`);
  await tries(/amount is not the one/);
  telegram.preCheckout(user, 'nobody-knows-it');
  await waitFor(() => refused.length === 5, { what: 'the fifth' });
  assert.match(refused[4]!, /not known here any more/);
  assert.deepEqual(await payments(user), []);
});

test('20, 24. what nobody ordered is kept, told and left to a person, and credited as nothing', async () => {
  const user = person();
  telegram.open(user);
  telegram.charge(user, 'an order of another bot');
  await waitFor(() => receipts(user).length === 1, { what: 'word of it' });
  assert.match(receipts(user)[0]!.text, /a person looks at it/);
  assert.deepEqual(
    (await payments(user)).map(({ state, credits }) => ({ state, credits })),
    [{ state: 'parked', credits: 0 }],
  );
  await shop.ask(user, '/history', /waits for a person/);
  assert.deepEqual(await shop.balance(user), { available: 0n, held: 0n, debt: 0n });
});

test('9, 11. what is charged back after it was spent is a debt; the next top-up repays it', async () => {
  const user = person();
  await shop.topUp(user);
  const by = { botId, userId: user, by: 'owner:1', reason: 'spent' };
  await withTx(shop.pool, (tx) => adjust(tx, { ...by, cause: `spent:${user}` }, { amount: -80n }));
  const told = shop.next(user, /went back to you/);
  telegram.chargeBack((await payments(user))[0]!.charge);
  assert.match((await told).text, /100 credits were taken[^]*80 that were paid back to you had been spent/);
  assert.deepEqual(await shop.balance(user), { available: 0n, held: 0n, debt: -80n });
  const listed = await shop.ask(user, '/history', /the Stars were taken back/);
  assert.match(listed.text, /80 that were paid back to you had been spent/);
  assert.deepEqual(
    (await payments(user)).map(({ state }) => state),
    ['taken-back'],
  );
  await shop.topUp(user);
  assert.deepEqual(await shop.balance(user), { available: 20n, held: 0n, debt: 0n });
  await shop.sound();
});

test('a refund that is heard of before its payment leaves nothing, in either order', async () => {
  const user = person();
  const { invoice } = await shop.invoice(user);
  telegram.faults = { losePayments: true };
  const charge = telegram.charge(user, invoice!.payload);
  telegram.faults = {};
  telegram.chargeBack(charge);
  await waitFor(async () => (await payments(user)).length === 1, { what: 'the refund' });
  await shop.settled();
  assert.deepEqual(await shop.balance(user), { available: 0n, held: 0n, debt: 0n });
  await shop.sound();
});

test('26. with the wallet switched off nothing new is sold, and what is paid is credited', async (t) => {
  const off = await world.freshDatabase(t);
  const closed = await openShop(t, world, {
    database: off,
    posture: resolve(raised({ ...quick, features: { chat: false, wallet: false } })),
  });
  const user = person();
  await closed.ask(user, '/topup', /Nothing can be bought just now/);
  await off.sql(
    `INSERT INTO evenkeel.purchase (bot_id, id, user_id, package, credits, currency, price, expires_at)
     VALUES ($1, 'sold-before', $2, 'small', 100, 'XTR', 100, now() + interval '1 hour')`,
    [botId, user],
  );
  // Who still has the form before them is answered, and pays nothing (case 7).
  const refused: string[] = [];
  t.after(telegram.subscribe((event) => event.kind === 'callback-answer' && event.alert && refused.push(event.text)));
  telegram.preCheckout(user, 'sold-before');
  await waitFor(() => refused.length === 1, { what: 'the refusal' });
  assert.match(refused[0]!, /Nothing can be bought just now/);
  const receipt = closed.next(user, /^Receipt/);
  telegram.charge(user, 'sold-before');
  assert.match((await receipt).text, /100 credits/);
  await closed.ask(user, '/balance', /You have 100 credits/);
});
