/**
 * Flood control. Telegram documents "about" 30 messages a second in all, 1 a second to one chat, where "short bursts" may
 * go over it, and 20 a minute to one group; it does not document how it counts. Modelled here, in real time:
 *
 * - in all, a bucket that holds one second's worth and fills at the rate;
 * - each private chat, a bucket that holds {@link CHAT_BURST} and fills at its rate;
 * - each group or channel, a window: so many in any 60 s.
 *
 * A refused call counts for nothing. Edits count as messages, typing actions and answers to queries not at all. What
 * came while this process was kept from running counts as come in its time: a busy machine is not a bot's haste.
 */
import type { TelegramLimits } from '../../contract/index.ts';
import { tooManyRequests } from './errors.ts';
import { text, type Params } from './params.ts';

export const DEFAULT_LIMITS: TelegramLimits = { global: 30, chat: 1, group: 20 };

/** Messages that a private chat may get at once. */
export const CHAT_BURST = 5;
const MINUTE = 60_000;
/** How often it is looked whether this process was kept from running, and how long that is made up for, ms. */
const TICK = 20;
const MADE_UP = 1000;
/** Chats that are remembered before those at rest are forgotten. */
const REMEMBERED = 10_000;

const COUNTED = /^(send(?!chataction$)|edit)/i;

/** A bucket: `level` messages of it were used at `at`. */
interface Bucket {
  level: number;
  at: number;
}

export class Limits {
  /** What is not named is unlimited. */
  limits: TelegramLimits;
  #all: Bucket = { level: 0, at: 0 };
  readonly #chats = new Map<string, Bucket>();
  /** When each of the last messages went to a group, oldest first. */
  readonly #groups = new Map<string, number[]>();

  readonly #ticking: NodeJS.Timeout;
  #tickedAt = performance.now();
  /** How long this process was kept from running lately, ms, and until when that counts. */
  #stalled = 0;
  #stalledUntil = 0;

  constructor(limits: TelegramLimits = DEFAULT_LIMITS) {
    this.limits = limits;
    this.#ticking = setInterval(() => {
      const now = performance.now();
      const stalled = now - this.#tickedAt - TICK;
      this.#tickedAt = now;
      if (stalled < this.#stalled && now < this.#stalledUntil) return;
      this.#stalled = stalled > TICK ? stalled : 0;
      this.#stalledUntil = now + MADE_UP;
    }, TICK).unref();
  }

  stop(): void {
    clearInterval(this.#ticking);
  }

  /** Counts a call. @throws ApiError 429 where it is too much */
  admit(method: string, params: Params): void {
    if (!COUNTED.test(method)) return;
    const { global, chat, group } = this.limits;
    const now = performance.now();
    const id = text(params, 'chat_id');
    const grouped = /^[-@]/.test(id);

    const waits = [global === undefined ? 0 : leaked(this.#all, global, global, now, this.#stalled)];
    let bucket: Bucket | undefined;
    let sent: number[] | undefined;
    if (id !== '' && grouped && group !== undefined) {
      sent = (this.#groups.get(id) ?? []).filter((at) => now - at < MINUTE);
      waits.push(sent.length < group ? 0 : sent[sent.length - group]! + MINUTE - now);
    }
    if (id !== '' && !grouped && chat !== undefined) {
      bucket = this.#chats.get(id) ?? { level: 0, at: now };
      waits.push(leaked(bucket, chat, CHAT_BURST, now, this.#stalled));
    }
    const wait = Math.max(...waits);
    if (wait > 0) throw tooManyRequests(Math.max(1, Math.ceil(wait / 1000)));

    this.#all.level += 1;
    if (sent) this.#groups.set(id, [...sent, now]);
    if (!bucket) return;
    bucket.level += 1;
    this.#chats.set(id, bucket);
    if (this.#chats.size > REMEMBERED) this.#forget(now);
  }

  #forget(now: number): void {
    for (const [id, bucket] of this.#chats) if (now - bucket.at > MINUTE) this.#chats.delete(id);
  }
}

/** Lets a bucket leak until now, below empty by what a stall kept from it; until one more has room, ms. */
function leaked(bucket: Bucket, perSecond: number, holds: number, now: number, stalled: number): number {
  const leaks = ((now - bucket.at) / 1000) * perSecond;
  bucket.level = Math.max((-stalled / 1000) * perSecond, bucket.level - leaks);
  bucket.at = now;
  return Math.max(0, ((bucket.level + 1 - Math.max(1, holds)) / perSecond) * 1000);
}
