/** Owned background work: every loop has an owner that stops it and waits for it (fault background-context). */
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, type Logger } from './log.ts';

export interface Loop {
  /** Runs the next turn now instead of after the pause. */
  wake(): void;
  /** Ends the loop; resolves when its last turn is over. */
  stop(): Promise<void>;
}

interface LoopOptions {
  name: string;
  /** Pause between two turns, ms. */
  every: number;
  log: Logger;
  /** One turn. Returning true asks for the next at once. It may fail: that is logged, and the pause backs off. */
  turn: (signal: AbortSignal) => Promise<boolean | void>;
  /** Longest pause between failures, ms; default 5 s. */
  backoff?: number;
}

const MAX_BACKOFF = 5_000;

export function startLoop({ name, every, log, turn, backoff = MAX_BACKOFF }: LoopOptions): Loop {
  const ending = new AbortController();
  let woken = false;
  let wakeUp: (() => void) | undefined;

  async function pause(milliseconds: number): Promise<void> {
    if (woken || ending.signal.aborted) return;
    const waking = new AbortController();
    wakeUp = () => waking.abort();
    // Rejects only by being woken, which is what it waits for.
    await sleep(milliseconds, undefined, { signal: waking.signal }).catch(() => undefined);
    wakeUp = undefined;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!ending.signal.aborted) {
      woken = false;
      try {
        const more = await turn(ending.signal);
        if (failures > 0) log.info({ loop: name, failures }, 'recovered');
        failures = 0;
        if (more !== true) await pause(every);
      } catch (error) {
        failures += 1;
        // The 1st, 2nd, 4th, 8th … failure in a row: an outage is reported without flooding the logs.
        if ((failures & (failures - 1)) === 0)
          log.warn({ loop: name, failures, error: describeError(error) }, 'turn failed');
        woken = false;
        // Jittered, so that the tasks of a fleet do not come back in step (fault db-drop).
        await pause(Math.min(100 * 2 ** Math.min(failures, 6), backoff) * (0.5 + Math.random()));
      }
    }
  }

  const running = run();
  return {
    wake: () => {
      woken = true;
      wakeUp?.();
    },
    stop: async () => {
      ending.abort();
      wakeUp?.();
      await running;
    },
  };
}
