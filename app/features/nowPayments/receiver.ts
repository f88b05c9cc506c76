/** NOWPayments tells of a payment by a callback, and signs it written again with its keys sorted: HMAC-SHA512. */
import { createHmac, createSecretKey } from 'node:crypto';
import { CALLBACK_PATHS } from '../../../contract/paths.ts';
import { isOneOf, jsonAt, type MakesReceiver } from '../../intake/callbacks/receivers.ts';
import { payerIn } from '../../payments/reference.ts';

type Json = unknown;

const isObject = (value: Json): value is Record<string, Json> => typeof value === 'object' && value !== null;

/** Keys in order on every level. The documented example makes objects of arrays; later ones keep them: `arrays` tells which. */
function sorted(value: Json, arrays: 'kept' | 'as objects'): Json {
  if (Array.isArray(value) && arrays === 'kept') return value.map((item) => sorted(item, arrays));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key], arrays)]),
  );
}

/**
 * The forms in which NOWPayments has documented what it signs: keys sorted on every level, arrays kept or made objects;
 * the older one sorts by the names of the first level, and so loses what is nested under other names.
 */
function forms(body: Json): string[] {
  return [
    JSON.stringify(sorted(body, 'kept')),
    JSON.stringify(sorted(body, 'as objects')),
    ...(isObject(body) ? [JSON.stringify(body, Object.keys(body).sort())] : []),
  ];
}

/** Undefined for what is no JSON, or is nested beyond any reason. */
function formsIn(raw: Buffer): string[] | undefined {
  try {
    return forms(JSON.parse(raw.toString('utf8')));
  } catch {
    return undefined;
  }
}

export const receiver: MakesReceiver = (secrets) => {
  // Made once: from its bytes one costs more than the digest of a callback.
  const keys = secrets.map((secret) => createSecretKey(Buffer.from(secret)));
  return {
    source: 'nowPayments',
    path: CALLBACK_PATHS.nowPayments,
    header: 'x-nowpayments-sig',
    form: /^[0-9a-f]{128}$/i,
    isSigned: (raw, signature) => {
      const texts = formsIn(raw) ?? [];
      return isOneOf(
        signature,
        keys.flatMap((key) => texts.map((text) => createHmac('sha512', key).update(text).digest())),
      );
    },
    payerOf: (raw) => payerIn(jsonAt(raw, 'order_id')),
  };
};
