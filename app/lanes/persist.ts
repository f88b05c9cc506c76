import { setTimeout as sleep } from 'node:timers/promises';
import { isTransient } from '../database/errors.ts';

/** Pauses, ms: short against a lease, so that a database that is back is noticed well within it. */
const [FIRST, LONGEST] = [50, 1_000];

/**
 * Repeats what the database refused for a passing reason, until `check` throws or the drain has run out of time. For our
 * own bookkeeping, whose statements are known to be short: an update that was handled stays handled, however long the
 * database, a lock or a queue is in the way.
 */
export async function persist<T>(work: () => Promise<T>, drained: AbortSignal, check?: () => void): Promise<T> {
  for (let pause = FIRST; ; pause = Math.min(pause * 2, LONGEST)) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error)) throw error;
      // Rejects only by the drain, which is looked at next.
      await sleep(pause * (0.5 + Math.random()), undefined, { signal: drained }).catch(() => undefined);
      drained.throwIfAborted();
      check?.();
    }
  }
}
