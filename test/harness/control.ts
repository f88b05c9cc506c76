/**
 * How slow the machine is while a test measures: a bound that is itself the promise (an ack deadline, a timeout) is
 * asserted against a control from the same run, so that it holds on a busy machine and means the same on a quiet one.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Owner } from './cleanup.ts';

export interface Control {
  /** The slowest so far, ms, and how long the present one already takes. */
  slowest(): number;
  /** Forgets what was. */
  reset(): void;
}

/** Pause between two probes, ms. */
const EVERY = 20;

/**
 * Does something cheap again and again that the promise is not about, in the same process or through the same task,
 * and keeps the time of the slowest. A probe that fails counts like another.
 */
export async function probing(owner: Owner, probe: () => Promise<unknown>): Promise<Control> {
  let slowest = 0;
  let began = performance.now();
  let going = true;
  const once = async () => {
    began = performance.now();
    await probe().catch(() => undefined);
    slowest = Math.max(slowest, performance.now() - began);
  };
  await once();
  const done = (async () => {
    while (going) {
      await sleep(EVERY);
      await once();
    }
  })();
  owner.after(async () => {
    going = false;
    await done;
  });
  return {
    slowest: () => Math.max(slowest, performance.now() - began),
    reset: () => (slowest = 0),
  };
}

/** How late timers of this very process are, for what runs inside it. */
export function lateness(owner: Owner): Control {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  owner.after(async () => void delay.disable());
  return { slowest: () => delay.max / 1e6, reset: () => delay.reset() };
}
