/** The simulated NOWPayments: addresses that take any sum, notices that are signed in two ways, told a few times and then never. */
import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { PayerFaults, SimulatedPayer } from '../../contract/index.ts';
import { listen, readBody, sendJson } from '../http.ts';
import { createTeller, untilStopped } from './callbacks.ts';
import { labels, play } from './deeds.ts';

export interface NowPayment {
  payment_id: number;
  payment_status: string;
  parent_payment_id: number | null;
  payment_extra_ids: number[] | null;
  order_id: string;
  price_amount: number;
  price_currency: string;
  pay_amount: number;
  pay_currency: string;
  pay_address: string;
  actually_paid: number;
  fee: { currency: string; depositFee: number };
}

export interface SimulatedNowPayments extends SimulatedPayer {
  root: string;
  key: string;
  ipnSecret: string;
  /** The least that it takes, in dollars. */
  least: number;
  payments(): NowPayment[];
  /** A payment gets another status, and what arrived; its order is told. */
  becomes(id: number, status: string, actuallyPaid?: number): void;
  /** A further payment to the same address. @returns its id */
  again(id: number, amount: number, coin?: string): number;
  /** What it would send of a payment as it is, or as it is claimed to be, for whoever sends it instead. */
  signed(id: number, claimed?: object): { method: 'POST'; headers: Record<string, string>; body: string };
  /** Tells of a payment as it is, or as it is claimed to be. */
  tell(id: number, claimed?: object): void;
  answers: readonly number[];
  idle(): Promise<void>;
  stop(): Promise<void>;
}

const BODY_LIMIT = 64 * 1024;
/** As its dashboard proposes: three tries. */
const ATTEMPTS = 3;
const PATIENCE = 3_000;

const wanted = z.object({
  price_amount: z.number().positive(),
  price_currency: z.literal('usd'),
  pay_currency: z.string(),
  order_id: z.string(),
  ipn_callback_url: z.url().optional(),
});

type Json = Record<string, unknown>;

/** As it stands in the documentation: arrays become objects. */
const sorted = (object: Json): Json =>
  Object.keys(object)
    .sort()
    .reduce<Json>((result, key) => {
      const value = object[key];
      result[key] = value && typeof value === 'object' ? sorted(value as Json) : value;
      return result;
    }, {});

