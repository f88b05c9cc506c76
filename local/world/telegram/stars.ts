/** Telegram Stars: invoices, payments, the bot's balance, and the list of its transactions. */
import { randomInt } from 'node:crypto';
import type { Invoice, Mandate, StarTransaction } from '../../contract/index.ts';
import { badRequest } from './errors.ts';

/** Stars that a payment asks for whose invoice nobody has seen. */
const AMOUNT = 100;

export interface Payment {
  charge: string;
  userId: number;
  payload: string;
  amount: number;
  refunded: boolean;
  /** Of a subscription. */
  recurring?: { until: number; isFirst: boolean };
}

/** What a subscription pays for, s; the only one that Telegram sells. */
export const MONTH = 2_592_000;

interface Payer {
  userId: number;
  firstName: string;
}

/** As JSON. */
export interface StarsState {
  invoices: Invoice[];
  payments: Payment[];
  links: [slug: string, payload: string][];
  transactions: StarTransaction[];
  mandates: Mandate[];
}

export class Stars {
  /** The last invoice of each payload. */
  readonly #invoices = new Map<string, Invoice>();
  readonly #payments = new Map<string, Payment>();
  readonly #transactions: StarTransaction[] = [];
  /** Payloads by what comes behind `$` in a link. */
  readonly #links = new Map<string, string>();
  readonly #mandates: Mandate[] = [];
  /** How long a month is, s. */
  readonly #month: number;

  constructor(month = MONTH, state?: StarsState) {
    this.#month = month;
    if (!state) return;
    for (const invoice of state.invoices) this.#invoices.set(invoice.payload, invoice);
    for (const payment of state.payments) this.#payments.set(payment.charge, payment);
    for (const [slug, payload] of state.links) this.#links.set(slug, payload);
    this.#transactions.push(...state.transactions);
    this.#mandates.push(...state.mandates);
  }

  state(): StarsState {
    return {
      invoices: [...this.#invoices.values()],
      payments: [...this.#payments.values()],
      links: [...this.#links],
      transactions: this.#transactions,
      mandates: this.#mandates,
    };
  }

  offer(invoice: Invoice): void {
    this.#invoices.set(invoice.payload, invoice);
  }

  link(invoice: Invoice): string {
    this.offer(invoice);
    const slug = randomInt(2 ** 47).toString(36);
    this.#links.set(slug, invoice.payload);
    return `https://t.me/$${slug}`;
  }

  /** The payload of the invoice that a link leads to. */
  behind(url: string): string | undefined {
    return this.#links.get(/^https:\/\/t\.me\/\$(\w+)$/.exec(url)?.[1] ?? '');
  }

  priceOf(payload: string): number {
    return this.#invoices.get(payload)?.amount ?? AMOUNT;
  }

  /** The Stars change hands. What is paid for a subscription begins one, also where one runs already. */
  pay({ userId, firstName }: Payer, payload: string): Payment {
    const payment = this.#take({ userId, firstName }, payload);
    if (this.#invoices.get(payload)?.period === undefined) return payment;
    const paidUntil = Math.ceil(Date.now() / 1000) + this.#month;
    this.#mandates.push({ userId, payload, charge: payment.charge, paidUntil });
    payment.recurring = { until: paidUntil, isFirst: true };
    return payment;
  }

  /** A subscription is paid once more. */
  renew(mandate: Mandate, firstName: string): Payment {
    const payment = this.#take({ userId: mandate.userId, firstName }, mandate.payload);
    mandate.paidUntil = Math.max(mandate.paidUntil, Math.floor(Date.now() / 1000)) + this.#month;
    delete mandate.failed;
    payment.recurring = { until: mandate.paidUntil, isFirst: false };
    return payment;
  }

  mandates(userId: number): Mandate[] {
    return this.#mandates.filter((mandate) => mandate.userId === userId);
  }

  /** A subscription is over: nothing of it is paid any more. */
  end(mandate: Mandate): void {
    const at = this.#mandates.indexOf(mandate);
    if (at >= 0) this.#mandates.splice(at, 1);
  }

  /** As the bot wants it. @throws ApiError 400 */
  edit(userId: number, charge: string, isCanceled: boolean): void {
    const mandate = this.#mandates.find((one) => one.charge === charge && one.userId === userId);
    if (!mandate) throw badRequest('CHARGE_ID_INVALID');
    // Over its user's own: they cannot have again what the bot has cancelled as well.
    if (isCanceled) mandate.canceledBy = 'bot';
    // Allows its user to have it again: until they do, it is not paid.
    else if (mandate.canceledBy === 'bot') mandate.canceledBy = 'user';
  }

  #take({ userId, firstName }: Payer, payload: string): Payment {
    const charge = `stx${randomInt(2 ** 47).toString(36)}${Date.now().toString(36)}`;
    const payment: Payment = { charge, userId, payload, amount: this.priceOf(payload), refunded: false };
    this.#payments.set(charge, payment);
    this.#transactions.push({
      id: charge,
      amount: payment.amount,
      date: Math.floor(Date.now() / 1000),
      source: this.#partner(userId, firstName, payload),
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
      receiver: this.#partner(userId, firstName, payment.payload),
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

  #partner(id: number, firstName: string, payload: string): object {
    const period = this.#invoices.get(payload)?.period;
    return {
      type: 'user',
      transaction_type: 'invoice_payment',
      user: { id, is_bot: false, first_name: firstName },
      invoice_payload: payload,
      ...(period !== undefined && { subscription_period: period }),
    };
  }
}
