/** The providers that tell of payments by callbacks: how each signs, and where it says whose payment it is. */
import { CALLBACK_PATHS, type CallbackSource } from '../../../contract/paths.ts';
import { payerIn } from '../../payments/reference.ts';
import { signedByCryptoPay, signedByNowPayments } from './signatures.ts';

export interface Receiver {
  source: CallbackSource;
  path: string;
  /** Lower case. */
  header: string;
  /** Of what the header holds: anything else is refused before the body is read. */
  form: RegExp;
  isSigned(raw: Buffer, signature: string): boolean;
  /** Telegram's id of who ordered, for the lane; undefined where it does not say. */
  payerOf(raw: Buffer): number | undefined;
}

/** Secrets of the providers; one that is being rotated has two. */
export interface CallbackSecrets {
  cryptoPay: readonly string[];
  nowPayments: readonly string[];
}

type Json = Record<string, unknown>;

function read(raw: Buffer, ...path: string[]): unknown {
  try {
    return path.reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? (value as Json)[key] : undefined),
      JSON.parse(raw.toString('utf8')),
    );
  } catch {
    return undefined;
  }
}

/** A receiver for each provider whose secret is set, whatever is for sale: payments may be under way (fault route-switched-off). */
export function receiversOf({ cryptoPay, nowPayments }: CallbackSecrets): Receiver[] {
  const known: (Receiver & { secrets: readonly string[] })[] = [
    {
      source: 'cryptoPay',
      path: CALLBACK_PATHS.cryptoPay,
      header: 'crypto-pay-api-signature',
      form: /^[0-9a-f]{64}$/i,
      isSigned: (raw, signature) => signedByCryptoPay(raw, signature, cryptoPay),
      payerOf: (raw) => payerIn(read(raw, 'payload', 'payload')),
      secrets: cryptoPay,
    },
    {
      source: 'nowPayments',
      path: CALLBACK_PATHS.nowPayments,
      header: 'x-nowpayments-sig',
      form: /^[0-9a-f]{128}$/i,
      isSigned: (raw, signature) => signedByNowPayments(raw, signature, nowPayments),
      payerOf: (raw) => payerIn(read(raw, 'order_id')),
      secrets: nowPayments,
    },
  ];
  return known.filter(({ secrets }) => secrets.length > 0).map(({ secrets: _own, ...receiver }) => receiver);
}
