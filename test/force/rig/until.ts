/** Waiting for what can be seen, and saying what was not. */
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY = 50;

/**
 * The same for what takes as long as the machine is slow: given up only when what is missing has not changed for `stalled`
 * ms. Returns how long it took.
 */
export async function untilStalled(
  what: string,
  stalled: number,
  look: () => Promise<string | undefined> | string | undefined,
): Promise<number> {
  const started = performance.now();
  let [before, since]: [string | undefined, number] = [undefined, started];
  for (;;) {
    const missing = await look();
    const now = performance.now();
    if (missing === undefined) return now - started;
    if (missing !== before) [before, since] = [missing, now];
    if (now - since > stalled) throw new Error(`${what}: nothing has come for ${stalled} ms: ${missing}`);
    await sleep(LOOK_EVERY);
  }
}

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
