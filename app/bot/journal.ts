/**
 * The journal of an update's sends. Telegram's sends have no idempotency key, so an update that is run again must not
 * repeat what was done. What became of each send is kept at its place in the order of the calls:
 *
 * - confirmed: not sent again, its handler is given the same result;
 * - refused: its handler is given the same refusal, as long as it went on after it;
 * - unknown (it left, and no answer said what became of it): sent again once at most, and only after Telegram has
 *   answered something else, and sends of others are not left without an answer (arrivals.ts); or never, where the posture says so. Then it is listed for a person (fault ambiguous-send).
 *
 * A confirmed send is recorded before the next one begins; the last one is covered by the update's own "done", or
 * recorded by the lane where the handler fails. So a kill repeats the one send in flight, or the last one if its "done"
 * was not committed yet; and a handler with one send costs no extra write.
 */
import type { Transformer } from 'grammy';
import { RetryLater, UnknownSend } from '../outcome.ts';
import type { AmbiguousSend, Turn } from '../lanes/update.ts';
import { describeError } from '../log.ts';
import { ProviderFailure } from '../providers/policy.ts';
import { isUnchanged } from '../providers/telegram-answer.ts';
import { isRepeatable } from '../providers/telegram-methods.ts';
import type { TelegramClient } from '../providers/telegram.ts';
import { answering } from './answers.ts';
import { pauseOf } from '../pause.ts';
import { Places } from './places.ts';
import { askTelegram } from './proof.ts';

export interface Journal {
  transformer: Transformer;
  /** To be called right before a request leaves, with its payload. Throws where the lane is no longer held. */
  leaving: (payload: unknown) => void;
  /** Resolves when no send of this turn is under way. */
  idle(): Promise<void>;
  /** Lists the send whose outcome is unknown, where one is left of an update that is over: its handler caught the error. */
  leftUnknown(): UnknownSend | undefined;
}

/** How often a send may leave with an unknown outcome. */
const TRIES = { once: 2, never: 1 };

export function createJournal(turn: Turn, telegram: Pick<TelegramClient, 'ambiguous' | 'count' | 'arrivals'>): Journal {
  const { update } = turn;
  const key = `${update.botId}:${update.updateId}`;
  const places = new Places(update);
  /** What is to be done when a call's request leaves, by its payload. */
  const leaves = new Map<unknown, () => void>();
  const underWay = new Map<number, Promise<unknown>>();
  const answer = answering(turn, places, leaves);

  let confirmed = 0;
  let recorded = 0;
  let recording: Promise<void> = Promise.resolve();

  /** Before a send begins, those before it are safe. */
  async function recordConfirmed(): Promise<void> {
    if (confirmed > recorded) {
      recorded = confirmed;
      recording = turn.recordSends(places.settled(new Set(underWay.keys())));
    }
    await recording;
  }

  function list({ method, reason }: AmbiguousSend): UnknownSend {
    telegram.count('listed');
    turn.log.warn({ lane: update.lane, updateId: update.updateId, method, reason }, 'send listed as unknown');
    return new UnknownSend(`telegram: nobody knows whether ${method} arrived, and it is not sent again: ${reason}`);
  }

  /** One send at its place, of which an earlier attempt may know that it left. */
  const send =
    (place: number, before: AmbiguousSend | undefined): Transformer =>
    async (prev, method, payload, signal) => {
      const tries = (before?.tries ?? 0) + 1;
      const unknown = (reason: string): AmbiguousSend => {
        const record: AmbiguousSend = { method, state: 'unknown', tries, reason, at: new Date().toISOString() };
        places.keep(place, record);
        return record;
      };
      const own = { ...payload };
      const began = performance.now();
      let left = false;
      leaves.set(own, () => {
        if (!left && before) telegram.count('repeated');
        left = true;
        unknown('it was under way');
      });
      try {
        const answered = await prev(method, own, signal);
        telegram.arrivals.answered();
        const same = !answered.ok && isUnchanged(method, answered.description);
        if (!answered.ok && !same) {
          const { error_code, description, parameters } = answered;
          const refused = {
            method,
            state: 'refused',
            error_code,
            description,
            ...(parameters && { parameters }),
          } as const;
          // That a repeat is refused says nothing about the first one.
          places.keep(place, before ?? refused);
          return answered;
        }
        const result = (answered.ok ? answered.result : true) as Extract<typeof answered, { ok: true }>['result'];
        places.keep(place, { method, state: 'ok', result });
        const took = Math.round(performance.now() - began);
        turn.log.debug({ lane: update.lane, updateId: update.updateId, method, took }, 'sent');
        confirmed += 1;
        return { ok: true, result };
      } catch (error) {
        const cut = turn.signal.aborted || (signal?.aborted ?? false);
        if (!left || !(cut || (error instanceof ProviderFailure && error.outcome === 'unknown'))) {
          places.keep(place, before ?? null);
          throw error;
        }
        telegram.count('unknown');
        telegram.arrivals.unknown(key);
        const record = unknown(describeError(error));
        if (cut) throw error;
        if (tries >= TRIES[telegram.ambiguous]) throw list(record);
        const waiting = `telegram: nobody knows whether ${method} arrived: ${record.reason}`;
        throw new RetryLater(pauseOf(update.age), waiting, { cause: error });
      } finally {
        leaves.delete(own);
      }
    };

  const transformer: Transformer = async (prev, method, payload, signal) => {
    turn.hold();
    if (method.startsWith('answer') && isRepeatable(method)) return answer(prev, method, payload, signal);
    if (isRepeatable(method)) return prev(method, payload, signal);
    const { place, before } = places.take(method);
    const known = places.answerAt(place, before);
    if (known) return known as Awaited<ReturnType<typeof prev<typeof method>>>;
    const waiting = before?.state === 'unknown' ? before : undefined;
    if (waiting && waiting.tries >= TRIES[telegram.ambiguous]) throw list(waiting);
    if (waiting) {
      const wait = telegram.arrivals.wait(key, pauseOf(update.age) / 2);
      if (wait > 0)
        throw new RetryLater(wait, `telegram: sends are left without an answer; ${method} waits to be repeated`);
      await askTelegram(prev, payload, signal);
    }
    await recordConfirmed();
    const sending = send(place, waiting)(prev, method, payload, signal);
    underWay.set(place, sending);
    return sending.finally(() => underWay.delete(place));
  };

  return {
    transformer,
    leaving(payload) {
      turn.hold();
      leaves.get(payload)?.();
    },
    leftUnknown() {
      const left = update.sends.find((record) => record?.state === 'unknown');
      return left?.state === 'unknown' ? list(left) : undefined;
    },
    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay.values());
    },
  };
}
