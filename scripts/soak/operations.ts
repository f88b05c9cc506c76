/** What people do in a soak. Each operation is one person's, who begins the next when it is over. */
import { withTx } from '../../app/database/tx.ts';
import { InsufficientCredits, release, reserve, settle } from '../../app/ledger/index.ts';
import type { ChatMessage } from '../../local/contract/index.ts';
import { FURTHER, FURTHER_MIX, REMINDS, type Further } from './further.ts';
import { outage, OUTAGES } from './outages.ts';
import { answered, lastOf, PACKAGES, RECEIPT, said, type Person } from './person.ts';
import { OWNER, until } from './stage.ts';
import { WORKS, WORKS_MIX, type Work } from './works.ts';

export type Operation =
  | Further
  | Work
  | 'outage'
  | 'top-up'
  | 'paid twice'
  | 'paid by another'
  | 'paid late'
  | 'lost update'
  | 'unknown order'
  | 'refund'
  | 'chargeback'
  | 'adjust'
  | 'work settled'
  | 'work released'
  | 'work lost'
  | 'reminder'
  | 'balance'
  | 'history';

/** How often each is done. */
export const MIX: Record<Operation, number> = {
  'top-up': 24,
  'paid twice': 5,
  'paid by another': 3,
  'paid late': 4,
  'lost update': 5,
  'unknown order': 2,
  refund: 6,
  chargeback: 3,
  adjust: 6,
  'work settled': 14,
  'work released': 5,
  'work lost': 3,
  reminder: REMINDS ? 4 : 0,
  balance: 9,
  history: 7,
  ...FURTHER_MIX,
  ...WORKS_MIX,
  outage: OUTAGES,
};

const payloadOf = (message: ChatMessage): string => message.invoice!.payload;

/**
 * Chooses a package; resolves to the message with its invoice. Not to one that was there before and comes again, because
 * its worker was killed: what it offers may be paid by now, and would be refused whenever it is tried.
 */
function invoice(person: Person): Promise<ChatMessage> {
  const { stage, id, random, signal } = person;
  const known = new Set(stage.telegram.messages(id).map((message) => message.invoice?.payload));
  const offered = () =>
    stage.telegram.messages(id).find((message) => message.invoice && !known.has(message.invoice.payload));
  stage.telegram.tap(id, 1, `stars:${random.pick(PACKAGES)}`);
  return until(`an invoice to ${id}`, offered, { signal });
}

/** Charges of all payments so far that Telegram has not given back. */
const openCharges = ({ stage }: Person): { charge: string; user: number }[] => {
  const { transactions } = stage.telegram.stars();
  const back = new Set(transactions.filter(({ receiver }) => receiver).map(({ id }) => id));
  return transactions
    .filter(({ id, source }) => source && !back.has(id))
    .map(({ id, source }) => ({ charge: id, user: (source as { user: { id: number } }).user.id }));
};

async function reserveSome(person: Person, ttl: number): Promise<{ of: string; amount: bigint } | undefined> {
  const { stage, id, random } = person;
  const amount = BigInt(random.between(1, 40));
  const of = `soak:${id}:${random.between(1, 2 ** 40)}`;
  try {
    await withTx(stage.pool, (tx) => reserve(tx, { botId: stage.botId, userId: id, cause: of }, { amount, ttl }));
    return { of, amount };
  } catch (error) {
    if (error instanceof InsufficientCredits) return undefined;
    throw error;
  }
}

/** After so long somebody presses the button again, ms. */
const TRIES_AGAIN = 25_000;

/** Longer than any work here lasts, ms. */
const ENOUGH = 600_000;

