/** Telegram Stars: invoices, payments, the bot's balance, and the list of its transactions. */
import { randomInt } from 'node:crypto';
import type { Invoice, StarTransaction } from '../../contract.ts';
import { badRequest } from './errors.ts';

/** Stars that a payment asks for whose invoice nobody has seen. */
const AMOUNT = 100;

export interface Payment {
  charge: string;
  userId: number;
  payload: string;
  amount: number;
  refunded: boolean;
}

export class Stars {
  /** The last invoice of each payload. */
  readonly #invoices = new Map<string, Invoice>();
  readonly #payments = new Map<string, Payment>();
  readonly #transactions: StarTransaction[] = [];

  offer(invoice: Invoice): void {
    this.#invoices.set(invoice.payload, invoice);
  }

  priceOf(payload: string): number {
    return this.#invoices.get(payload)?.amount ?? AMOUNT;
  }

  /** The Stars change hands. */
  pay(userId: number, payload: string, firstName: string): Payment {
    const charge = `stx${randomInt(2 ** 47).toString(36)}${Date.now().toString(36)}`;
    const payment = { charge, userId, payload, amount: this.priceOf(payload), refunded: false };
    this.#payments.set(charge, payment);
    this.#transactions.push({
      id: charge,
      amount: payment.amount,
      date: Math.floor(Date.now() / 1000),
      source: partner(userId, firstName, payload),
    });
    return payment;
  }

  /** The Stars go back: by the bot's wish, or by a chargeback, which nobody asks the bot about. @throws ApiError 400 */
  refund(charge: string, userId: number, firstName: string): Payment {
    const payment = this.#payments.get(charge);
    if (!payment) throw badRequest('CHARGE_NOT_FOUND');
    if (payment.userId !== userId) throw badRequest('USER_ID_INVALID');
    if (payment.refunded) throw badRequest('CHARGE_ALREADY_REFUNDED');
    payment.refunded = true;
    this.#transactions.push({
      id: charge,
      amount: payment.amount,
      date: Math.floor(Date.now() / 1000),
      receiver: partner(userId, firstName, payment.payload),
    });
    return payment;
  }

  payment(charge: string): Payment | undefined {
    return this.#payments.get(charge);
  }

  /** One that is no payment: a withdrawal, a fee, an advertisement. */
  record(transaction: Omit<StarTransaction, 'id' | 'date'>): void {
    const id = `stx${randomInt(2 ** 47).toString(36)}`;
    this.#transactions.push({ ...transaction, id, date: Math.floor(Date.now() / 1000) });
  }

  /** The oldest first, as bots get them (source: td, StarManager). */
  list(offset: number, limit: number): StarTransaction[] {
    return this.#transactions.slice(offset, offset + limit);
  }

  /** Whole Stars, and what is left in billionths. */
  balance(): { amount: number; nanostar_amount?: number } {
    let nanos = 0n;
    for (const { amount, nanostar_amount = 0, source } of this.#transactions) {
      const size = BigInt(amount) * 1_000_000_000n + BigInt(nanostar_amount);
      nanos += source ? size : -size;
    }
    const rest = Number(nanos % 1_000_000_000n);
    return { amount: Number(nanos / 1_000_000_000n), ...(rest !== 0 && { nanostar_amount: rest }) };
  }
}

const partner = (id: number, firstName: string, payload: string) => ({
  type: 'user',
  transaction_type: 'invoice_payment',
  user: { id, is_bot: false, first_name: firstName },
  invoice_payload: payload,
});
