/** The simulated Crypto Pay: invoices that are paid whole, a webhook that is signed over its bytes and switched off after too many errors. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { PayerFaults, SimulatedPayer } from '../../contract/index.ts';
import { listen, readBody, sendJson } from '../http.ts';
import { createTeller, untilStopped } from './callbacks.ts';
import { labels, play } from './deeds.ts';

export interface CryptoInvoice {
  invoice_id: number;
  status: 'active' | 'paid' | 'expired';
  currency_type: 'fiat';
  fiat: string;
  amount: string;
  payload: string;
  bot_invoice_url: string;
  paid_asset?: string;
  paid_amount?: string;
}

export interface CryptoTransfer {
  transfer_id: number;
  spend_id: string;
  user_id: number;
  asset: string;
  amount: string;
  status: 'completed';
}

export interface SimulatedCryptoPay extends SimulatedPayer {
  root: string;
  token: string;
  /** Where it tells; as set in @CryptoBot. */
  webhook: string | undefined;
  invoices(): CryptoInvoice[];
  /** What was given back. */
  transfers(): readonly CryptoTransfer[];
  /** The person pays. @throws where it cannot be paid any more */
  pay(id: number): void;
  expire(id: number): void;
  /** Tells of an invoice as it is, once more. */
  tell(id: number): void;
  /** What its tries were answered. */
  answers: readonly number[];
  /** Resolves when nothing is told any more. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

const BODY_LIMIT = 64 * 1024;
/** Tries after which the webhook is switched off. */
const ATTEMPTS = 17;

const wanted = z.object({
  currency_type: z.literal('fiat'),
  fiat: z.string(),
  amount: z.string().regex(/^\d+(\.\d+)?$/),
  payload: z.string().max(4096),
  expires_in: z.int().min(1).max(2_678_400),
});

const transferred = z.object({
  user_id: z.int().positive(),
  asset: z.string().min(2),
  amount: z.string().regex(/^\d+(\.\d+)?$/),
  spend_id: z.string().min(1).max(64),
});

const paged = z.object({ offset: z.int().min(0).default(0), count: z.int().min(1).max(1000).default(100) });
const pageOf = <T>(all: readonly T[], { offset, count }: z.output<typeof paged>): T[] =>
  all.slice(offset, offset + count);

export async function startCryptoPay({ host = '127.0.0.1', port = 0, pause = 50 } = {}): Promise<SimulatedCryptoPay> {
  const token = `${1000 + randomBytes(2).readUInt16BE()}:AA${randomBytes(16).toString('hex')}`;
  const invoices = new Map<number, CryptoInvoice>();
  const transfers: CryptoTransfer[] = [];
  let faults: PayerFaults = {};
  let webhook: string | undefined;
  let last = 0;
  const teller = createTeller(() => webhook, { attempts: ATTEMPTS, pause, patience: 10_000 });

  function tell(id: number): void {
    // Odd spacing and an é: whoever writes it again has another signature.
    const body = `{ "update_id":${(last += 1)}, "update_type":"invoice_paid", "note": "é",\n "payload": ${JSON.stringify(faults.nameless ? {} : invoices.get(id))} }`;
    const key = createHash('sha256').update(token).digest();
    const headers = { 'crypto-pay-api-signature': createHmac('sha256', key).update(body).digest('hex') };
    for (let copy = 0; copy < (faults.duplicates ?? 1); copy++) teller.tell(body, headers);
  }

  const server = await listen(handle, host, port);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, BODY_LIMIT);
    if (faults.error) return sendJson(response, 500, '{}');
    if (request.headers['crypto-pay-api-token'] !== token)
      return sendJson(response, 401, '{"ok":false,"error":{"code":401,"name":"UNAUTHORIZED"}}');
    const input: unknown = body.length > 0 ? JSON.parse(body.toString()) : {};
    if (request.url === '/api/createInvoice') {
      const { amount, fiat, payload } = wanted.parse(input);
      const id = (last += 1);
      const made: CryptoInvoice = {
        invoice_id: id,
        status: 'active',
        currency_type: 'fiat',
        fiat,
        amount,
        payload,
        bot_invoice_url: `https://t.me/CryptoBot?start=IV${id}`,
      };
      invoices.set(id, made);
      if (faults.loseAnswers) return;
      return sendJson(response, 200, JSON.stringify({ ok: true, result: made }));
    }
    if (request.url === '/api/transfer') {
      const sent = transferred.parse(input);
      const refusal =
        faults.refuseRefunds ?? (transfers.some((one) => one.spend_id === sent.spend_id) && 'SPEND_ID_USED');
      if (refusal) return sendJson(response, 400, JSON.stringify({ ok: false, error: { code: 400, name: refusal } }));
      const made: CryptoTransfer = { transfer_id: (last += 1), ...sent, status: 'completed' };
      transfers.push(made);
      if (faults.loseAnswers) return;
      return sendJson(response, 200, JSON.stringify({ ok: true, result: made }));
    }
    if (request.url === '/api/getTransfers') {
      const { spend_id: key, ...page } = paged.extend({ spend_id: z.string().optional() }).parse(input);
      const known = transfers.filter((one) => key === undefined || one.spend_id === key);
      const items = pageOf(known.toReversed(), page);
      return sendJson(response, 200, JSON.stringify({ ok: true, result: { items } }));
    }
    if (request.url === '/api/getInvoices') {
      const which = paged.extend({ invoice_ids: z.string().optional(), status: z.string().optional() }).parse(input);
      const ids = which.invoice_ids?.split(',').map(Number) ?? [...invoices.keys()].reverse();
      const known = ids.flatMap((id) => invoices.get(id) ?? []);
      const items = pageOf(
        known.filter(({ status }) => which.status === undefined || status === which.status),
        which,
      );
      return sendJson(response, 200, JSON.stringify({ ok: true, result: { items } }));
    }
    return sendJson(response, 405, '{"ok":false,"error":{"code":405,"name":"METHOD_NOT_FOUND"}}');
  }

  function pay(id: number): void {
    const invoice = invoices.get(id);
    if (invoice?.status !== 'active') throw new Error(`invoice ${id} cannot be paid`);
    Object.assign(invoice, { status: 'paid', paid_asset: 'USDT', paid_amount: invoice.amount });
    if (!faults.loseCallbacks) tell(id);
  }
  const expire = (id: number): void => void (invoices.get(id)!.status = 'expired');
  const deeds = {
    pay: { label: 'Pay', at: 'active', does: pay },
    expire: { label: 'Let it expire', at: 'active', does: expire },
    tell: { label: 'Tell again', at: 'paid', does: tell },
  };

  return {
    bills: () =>
      [...invoices.values()].map(({ invoice_id: id, payload, amount, fiat, status, bot_invoice_url: url }) => ({
        id: String(id),
        reference: payload,
        due: `${amount} ${fiat}`,
        status,
        url,
        deeds: labels(deeds, status),
      })),
    play: (id, deed) => play(deeds, deed, Number(id), invoices.get(Number(id))?.status),
    root: server.origin,
    token,
    get faults() {
      return faults;
    },
    set faults(next) {
      faults = next;
    },
    get webhook() {
      return webhook;
    },
    set webhook(next) {
      webhook = next;
    },
    invoices: () => [...invoices.values()],
    transfers: () => transfers,
    pay,
    expire,
    tell,
    ...untilStopped(teller, server),
  };
}
