/** Waiting for what can be seen, and saying what was not. */
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY = 50;

/** Looks until `look` gives undefined; otherwise it says what is still missing, and that is the error's text. */
export async function until(
  what: string,
  within: number,
  look: () => Promise<string | undefined> | string | undefined,
  every = LOOK_EVERY,
): Promise<number> {
  const started = performance.now();
  for (;;) {
    const missing = await look();
    const passed = performance.now() - started;
    if (missing === undefined) return passed;
    if (passed > within) throw new Error(`${what}: not within ${within} ms: ${missing}`);
    await sleep(every);
  }
}
