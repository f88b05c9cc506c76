/** A callback in the inbox: beside the updates, in the lane of who paid, under an id that no update has. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CALLBACK_PATHS, type CallbackSource } from '../../../contract/paths.ts';
import type { StoredUpdate } from '../../lanes/update.ts';
import type { IncomingUpdate } from '../update.ts';

/** What is stored of it: every byte that came. As text where it is one, which it is but for a broken sender. */
const envelope = z.union([
  z.strictObject({ callback: z.enum(Object.keys(CALLBACK_PATHS) as CallbackSource[]), text: z.string() }),
  z.strictObject({ callback: z.enum(Object.keys(CALLBACK_PATHS) as CallbackSource[]), base64: z.base64() }),
]);

export interface Callback {
  source: CallbackSource;
  /** As it came. */
  raw: Buffer;
}

/** Ids of updates are positive; of a hash, 52 bits are a safe integer. Two callbacks of one id: the first alone is kept, and the watch finds the other. */
const BITS = 52n;

/** Below every id of an update: the same for the same bytes, so that what comes again is stored once. */
function idOf(source: CallbackSource, raw: Buffer): number {
  const hash = createHash('sha256').update(source).update('\n').update(raw).digest();
  return -1 - Number(hash.readBigUInt64BE() >> (64n - BITS));
}

export const isCallback = ({ updateId }: Pick<StoredUpdate, 'updateId'>): boolean => updateId < 0;

/**
 * As the intake stores it.
 * @param payer Telegram's id of who ordered, as far as the callback says it; it decides about order alone, never about money
 */
export function incomingCallback({ source, raw }: Callback, botId: number, payer: number | undefined): IncomingUpdate {
  const text = raw.toString('utf8');
  const body = Buffer.from(text).equals(raw)
    ? { callback: source, text }
    : { callback: source, base64: raw.toString('base64') };
  const updateId = idOf(source, raw);
  return {
    updateId,
    queue: 'payment',
    lane: `${botId}:pay:${payer ?? `${source}:${-updateId}`}`,
    body: JSON.stringify(body),
  };
}

/** @throws for a body that no release has written */
export function storedCallback({ body }: Pick<StoredUpdate, 'body'>): Callback {
  const kept = envelope.parse(JSON.parse(body));
  return {
    source: kept.callback,
    raw: 'text' in kept ? Buffer.from(kept.text) : Buffer.from(kept.base64, 'base64'),
  };
}
