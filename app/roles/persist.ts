/** Waiting for what a role needs before it can begin. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../config.ts';
import { describeError, type Logger } from '../log.ts';

/** Repeats with backoff and jitter until it works; a wrong configuration is not repeated. */
export async function persist<T>(what: string, log: Logger, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ConfigError) throw error;
      log.warn({ failures, error: describeError(error) }, `${what}; trying again`);
      await sleep(Math.min(250 * 2 ** failures, 5_000) * (0.5 + Math.random()), undefined, { signal });
    }
  }
}

/**
 * Begins what a role does once it listens.
 * @returns `failed` ends the process, and a beginning that is cut short by the drain does not; `begun` is when it is over
 */
export function beginning(begin: () => Promise<void>, signal: AbortSignal): Record<'failed' | 'begun', Promise<void>> {
  const failed = begin().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return { failed, begun: failed.catch(() => undefined) };
}
