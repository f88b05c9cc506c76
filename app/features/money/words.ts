/** What is said of money, put together from its texts. */
import type { Balance } from '../../ledger/index.ts';
import type { Payment } from '../../payments/book.ts';
import type { Held, Late, Line } from '../../payments/history.ts';
import { fromCents } from '../../payments/decimal.ts';
import type { Language } from '../../texts/index.ts';
import { texts } from './texts.ts';

/** The number that stands on a receipt, and that people quote. */
export const receiptOf = (number: bigint): string => `R-${number}`;

export function sayBalance(language: Language, { available, held, debt }: Balance): string {
  const parts = [texts.balance(language, { available })];
  if (held > 0n) parts.push(texts['balance-held'](language, { held }));
  if (debt < 0n) parts.push(texts['balance-debt'](language, { debt: -debt }));
  return parts.join('\n');
}

/** What the payer of a payment is told when it was booked. */
export function sayReceipt(language: Language, payment: Payment, now: Balance): string {
  const { number, amount: paid, credits, isForeign, state, currency, paid: inWords } = payment;
  const receipt = receiptOf(number);
  if (currency !== 'XTR') {
    const price = `$${fromCents(paid)}`;
    if (state === 'parked') return texts['receipt-parked-elsewhere'](language, { receipt, paid: inWords ?? price });
    return [
      texts['receipt-elsewhere'](language, { receipt, credits, paid: inWords ? `${inWords} (${price})` : price }),
      sayBalance(language, now),
    ].join('\n');
  }
  if (state === 'parked') return texts['receipt-parked'](language, { receipt, paid });
  return [
    texts.receipt(language, { receipt, credits, paid }),
    ...(isForeign ? [texts['receipt-foreign'](language)] : []),
    sayBalance(language, now),
  ].join('\n');
}

/** What was paid, as who was paid writes it, or in dollars. */
export const sumOf = ({ amount, paid }: Pick<Payment, 'amount' | 'paid'>): string => paid ?? `$${fromCents(amount)}`;

export function sayWentBack(language: Language, payment: Payment, now: Balance): string {
  const { number, amount, credits, currency } = payment;
  const receipt = receiptOf(number);
  return [
    currency === 'XTR'
      ? texts['went-back'](language, { receipt, paid: amount, credits })
      : texts['went-back-elsewhere'](language, { receipt, paid: sumOf(payment), credits }),
    sayBalance(language, now),
  ].join('\n');
}

function sayLine(
  language: Language,
  { at, kind, amount: credits, number, paid, currency, state, reason }: Line,
): string {
  if (kind === 'payment' && currency !== 'XTR')
    return texts['history-elsewhere'](language, {
      at,
      receipt: receiptOf(number!),
      paid: `$${fromCents(paid!)}`,
      credits,
      state: state!,
    });
  if (kind === 'payment')
    return texts['history-payment'](language, {
      at,
      receipt: receiptOf(number!),
      paid: paid!,
      credits,
      state: state!,
    });
  if (kind === 'adjust' && reason) return texts['history-adjusted'](language, { at, credits, reason });
  return texts['history-moved'](language, { at, credits, kind });
}

/** All of somebody's money, wherever it is. */
export interface Whereabouts {
  lines: readonly Line[];
  held: readonly Held[];
  late: readonly Late[];
  /** Sent to another provider than Telegram, which is not sure of it yet; by its price in cents. */
  seen?: readonly { at: Date; price: bigint }[];
  debt: bigint;
}

export function sayHistory(language: Language, { lines, held, late, seen = [], debt }: Whereabouts): string {
  if (lines.length + held.length + late.length + seen.length === 0) return texts['history-empty'](language);
  return [
    ...late.map(({ paid, at }) => texts['history-late'](language, { paid, at })),
    ...seen.map(({ at, price }) => texts['history-seen'](language, { at, paid: `$${fromCents(price)}` })),
    ...lines.map((line) => sayLine(language, line)),
    ...held.map(({ amount, until }) => texts['history-held'](language, { credits: amount, until })),
    ...(debt < 0n ? [texts['balance-debt'](language, { debt: -debt })] : []),
    '',
    texts['history-foot'](language),
  ].join('\n');
}
