/** Callbacks of payments as their providers sign and send them. */
import { createHash, createHmac } from 'node:crypto';
import { CALLBACK_PATHS, type CallbackSource } from '../../contract/paths.ts';

export const CRYPTO_PAY_TOKEN = '12345:AAtokenOfTheTests';
export const IPN_SECRET = 'ipn-secret-of-the-tests';

/** What a web task is given to take callbacks. */
export const CALLBACK_SECRETS = { CRYPTO_PAY_TOKEN, NOWPAYMENTS_IPN_SECRET: IPN_SECRET };

const hmac = (kind: 'sha256' | 'sha512', key: string | Buffer, text: string | Buffer): string =>
  createHmac(kind, key).update(text).digest('hex');

export const cryptoPaySignature = (raw: string | Buffer, token = CRYPTO_PAY_TOKEN): string =>
  hmac('sha256', createHash('sha256').update(token).digest(), raw);

type Json = Record<string, unknown>;

/** The function of NOWPayments' documentation, as it stands there: arrays become objects. */
export function documentedSort(object: Json): Json {
  return Object.keys(object)
    .sort()
    .reduce<Json>((result, key) => {
      const value = object[key];
      result[key] = value && typeof value === 'object' ? documentedSort(value as Json) : value;
      return result;
    }, {});
}

const keepingArrays = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(keepingArrays)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, keepingArrays(inner)]),
        )
      : value;

/** The ways in which its documents have it signed. */
export const NOWPAYMENTS_FORMS = {
  recursive: (body: Json) => JSON.stringify(documentedSort(body)),
  'arrays kept': (body: Json) => JSON.stringify(keepingArrays(body)),
  replacer: (body: Json) => JSON.stringify(body, Object.keys(body).sort()),
} as const;

export type Form = keyof typeof NOWPAYMENTS_FORMS;

export const nowPaymentsSignature = (body: Json, form: Form = 'recursive', secret = IPN_SECRET): string =>
  hmac('sha512', secret, NOWPAYMENTS_FORMS[form](body));

export const HEADERS = { cryptoPay: 'crypto-pay-api-signature', nowPayments: 'x-nowpayments-sig' } as const;

export interface Told {
  status: number;
  /** ms. */
  took: number;
}

/** Sends a callback; without a signature where none is given. */
export async function tell(
  origin: string,
  source: CallbackSource,
  body: string | Buffer,
  signature?: string,
): Promise<Told> {
  const began = performance.now();
  const response = await fetch(`${origin}${CALLBACK_PATHS[source]}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(signature !== undefined && { [HEADERS[source]]: signature }) },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  await response.arrayBuffer();
  return { status: response.status, took: performance.now() - began };
}

export const tellCryptoPay = (origin: string, body: string | Buffer): Promise<Told> =>
  tell(origin, 'cryptoPay', body, cryptoPaySignature(body));

export const tellNowPayments = (origin: string, body: Json, form?: Form): Promise<Told> =>
  tell(origin, 'nowPayments', JSON.stringify(body), nowPaymentsSignature(body, form));