export const OPERATIONS: Record<Operation, (person: Person) => Promise<unknown>> = {
  async 'top-up'(person) {
    const { stage, id, signal } = person;
    const { messageId } = await invoice(person);
    // A worker that was killed with the question in hand: Telegram gives up after ten seconds, and the person tries again.
    for (let tries = 1; ; tries += 1) {
      const from = lastOf(person);
      stage.telegram.pay(id, messageId);
      const paid = () => said(person, from, RECEIPT);
      if (await until('a receipt', paid, { signal, within: TRIES_AGAIN }).catch(() => undefined)) return;
      signal.throwIfAborted();
      if (tries === 12) throw new Error(`no payment in ${tries} tries`);
    }
  },

  // On two devices: both are asked about, and perhaps both go through.
  async 'paid twice'(person) {
    const { stage, id } = person;
    const offered = await invoice(person);
    stage.telegram.charge(id, payloadOf(offered));
    await answered(person, () => stage.telegram.charge(id, payloadOf(offered)), RECEIPT);
  },

  async 'paid by another'(person) {
    const { stage, id } = person;
    const offered = await invoice(person);
    // Of nobody who does anything else: what they are told is only looked at in the end.
    stage.telegram.charge(id + 100_000, payloadOf(offered));
  },

  // Its offer is long over.
  async 'paid late'(person) {
    const { stage, id } = person;
    const offered = await invoice(person);
    await stage.pool.query(
      `UPDATE evenkeel.purchase SET expires_at = now() - interval '1 day' WHERE bot_id = $1 AND id = $2`,
      [stage.botId, payloadOf(offered)],
    );
    await answered(person, () => stage.telegram.charge(id, payloadOf(offered)), RECEIPT);
  },

  async 'lost update'(person) {
    const { stage, id } = person;
    const offered = await invoice(person);
    const { faults } = stage.telegram;
    stage.telegram.faults = { ...faults, losePayments: true };
    stage.telegram.charge(id, payloadOf(offered));
    stage.telegram.faults = faults;
  },

  'unknown order': (person) =>
    answered(
      person,
      () => person.stage.telegram.charge(person.id, `nobody-knows-${person.random.between(1, 1e9)}`),
      RECEIPT,
    ),

  async refund(person) {
    const { stage, random } = person;
    const { rows } = await stage.pool.query<{ number: number }>(
      `SELECT number FROM evenkeel.payment WHERE bot_id = $1 AND state = 'credited' ORDER BY number DESC LIMIT 50`,
      [stage.botId],
    );
    if (rows.length === 0) return;
    const { number } = random.pick(rows);
    const force = random.next() < 0.5 ? 'force ' : '';
    stage.telegram.say(OWNER, `/refund R-${number} ${force}soak`);
  },

  async chargeback(person) {
    const open = openCharges(person);
    if (open.length === 0) return;
    const { telegram } = person.stage;
    const { faults } = telegram;
    try {
      if (person.random.next() < 0.5) telegram.faults = { ...faults, losePayments: true };
      telegram.chargeBack(person.random.pick(open).charge);
    } catch (error) {
      // A refund of the same moment was first.
      if (!/ALREADY_REFUNDED/.test(String(error))) throw error;
    } finally {
      telegram.faults = faults;
    }
  },

  async adjust({ stage, id, random }) {
    const amount = random.between(1, 60);
    stage.telegram.say(OWNER, `/adjust ${id} ${random.next() < 0.6 ? '+' : '-'}${amount} soak`);
  },

  async 'work settled'(person) {
    const { stage, id, deeds, random } = person;
    const held = await reserveSome(person, ENOUGH);
    if (!held) return;
    const part = BigInt(random.between(1, Number(held.amount)));
    await withTx(stage.pool, (tx) =>
      settle(tx, { botId: stage.botId, of: held.of }, { amount: part, to: 'revenue:soak' }),
    );
    deeds.used.set(id, (deeds.used.get(id) ?? 0n) + part);
  },

  async 'work released'(person) {
    const held = await reserveSome(person, ENOUGH);
    if (held)
      await withTx(person.stage.pool, (tx) => release(tx, { botId: person.stage.botId, of: held.of, reason: 'soak' }));
  },

  // Nobody ends it: the sweep gives it back.
  'work lost': (person) => reserveSome(person, 1_000),

  async reminder(person) {
    const { stage, id, deeds, random } = person;
    const text = `remember ${random.between(1, 2 ** 40)}`;
    await answered(person, () => stage.telegram.say(id, `/remind 1m ${text}`), /minute/i);
    deeds.reminders.push({ user: id, text });
  },

  balance: (person) =>
    answered(person, () => person.stage.telegram.say(person.id, '/balance'), /^You have [\d,]+ credits?/),
  ...FURTHER,
  ...WORKS,
  outage,
  history: (person) => answered(person, () => person.stage.telegram.say(person.id, '/history'), /UTC|Nothing was paid/),
};
