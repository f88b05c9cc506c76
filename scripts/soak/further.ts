/** What people do in a soak beside topping up by Stars: codes, carts, subscriptions, and providers beside Telegram. */
import { z } from 'zod';
import { withTx } from '../../app/database/tx.ts';
import { jobQueue } from '../../app/jobs/queue.ts';
import { balanceOf } from '../../app/ledger/index.ts';
import { begin } from '../../app/payments/intent.ts';
import { answered, lastOf, PACKAGES, RECEIPT, said, type Person } from './person.ts';
import { SWITCHED } from '../../posture/features/index.ts';
import type { JobName } from '../../posture/schema/index.ts';
import { PROMOS, until } from './stage.ts';

export type Further =
  | 'promo code'
  | 'cart'
  | 'subscription'
  | 'month passes'
  | 'mandate changed'
  | 'crypto pay'
  | 'crypto unpaid'
  | 'now payments'
  | 'now in parts'
  | 'now untold';

/** Jobs that say something, which is how a cart shows; of a feature that may be deleted. */
const REMIND: string = 'remind';
export const REMINDS = REMIND in SWITCHED;
const reminders = jobQueue(REMIND as JobName, z.unknown());

export const FURTHER_MIX: Record<Further, number> = {
  'promo code': 5,
  cart: REMINDS ? 4 : 0,
  subscription: 4,
  'month passes': 3,
  'mandate changed': 2,
  'crypto pay': 5,
  'crypto unpaid': 1,
  'now payments': 4,
  'now in parts': 3,
  'now untold': 2,
};

/** So long is waited for a receipt of a payment that may be refused: Telegram gives a question up after ten seconds. ms */
const PERHAPS = 20_000;

/** A bill by a provider beside Telegram that was not there before; undefined where the bot says that it cannot be had just now. */
async function billed<T>(person: Person, way: 'cryptoPay' | 'nowPayments', bills: () => T[]): Promise<T | undefined> {
  const { stage, id, random, signal } = person;
  const known = bills().length;
  const from = lastOf(person);
  stage.telegram.tap(id, 1, `${way}:${random.pick(PACKAGES)}`);
  const told = /^[\d,]+ credits for \$|^It cannot be paid there/;
  const { text } = await until(`a bill by ${way} to ${id}`, () => said(person, from, told), { signal });
  // A bill whose answer was lost is there as well, and nobody has seen it: it cannot be paid.
  return bills().length > known && !text.startsWith('It cannot') ? bills().at(-1) : undefined;
}

const ownBills = ({ stage, id }: Person) =>
  stage.now
    .payments()
    .filter(({ order_id, parent_payment_id }) => order_id.startsWith(`${id}-`) && parent_payment_id === null);

export const FURTHER: Record<Further, (person: Person) => Promise<unknown>> = {
  'promo code': (person) =>
    answered(
      person,
      () => person.stage.telegram.say(person.id, `/promo soak-${person.random.between(1, PROMOS)}`),
      /^(\d+ credits for you|This code is over|You have used this code)/,
    ),

  // Wanted with too few credits; what is topped up then buys it.
  async cart(person) {
    const { stage, id, random, deeds, signal } = person;
    const { botId } = stage;
    const of = `cart:${id}:${random.between(1, 2 ** 40)}`;
    const text = `wanted ${of}`;
    const { available } = await balanceOf(stage.pool, { botId, userId: id });
    const input = { chat: id, text, language: 'en' as const };
    const wish = { botId, userId: id, cause: of, cost: available + 10n, holds: 1_000, queue: reminders, input };
    await withTx(stage.pool, (tx) => begin(tx, wish));
    deeds.carts.push({ user: id, of, text });
    const from = lastOf(person);
    const known = new Set(stage.telegram.messages(id).map((message) => message.invoice?.payload));
    stage.telegram.tap(id, 1, 'stars:large');
    const invoice = await until(
      `an invoice to ${id}`,
      () => stage.telegram.messages(id).find((one) => one.invoice && !known.has(one.invoice.payload)),
      { signal },
    );
    stage.telegram.charge(id, invoice.invoice!.payload);
    await until('a receipt', () => said(person, from, RECEIPT), { signal });
  },

  async subscription(person) {
    const { stage, id, signal } = person;
    const link = await answered(person, () => stage.telegram.tap(id, 1, 'plan:monthly'), /until you cancel/);
    const from = lastOf(person);
    stage.telegram.payLink(id, link.buttons[0]![0]!.url!);
    // Refused where one runs already, and lost where a worker was killed with the question in hand.
    await until('a receipt', () => said(person, from, RECEIPT), { signal, within: PERHAPS }).catch(() => undefined);
    signal.throwIfAborted();
  },

  async 'month passes'({ stage, id, random }) {
    stage.telegram.monthPasses(id, { fails: random.next() < 0.2 });
  },

  async 'mandate changed'(person) {
    const { stage, id, random } = person;
    const own = stage.telegram.mandates(id);
    if (own.length === 0) return;
    const { payload, canceledBy } = random.pick(own);
    // The bot's own wish is its own; a person takes back only what was theirs.
    if (canceledBy === 'bot') return;
    stage.telegram.changeMandate(id, payload, canceledBy === undefined ? 'canceled' : 'active');
  },

  async 'crypto pay'(person) {
    const own = () => person.stage.crypto.invoices().filter(({ payload }) => payload.startsWith(`${person.id}-`));
    const bill = await billed(person, 'cryptoPay', own);
    if (bill) await answered(person, () => person.stage.crypto.pay(bill.invoice_id), RECEIPT);
  },

  async 'crypto unpaid'(person) {
    const own = () => person.stage.crypto.invoices().filter(({ payload }) => payload.startsWith(`${person.id}-`));
    const bill = await billed(person, 'cryptoPay', own);
    if (bill) person.stage.crypto.expire(bill.invoice_id);
  },

  async 'now payments'(person) {
    const bill = await billed(person, 'nowPayments', () => ownBills(person));
    if (!bill) return;
    const { now } = person.stage;
    now.becomes(bill.payment_id, 'confirming');
    await answered(person, () => now.becomes(bill.payment_id, 'finished', bill.pay_amount), RECEIPT);
  },

  // Half of it, and the rest; each is told.
  async 'now in parts'(person) {
    const bill = await billed(person, 'nowPayments', () => ownBills(person));
    if (!bill) return;
    const { now } = person.stage;
    await answered(person, () => now.becomes(bill.payment_id, 'partially_paid', bill.pay_amount / 2), RECEIPT);
    await answered(person, () => now.becomes(bill.payment_id, 'finished', bill.pay_amount), RECEIPT);
  },

  // No callback says so: it is found by asking.
  async 'now untold'(person) {
    const bill = await billed(person, 'nowPayments', () => ownBills(person));
    if (!bill) return;
    const { now } = person.stage;
    const { faults } = now;
    now.faults = { ...faults, loseCallbacks: true };
    now.becomes(bill.payment_id, 'finished', bill.pay_amount);
    now.faults = faults;
  },
};
