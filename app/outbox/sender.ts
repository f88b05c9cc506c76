/** Sends what waits in the outbox: of each chat one at a time and in order, within Telegram's limits, behind the answers at hand. */
import { outboxLease } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { onCommit } from '../database/transaction.ts';
import { Gather } from '../gather.ts';
import { stopwatch } from '../lanes/leases.ts';
import { persist } from '../lanes/persist.ts';
import { describeError, type Logger } from '../log.ts';
import { startLoop } from '../loop.ts';
import { RetryLater } from '../outcome.ts';
import type { TelegramClient } from '../providers/telegram.ts';
import type { Blocked } from './blocked.ts';
import { BLOCKED, isBlocked, send } from './send.ts';
import { claimMessages, settleMessages, takeBackMessages, type Became, type Claimed, type Settled } from './store.ts';

/** Pause between two looks, ms. What was written in this process is looked for at once. */
const LOOK = 200;

/** Since the start of this process. */
export interface OutboxCounters {
  sent: number;
  /** Sent although they may have been there before. */
  repeated: number;
  unknown: number;
  dead: number;
  /** Not sent, as the user has blocked the bot. */
  blocked: number;
}

export interface Outbox {
  state(): OutboxCounters & { active: number; capacity: number };
  progress(): { inHand: number; ended: number };
  /** Takes nothing more and waits for what is under way, for `milliseconds`; what has not left by then goes back. */
  stop(milliseconds: number): Promise<void>;
}

interface OutboxOptions {
  pool: Pool;
  telegram: TelegramClient;
  botToken: string;
  apiRoot: string;
  botId: number;
  posture: Posture;
  blocked: Blocked;
  /** How far the log of the database was seen: `Lineage.seen`. Default: anywhere. */
  seen?: () => string;
  log: Logger;
}

export function startOutbox(options: OutboxOptions): Outbox {
  const { pool, telegram, botToken, apiRoot, botId, posture, blocked, seen, log } = options;
  const { concurrency, patience } = posture.outbox;
  const lease = outboxLease(posture);
  const counters: OutboxCounters = { sent: 0, repeated: 0, unknown: 0, dead: 0, blocked: 0 };
  const active = new Set<Promise<void>>();
  const drained = new AbortController();
  let leaving = false;
  let ended = 0;
  const settling = new Gather<Settled, undefined>({
    flush: async (settled) => {
      await settleMessages(pool, settled);
      return settled.map(() => undefined);
    },
    max: 100,
    writers: 2,
    wait: posture.lanes.gather,
  });

  function count(message: Claimed, became: Became): void {
    const at = { message: message.id, chat: message.chat, class: message.class };
    if (became.state === 'sent') {
      counters.sent += 1;
      if (message.attempts > 1) counters.repeated += 1;
    } else if (became.state === 'unknown') {
      counters.unknown += 1;
      log.warn({ ...at, reason: became.error }, 'a message was sent, and nobody knows whether it arrived');
    } else if (became.state === 'dead' && became.code === BLOCKED) {
      counters.blocked += 1;
      log.info(at, became.error);
    } else if (became.state === 'dead') {
      counters.dead += 1;
      log[message.class === 'progress' ? 'info' : 'error']({ ...at, error: became.error }, 'a message was given up');
    } else log.info({ ...at, after: became.after, reason: became.error }, 'a message waits');
  }

  async function deliver(message: Claimed, held: () => number): Promise<void> {
    const hold = (): void => {
      drained.signal.throwIfAborted();
      if (held() >= lease / 2) throw new RetryLater(0, 'its claim is too old to send it under');
    };
    const became = await send(message, { telegram, botToken, apiRoot, signal: drained.signal, hold, patience });
    count(message, became);
    try {
      // However long the database is away: what was sent is not sent again. Cut short, it is found by its claim's age.
      await persist(() => settling.add({ message, became }), drained.signal);
      if (isBlocked(message, became)) await blocked.mark([message.chat]);
      else if (became.state === 'sent') await blocked.seen(message.chat);
    } catch (error) {
      if (!drained.signal.aborted) throw error;
    }
  }

  const looking = startLoop({
    name: 'outbox',
    every: LOOK,
    log,
    turn: async () => {
      const room = concurrency - active.size;
      if (leaving || room <= 0) return;
      const held = stopwatch();
      const claimed = await claimMessages(pool, botId, room, seen?.());
      for (const message of claimed) {
        const delivering: Promise<void> = deliver(message, held)
          .catch((error: unknown) =>
            log.error({ message: message.id, error: describeError(error) }, 'a message could not be settled'),
          )
          .finally(() => {
            active.delete(delivering);
            ended += 1;
            looking.wake();
          });
        active.add(delivering);
      }
      return claimed.length > 0;
    },
  });
  const unsubscribe = onCommit(pool, 'outbox', () => looking.wake());

  const sweeping = startLoop({
    name: 'lost messages',
    every: posture.lanes.sweep,
    log,
    turn: async () => {
      const lost = await takeBackMessages(pool, botId, lease);
      if (lost === 0) return;
      log.warn({ messages: lost }, 'workers were lost while sending');
      looking.wake();
    },
  });

  return {
    state: () => ({ ...counters, active: active.size, capacity: concurrency }),
    progress: () => ({ inHand: active.size, ended }),
    async stop(milliseconds) {
      leaving = true;
      unsubscribe();
      await Promise.all([looking.stop(), sweeping.stop()]);
      const timer = setTimeout(() => drained.abort(new Error('the worker drains')), milliseconds);
      await Promise.all(active);
      clearTimeout(timer);
      await settling.idle();
    },
  };
}
