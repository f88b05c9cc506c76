/**
 * NOWPayments: an address that takes any sum, any number of times. What arrives is credited by its share of what was due;
 * a further payment to the address has an id of its own, with the first as its parent.
 */
import { z } from 'zod';
import { decimal, share, WHOLE, type Share } from '../decimal.ts';
import type { TillClient } from './client.ts';
import { TillRefusal, type Deposit, type Till } from './till.ts';

/** Ids come as texts or numbers; amounts as either. */
const text = z.union([z.string(), z.number()]).transform(String);

const payment = z.object({
  payment_id: text,
  payment_status: z.string(),
  parent_payment_id: text.nullish(),
  payment_extra_ids: z.array(text).nullish().catch(undefined),
  order_id: text.nullish(),
  price_amount: text,
  price_currency: z.string(),
  pay_amount: text.nullish(),
  pay_currency: z.string(),
  actually_paid: text.nullish(),
});
type Payment = z.output<typeof payment>;

const opened = z.object({
  payment_id: text,
  payment_status: z.string(),
  pay_address: z.string(),
  pay_amount: text,
  pay_currency: z.string(),
  payin_extra_id: text.nullish(),
});
const least = z.object({ fiat_equivalent: text });
const refused = z.object({ message: z.string() });

const CURRENCY = 'usd';

/** Nothing comes of these any more. `expired` is not among them: money may come late. */
const OVER = new Set(['failed', 'refunded']);
const ARRIVED = new Set(['finished', 'partially_paid']);

/** What arrived of what was due. Of a further payment, what was due is the first one's, if it is of the same coin. */
function arrivedOf(seen: Payment, parent: Payment | undefined): Share | undefined {
  if (seen.parent_payment_id && parent?.pay_currency !== seen.pay_currency) return undefined;
  const part = decimal(seen.actually_paid ?? undefined);
  const whole = decimal((parent ?? seen).pay_amount ?? undefined);
  const found = part && whole && share(part, whole);
  // Finished although less came: its dashboard covers a small difference, or a person there has decided so.
  const isWhole = seen.payment_status === 'finished' && !parent && (!found || found.part < found.whole);
  return isWhole ? WHOLE : found;
}

function deposit(seen: Payment, parent: Payment | undefined): Deposit {
  const { payment_id: id, payment_status: status } = seen;
  const price = parent ?? seen;
  return {
    id,
    reference: seen.order_id ?? parent?.order_id ?? undefined,
    status,
    verdict: OVER.has(status) ? 'over' : ARRIVED.has(status) ? 'paid' : 'waits',
    open: !OVER.has(status) && status !== 'finished',
    arrived: price.price_currency.toLowerCase() === CURRENCY ? arrivedOf(seen, parent) : undefined,
    paid: seen.actually_paid ? `${seen.actually_paid} ${seen.pay_currency.toUpperCase()}` : undefined,
    price: { amount: price.price_amount, currency: price.price_currency.toUpperCase() },
    parent: seen.parent_payment_id ?? undefined,
    children: seen.payment_extra_ids ?? [],
  };
}

interface Options {
  coin: string;
  /** Where it tells of the payment; undefined: nowhere, and it is found by asking alone. */
  callbackUrl: string | undefined;
}

export function nowPaymentsTill(client: TillClient, { coin, callbackUrl }: Options): Till {
  async function one(id: string, signal: AbortSignal): Promise<Payment | undefined> {
    const path = `/payment/${encodeURIComponent(id)}`;
    const { status, json } = await client.ask({ method: 'GET', path }, 'safe', signal);
    if (status === 404) return undefined;
    const answer = payment.safeParse(json);
    if (status < 400 && answer.success) return answer.data;
    throw new TillRefusal(
      `nowPayments: payment ${id}: ${status} ${refused.safeParse(json).data?.message ?? 'not understood'}`,
    );
  }

  return {
    name: 'nowPayments',
    atOnce: 1,
    async open({ reference, amount, description }, signal) {
      const body = JSON.stringify({
        price_amount: Number(amount),
        price_currency: CURRENCY,
        pay_currency: coin,
        order_id: reference,
        order_description: description,
        ...(callbackUrl !== undefined && { ipn_callback_url: callbackUrl }),
        is_fixed_rate: false,
      });
      const { status, json } = await client.ask({ method: 'POST', path: '/payment', body }, 'if-not-sent', signal);
      const answer = opened.safeParse(json);
      if (status >= 400 || !answer.success)
        throw new TillRefusal(`nowPayments: ${status} ${refused.safeParse(json).data?.message ?? 'not understood'}`);
      const { payment_id: id, payment_status, pay_address, pay_amount, pay_currency, payin_extra_id } = answer.data;
      return {
        id,
        status: payment_status,
        send: {
          amount: pay_amount,
          currency: pay_currency.toUpperCase(),
          address: pay_address,
          ...(payin_extra_id && { memo: payin_extra_id }),
        },
      };
    },
    // It changes with what its network costs, by the hour.
    async least(signal) {
      const path = `/min-amount?currency_from=${coin}&currency_to=${coin}&fiat_equivalent=${CURRENCY}`;
      const { status, json } = await client.ask({ method: 'GET', path }, 'safe', signal);
      return status < 400 ? least.safeParse(json).data?.fiat_equivalent : undefined;
    },
    async look(ids, signal) {
      const found: Deposit[] = [];
      for (const id of ids) {
        const seen = await one(id, signal);
        if (!seen) continue;
        const parent = seen.parent_payment_id ? await one(seen.parent_payment_id, signal) : undefined;
        found.push(deposit(seen, parent));
      }
      return found;
    },
    idIn: (json) => payment.pick({ payment_id: true }).safeParse(json).data?.payment_id,
  };
}