export async function startNowPayments({
  host = '127.0.0.1',
  port = 0,
  pause = 50,
} = {}): Promise<SimulatedNowPayments> {
  const key = randomBytes(14).toString('hex').toUpperCase();
  const ipnSecret = randomBytes(16).toString('base64url');
  const payments = new Map<number, NowPayment>();
  const urls = new Map<number, string | undefined>();
  let faults: PayerFaults = {};
  let last = 5_000_000_000;
  let least = 0.5;
  let url: string | undefined;
  const teller = createTeller(() => url, { attempts: ATTEMPTS, pause, patience: PATIENCE });

  function signed(id: number, claimed: object = {}) {
    const body = { ...payments.get(id)!, ...claimed } as Json;
    const text = faults.oldSignature ? JSON.stringify(body, Object.keys(body).sort()) : JSON.stringify(sorted(body));
    const signature = createHmac('sha512', ipnSecret).update(text).digest('hex');
    const headers = { 'content-type': 'application/json', 'x-nowpayments-sig': signature };
    return { method: 'POST' as const, headers, body: JSON.stringify(body) };
  }

  function tell(id: number, claimed?: object): void {
    const { body, headers } = signed(id, claimed);
    url = urls.get(id);
    for (let copy = 0; copy < (faults.duplicates ?? 1); copy++) teller.tell(body, headers);
  }

  const server = await listen(handle, host, port);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, BODY_LIMIT);
    if (faults.error) return sendJson(response, 500, '{"message":"Internal error"}');
    if (request.headers['x-api-key'] !== key) return sendJson(response, 403, '{"message":"Invalid api key"}');
    if (request.method === 'GET' && request.url?.startsWith('/v1/min-amount?'))
      return sendJson(response, 200, JSON.stringify({ min_amount: least, fiat_equivalent: least }));
    const [, , asked] = /^\/(v1)\/payment(?:\/(\d+))?$/.exec(request.url!) ?? [];
    if (request.method === 'GET' && asked !== undefined) {
      const found = payments.get(Number(asked));
      return found
        ? sendJson(response, 200, JSON.stringify(found))
        : sendJson(response, 404, '{"message":"Payment not found"}');
    }
    if (request.method !== 'POST') return sendJson(response, 404, '{"message":"not found"}');
    const input = wanted.safeParse(JSON.parse(body.toString()));
    if (!input.success) return sendJson(response, 400, JSON.stringify({ message: z.prettifyError(input.error) }));
    const { price_amount, price_currency, pay_currency, order_id, ipn_callback_url } = input.data;
    const id = (last += 1);
    const made: NowPayment = {
      payment_id: id,
      payment_status: 'waiting',
      parent_payment_id: null,
      payment_extra_ids: null,
      order_id,
      price_amount,
      price_currency,
      // A sum that no binary number is equal to.
      pay_amount: Number((price_amount * 1.18).toFixed(6)),
      pay_currency,
      pay_address: `T${randomBytes(16).toString('hex')}`,
      actually_paid: 0,
      fee: { currency: pay_currency, depositFee: 0 },
    };
    payments.set(id, made);
    urls.set(id, ipn_callback_url);
    if (faults.loseAnswers) return;
    // The same call gives the id as text where the other gives a number.
    sendJson(response, 201, JSON.stringify({ ...made, payment_id: String(id) }));
  }

  function changed(id: number): void {
    if (!faults.loseCallbacks) tell(id);
  }

  function becomes(id: number, status: string, actuallyPaid?: number): void {
    const payment = payments.get(id)!;
    payment.payment_status = status;
    if (actuallyPaid !== undefined) payment.actually_paid = actuallyPaid;
    changed(id);
  }

  function again(id: number, amount: number, coin?: string): number {
    const parent = payments.get(id)!;
    const child = (last += 1);
    parent.payment_extra_ids = [...(parent.payment_extra_ids ?? []), child];
    payments.set(child, {
      ...parent,
      payment_id: child,
      payment_status: 'finished',
      parent_payment_id: id,
      payment_extra_ids: null,
      pay_amount: amount,
      actually_paid: amount,
      pay_currency: coin ?? parent.pay_currency,
    });
    urls.set(child, urls.get(id));
    changed(child);
    return child;
  }

  const due = (id: number): number => payments.get(id)!.pay_amount;
  const UNPAID = ['waiting', 'confirming', 'expired'];
  const CAME = ['finished', 'partially_paid'];
  const deeds = {
    pay: { label: 'Pay it all', at: UNPAID, does: (id: number) => becomes(id, 'finished', due(id)) },
    half: { label: 'Pay half', at: UNPAID, does: (id: number) => becomes(id, 'partially_paid', due(id) / 2) },
    confirm: { label: 'Seen, not sure', at: 'waiting', does: (id: number) => becomes(id, 'confirming', due(id)) },
    expire: { label: 'Let it expire', at: ['waiting', 'confirming'], does: (id: number) => becomes(id, 'expired') },
    claim: {
      label: 'A false notice',
      at: UNPAID,
      does: (id: number) => tell(id, { payment_status: 'finished', actually_paid: due(id) }),
    },
    rest: { label: 'Finish by hand', at: 'partially_paid', does: (id: number) => becomes(id, 'finished') },
    again: { label: 'Pay again', at: CAME, does: (id: number) => void again(id, due(id)) },
    other: { label: 'In another coin', at: CAME, does: (id: number) => void again(id, 7, 'trx') },
    fail: { label: 'Fail after all', at: CAME, does: (id: number) => becomes(id, 'failed') },
    tell: { label: 'Tell again', at: [...CAME, 'failed'], does: (id: number) => tell(id) },
  };

  return {
    bills: () =>
      [...payments.values()].map((payment) => ({
        id: String(payment.payment_id),
        reference: payment.order_id,
        due: `${payment.pay_amount} ${payment.pay_currency.toUpperCase()}`,
        status: payment.payment_status,
        address: payment.pay_address,
        deeds: labels(deeds, payment.payment_status),
      })),
    play: (id, deed) => play(deeds, deed, Number(id), payments.get(Number(id))?.payment_status),
    root: `${server.origin}/v1`,
    key,
    ipnSecret,
    get faults() {
      return faults;
    },
    set faults(next) {
      faults = next;
    },
    get least() {
      return least;
    },
    set least(next) {
      least = next;
    },
    payments: () => [...payments.values()],
    becomes,
    again,
    signed,
    tell,
    ...untilStopped(teller, server),
  };
}
