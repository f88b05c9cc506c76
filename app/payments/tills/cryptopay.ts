/** Crypto Pay (@CryptoBot): an invoice is paid whole or not at all, once. Its price is in US dollars, so nobody here converts. */
import { z } from 'zod';
import { decimal, share } from '../decimal.ts';
import type { TillClient } from './client.ts';
import { TillRefusal, type Deposit, type Till } from './till.ts';

const text = z.union([z.string(), z.number()]).transform(String);

const invoice = z.object({
  invoice_id: text,
  status: z.string(),
  currency_type: z.string().optional(),
  fiat: z.string().optional(),
  amount: text,
  payload: z.string().optional(),
  bot_invoice_url: z.string().optional(),
  paid_asset: z.string().optional(),
  paid_amount: text.optional(),
});
type Invoice = z.output<typeof invoice>;

const transfer = z.object({ spend_id: z.string().nullish(), status: z.string() });

const answers = {
  transfer: z.object({ ok: z.literal(true), result: transfer }),
  transfers: z.object({ ok: z.literal(true), result: z.object({ items: z.array(transfer) }) }),
  one: z.object({ ok: z.literal(true), result: invoice }),
  many: z.object({ ok: z.literal(true), result: z.object({ items: z.array(invoice) }) }),
};
const refused = z.object({ ok: z.literal(false), error: z.object({ name: z.string().optional() }) });

/** Ids that one question names. */
const BATCH = 100;
/** Entries that one question is answered with at most. */
const PAGE = 1000;

const FIAT = 'USD';

function deposit(seen: Invoice): Deposit {
  const { invoice_id: id, status, payload, amount, paid_amount: paid, paid_asset: asset } = seen;
  const whole = decimal(amount);
  const inDollars = seen.currency_type === 'fiat' && seen.fiat === FIAT;
  return {
    id,
    reference: payload,
    status,
    verdict: status === 'paid' ? 'paid' : status === 'expired' ? 'over' : 'waits',
    open: status === 'active',
    arrived: inDollars && whole ? share(whole, whole) : undefined,
    paid: paid && asset ? `${paid} ${asset}` : undefined,
    price: { amount, currency: seen.fiat ?? '?' },
    parent: undefined,
    children: [],
  };
}

export function cryptoPayTill(client: TillClient): Till {
  async function call<T>(
    method: string,
    input: object,
    shape: z.ZodType<T>,
    repeat: 'safe' | 'if-not-sent',
    signal: AbortSignal,
  ) {
    const { status, json } = await client.ask(
      { method: 'POST', path: `/${method}`, body: JSON.stringify(input) },
      repeat,
      signal,
    );
    const answer = shape.safeParse(json);
    if (answer.success) return answer.data;
    const code = refused.safeParse(json).data?.error.name;
    throw new TillRefusal(`cryptoPay: ${method}: ${status} ${code ?? 'not understood'}`, code);
  }

  /** Whatever the order in which they are listed. */
  async function list<T>(
    method: string,
    which: object,
    shape: z.ZodType<{ result: { items: T[] } }>,
    signal: AbortSignal,
  ): Promise<T[]> {
    const all: T[] = [];
    for (;;) {
      const { result } = await call(method, { ...which, offset: all.length, count: PAGE }, shape, 'safe', signal);
      all.push(...result.items);
      if (result.items.length < PAGE) return all;
    }
  }

  return {
    name: 'cryptoPay',
    atOnce: BATCH,
    async open({ reference, amount, description, lasts }, signal) {
      const input = {
        currency_type: 'fiat',
        fiat: FIAT,
        amount,
        description,
        payload: reference,
        allow_comments: false,
        allow_anonymous: false,
        expires_in: Math.max(60, Math.round(lasts / 1000)),
      };
      const { result } = await call('createInvoice', input, answers.one, 'if-not-sent', signal);
      return {
        id: result.invoice_id,
        status: result.status,
        ...(result.bot_invoice_url !== undefined && { url: result.bot_invoice_url }),
      };
    },
    async look(ids, signal) {
      const found: Deposit[] = [];
      for (let at = 0; at < ids.length; at += BATCH) {
        const input = { invoice_ids: ids.slice(at, at + BATCH).join(','), count: BATCH };
        const { result } = await call('getInvoices', input, answers.many, 'safe', signal);
        found.push(...result.items.map(deposit));
      }
      return found;
    },
    allPaid: async (signal) => (await list('getInvoices', { status: 'paid' }, answers.many, signal)).map(deposit),
    giveBack: {
      async make({ key: spend_id, userId: user_id, paid, comment }, signal) {
        const [, amount, asset] = /^([0-9.]+) ([A-Z0-9]+)$/.exec(paid) ?? [];
        if (amount === undefined) throw new TillRefusal(`cryptoPay: "${paid}" is no sum of a coin`, 'AMOUNT_INVALID');
        // Its key makes it one, however often it is asked for.
        await call('transfer', { user_id, asset, amount, spend_id, comment }, answers.transfer, 'safe', signal);
      },
      async made(spend_id, signal) {
        const { result } = await call('getTransfers', { spend_id, count: 1 }, answers.transfers, 'safe', signal);
        return result.items.some((item) => item.spend_id === spend_id && item.status === 'completed');
      },
      async all(signal) {
        const made = await list('getTransfers', {}, answers.transfers, signal);
        return made.flatMap(({ spend_id, status }) => (spend_id != null && status === 'completed' ? [spend_id] : []));
      },
    },
    idIn: (json) => z.object({ payload: invoice.pick({ invoice_id: true }) }).safeParse(json).data?.payload.invoice_id,
  };
}
