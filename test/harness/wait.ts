/** Waiting for what a test is about, instead of for a time. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** ms; default a minute, which only a hang reaches, on any machine. */
  within?: number;
  /** What was waited for, for the message when it does not come; asked for then where it depends on what came instead. */
  what: string | (() => string);
}

/** Looks until `condition` gives something truthy, and returns it. */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { within = 60_000, what }: WaitOptions,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + within;
  for (;;) {
    const seen = await condition();
    if (seen) return seen;
    if (performance.now() > deadline)
      throw new Error(`not within ${within} ms: ${typeof what === 'string' ? what : what()}`);
    await sleep(15);
  }
}

/** A promise and what settles it. */
export function deferred<T = void>() {
  return Promise.withResolvers<T>();
}
