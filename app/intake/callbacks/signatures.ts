/** Who has signed a callback. Everything fails closed: no secret, no header, another length are all "nobody". */
import { createHash, createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';

type Json = unknown;

/** Of two digests in hexadecimal, in a time that says nothing of where they differ. */
function same(given: string, wanted: Buffer): boolean {
  const bytes = Buffer.from(given, 'hex');
  return bytes.length === wanted.length ? timingSafeEqual(bytes, wanted) : !timingSafeEqual(wanted, wanted);
}

/** Keys of what signs, each made once: from its bytes one costs more than the digest of a callback. A task has two secrets a provider at most. */
function keysBy(bytes: (secret: string) => Buffer): (secret: string) => KeyObject {
  const made = new Map<string, KeyObject>();
  return (secret) => {
    const key = made.get(secret) ?? createSecretKey(bytes(secret));
    made.set(secret, key);
    return key;
  };
}
const cryptoPayKey = keysBy((token) => createHash('sha256').update(token).digest());
const nowPaymentsKey = keysBy((secret) => Buffer.from(secret));

/** Crypto Pay: HMAC-SHA256 of the bytes as they came; its key is the SHA-256 of the token. */
export function signedByCryptoPay(raw: Buffer, signature: string, tokens: readonly string[]): boolean {
  return tokens
    .map((token) => createHmac('sha256', cryptoPayKey(token)).update(raw).digest())
    .reduce((found, wanted) => same(signature, wanted) || found, false);
}

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

/** NOWPayments: HMAC-SHA512 of the body written again with its keys sorted, in any of the documented forms. */
export function signedByNowPayments(raw: Buffer, signature: string, secrets: readonly string[]): boolean {
  let texts: string[];
  try {
    texts = forms(JSON.parse(raw.toString('utf8')));
  } catch {
    // No JSON, or nested beyond any reason.
    return false;
  }
  return secrets
    .flatMap((secret) => texts.map((text) => createHmac('sha512', nowPaymentsKey(secret)).update(text).digest()))
    .reduce((found, wanted) => same(signature, wanted) || found, false);
}
