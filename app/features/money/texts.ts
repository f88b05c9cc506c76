import type { Held, Line } from '../../payments/history.ts';
import type { Package } from '../../payments/packages.ts';
import type { Objection } from '../../payments/purchase.ts';
import type { Payment } from '../../payments/book.ts';
import type { Balance } from '../../ledger/index.ts';

const day = (at: Date): string => at.toISOString().slice(0, 16).replace('T', ' ');
const signed = (amount: bigint): string => (amount > 0n ? `+${amount}` : String(amount));

/** The number that stands on a receipt, and that people quote. */
export const receiptOf = (number: bigint): string => `R-${number}`;

const STATES: Record<NonNullable<Line['state']>, string> = {
  credited: '',
  parked: ' – waits for a person to look at it',
  refunding: ' – the Stars are on their way back',
  refunded: ' – refunded',
  'taken-back': ' – the Stars were taken back',
};

function balance({ available, held, debt }: Balance): string {
  const parts = [`You have ${available} credits.`];
  if (held > 0n) parts.push(`${held} more are reserved for work that is under way; what it does not use comes back.`);
  if (debt < 0n) parts.push(`${-debt} that were paid back to you had been spent: your next top-up settles them first.`);
  return parts.join('\n');
}

function line({ at, kind, amount, number, paid, state, reason }: Line): string {
  if (kind === 'payment')
    return `${day(at)} · ${receiptOf(number!)} · ${paid} Stars · ${signed(amount)} credits${STATES[state!]}`;
  const what = { settle: 'used', adjust: 'adjusted', credit: 'given', clawback: 'taken back' }[kind];
  return `${day(at)} · ${signed(amount)} credits · ${what}${kind === 'adjust' && reason ? `: ${reason}` : ''}`;
}

export const texts = {
  does: {
    topup: 'buy credits for Telegram Stars',
    balance: 'how many credits you have',
    history: 'where your money is',
    paysupport: 'help with a payment',
    terms: 'terms of sale',
  },
  buttons: { topup: 'Top up' },
  topup: 'Which package? You pay with Telegram Stars.',
  closed: 'Nothing can be bought just now. Your credits and payments are safe: /balance, /history.',
  package: ({ credits, price }: Package) => `${credits} credits for ${price} ⭐️`,
  gone: 'This package is not for sale any more. /topup shows those that are.',
  title: (credits: bigint) => `${credits} credits`,
  description: (credits: bigint) => `${credits} credits for this bot. They do not expire.`,
  objection: {
    unknown: 'This offer is not known here any more. You have not been charged. Send /topup for a new one.',
    foreign: 'This offer was made for somebody else. You have not been charged. Send /topup for one of your own.',
    paid: 'This offer has been paid already. You have not been charged again. Send /topup for another one.',
    expired: 'This offer has expired. You have not been charged. Send /topup for a new one.',
    changed: 'The price of this package has changed. You have not been charged. Send /topup for the new one.',
    amount: 'The amount is not the one of this offer. You have not been charged. Send /topup for a new one.',
  } satisfies Record<Objection, string>,
  receipt: ({ number, amount, credits, isForeign }: Payment, now: Balance) =>
    [
      `Receipt ${receiptOf(number)}: ${credits} credits for ${amount} Stars.`,
      ...(isForeign ? ['The offer was made for somebody else; the credits are yours, as you have paid.'] : []),
      balance(now),
    ].join('\n'),
  parked: ({ number, amount }: Payment) =>
    `Receipt ${receiptOf(number)}: you paid ${amount} Stars, and I cannot tell for what. Nothing is lost: a person looks at it, and you get credits or your Stars back. /paysupport`,
  wentBack: ({ number, amount, credits }: Payment, now: Balance) =>
    [
      `Receipt ${receiptOf(number)}: ${amount} Stars went back to you, and ${credits} credits were taken.`,
      balance(now),
    ].join('\n'),
  balance,
  history: (lines: readonly Line[], held: readonly Held[]) =>
    lines.length + held.length === 0
      ? 'Nothing was paid and nothing was used yet. /topup'
      : [
          ...lines.map(line),
          ...held.map(({ amount, until }) => `${amount} credits are reserved until ${day(until)} at the latest`),
          '',
          'Times are UTC. Something is missing? /paysupport',
        ].join('\n'),
  paysupport: [
    'Help with a payment: send /paysupport and, in the same message, what is wrong and the number of the receipt (/history lists them).',
    'A payment is credited within two minutes, also where Telegram says that it failed. Stars that the bot cannot deliver for are returned in full.',
    'If Telegram itself says PROVIDER_ACCOUNT_INVALID, you do not have enough Stars: buy some first.',
  ].join('\n\n'),
  paysupportTold: 'Your words were passed on to a person. You are answered here.',
  paysupportNobody:
    'Nobody is named here to read this. Please write to who runs this bot, with the number of the receipt.',
  complaint: (who: string, words: string) => `Payment support: ${who} writes:\n\n${words}`,
  terms: [
    'Credits are used inside this bot alone. They do not expire, and cannot be transferred or exchanged for money.',
    'You pay with Telegram Stars. If what you paid for cannot be delivered, the Stars are returned in full: /paysupport.',
    'Stars that are returned take the credits back that they bought; what of them was used is settled by the next top-up.',
  ].join('\n\n'),
};
