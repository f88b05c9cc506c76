/**
 * Where this process's sends come from: the fleet's rate while the database answers, its own share of it while it does
 * not. Answers are never stopped by the limiter's own trouble.
 */
import { sendsPerTask } from '../../../posture/limits.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { describeError, type Logger } from '../../log.ts';
import type { Chats } from './chats.ts';
import type { LeaseStore } from './lease.ts';
import { paidAt, waitFor, type Pace } from './pace.ts';

/** A block of sends, or that there is none within the patience. */
export interface Grant {
  count: number;
  /** Until the block may be used, or until one might be had, ms. */
  wait: number;
}

/** Part of a second that a block is worth at most: so a task at full load leases about three times a second. */
export const BLOCK_SECONDS = 1 / 3;
/** A lease that takes longer than this is not waited for, ms: a send must not wait for the limiter's own database. */
const LEASE_WITHIN = 500;
/** Pause after a lease that failed, ms. */
const AGAIN = 1000;
/** How often paid-off chats are deleted, ms. */
const FORGET_EVERY = 60_000;

interface GrantsOptions {
  posture: Posture;
  chats: Chats;
  store: LeaseStore;
  log: Logger;
}

export function createGrants({ posture, chats, store, log }: GrantsOptions) {
  const { global, patience } = posture.providers.telegram.rate;
  const alone: Pace = { interval: 1000 / sendsPerTask(posture), burst: 1 };
  let tat = -Infinity;
  let away = false;
  let askAgainAt = 0;
  let forgetAt = performance.now() + FORGET_EVERY;
  let running: Promise<Grant | undefined> | undefined;

  /** The task's own share, one at a time. */
  function ownShare(): Grant {
    const now = performance.now();
    const wait = waitFor(tat, now, alone);
    if (wait > patience) return { count: 0, wait };
    tat = paidAt(tat, now, 1, alone);
    return { count: 1, wait };
  }

  /** Undefined where the database does not answer. Never rejects. */
  async function ask(count: number): Promise<Grant | undefined> {
    const debts = chats.tell(performance.now());
    try {
      const leased = await store.lease({
        length: count / global,
        burst: BLOCK_SECONDS,
        patience: patience / 1000,
        debts,
      });
      const now = performance.now();
      chats.learn(leased.chats, debts, now);
      if (away) log.info('the rate is shared with the other workers again');
      away = false;
      if (now > forgetAt) {
        forgetAt = now + FORGET_EVERY;
        await store.forget();
      }
      return { count: leased.granted ? count : 0, wait: leased.wait };
    } catch (error) {
      chats.untell(debts);
      if (!away) log.warn({ error: describeError(error) }, 'the rate cannot be shared: keeping to an own part of it');
      away = true;
      askAgainAt = performance.now() + AGAIN;
      return undefined;
    }
  }

  return {
    /** Asks for `count` sends; one grant at a time. Never rejects. */
    async next(count: number): Promise<Grant> {
      if (running || performance.now() < askAgainAt) return ownShare();
      running = ask(count).finally(() => (running = undefined));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, LEASE_WITHIN, undefined)));
      const grant = await Promise.race([running, late]).finally(() => clearTimeout(timer));
      return grant ?? ownShare();
    },
    /** True while the database does not share the rate out. */
    alone: () => away,
    /** Waits for the lease under way. */
    async close(): Promise<void> {
      await running;
    },
  };
}

export type Grants = ReturnType<typeof createGrants>;
