/** How a provider tells of payments by callbacks; each is beside the feature by which people pay it (app/features/receivers.ts). */
import { timingSafeEqual } from 'node:crypto';
import type { CallbackSource } from '../../../contract/paths.ts';

export interface Receiver {
  source: CallbackSource;
  path: string;
  /** Lower case. */
  header: string;
  /** Of what the header holds: anything else is refused before the body is read. */
  form: RegExp;
  /** Fails closed: no secret, no header, another length are all "nobody". */
  isSigned(raw: Buffer, signature: string): boolean;
  /** Telegram's id of who ordered, for the lane; undefined where it does not say. */
  payerOf(raw: Buffer): number | undefined;
}

/** From its secrets; one that is being rotated has two. */
export type MakesReceiver = (secrets: readonly string[]) => Receiver;

type Json = Record<string, unknown>;

/** What stands at a path of a body; undefined where it is no JSON, or there is nothing. */
export function jsonAt(raw: Buffer, ...path: string[]): unknown {
  try {
    return path.reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? (value as Json)[key] : undefined),
      JSON.parse(raw.toString('utf8')),
    );
  } catch {
    return undefined;
  }
}

/** Of a digest in hexadecimal and those that it may be, in a time that says nothing of where they differ. */
export const isOneOf = (given: string, wanted: readonly Buffer[]): boolean =>
  wanted.reduce((found, digest) => same(given, digest) || found, false);

function same(given: string, wanted: Buffer): boolean {
  const bytes = Buffer.from(given, 'hex');
  return bytes.length === wanted.length ? timingSafeEqual(bytes, wanted) : !timingSafeEqual(wanted, wanted);
}
