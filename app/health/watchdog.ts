/**
 * The watchdog: a process that hangs ends itself and says why, so that the orchestrator starts another (fault
 * passive-watchdog). Two ways to hang: the event loop stands still, which a thread of its own notices; or there is work
 * in hand and none of it ever ends.
 */
import { Worker } from 'node:worker_threads';
import type { Logger } from '../log.ts';
import { startLoop } from '../loop.ts';
import type { Progress } from '../progress.ts';

export interface WatchdogOptions {
  /** Longest pause of the event loop, ms. */
  maxLag: number;
  /** Longest time with work in hand and no progress, ms. */
  stalledAfter: number;
  progress?: (() => Progress) | undefined;
  /** True while what is in hand cannot end, and another process could not end it either: the clock stands. */
  excused?: (() => boolean) | undefined;
  log: Logger;
  /** Ends the process; default: process.exit(1). */
  die?: () => void;
}

/** Beats so often that a pause is known to a tenth. */
const BEATS = 10;

export function startWatchdog(options: WatchdogOptions): { stop(): Promise<void> } {
  const { maxLag, stalledAfter, progress, excused, log, die = () => process.exit(1) } = options;
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const beating = setInterval(() => Atomics.add(beats, 0, 1), maxLag / BEATS).unref();
  const thread = new Worker(new URL('./watchdog-thread.ts', import.meta.url), {
    workerData: { beats, maxLag, tick: maxLag / BEATS, bindings: log.bindings() },
    resourceLimits: { maxOldGenerationSizeMb: 32 },
    // Flags of the process, such as its heap limit, are not the thread's.
    execArgv: [],
    env: {},
  });
  thread.unref();
  thread.on('error', (error: Error) =>
    log.error({ error: error.message }, 'the watchdog thread failed; the event loop is no longer watched'),
  );

  let last: Progress = { inHand: 0, ended: 0 };
  let since = performance.now();
  const watching = startLoop({
    name: 'watchdog',
    every: stalledAfter / BEATS,
    log,
    turn: async () => {
      const now = progress?.() ?? last;
      if (now.inHand === 0 || now.ended !== last.ended || excused?.()) since = performance.now();
      last = now;
      const stalled = Math.round(performance.now() - since);
      if (stalled < stalledAfter) return;
      log.fatal({ stalled, ...now, report: report() }, 'no progress: the process ends itself');
      die();
    },
  });

  return {
    async stop() {
      clearInterval(beating);
      await watching.stop();
      await thread.terminate();
    },
  };
}

/**
 * Parts of Node's own report of the process. The environment holds secrets, and to list the network looks names up, which
 * may take minutes: neither is even collected.
 */
function report(): object {
  Object.assign(process.report, { excludeEnv: true, excludeNetwork: true });
  const { javascriptHeap, resourceUsage, libuv } = process.report.getReport() as Record<string, object>;
  return { javascriptHeap, resourceUsage, libuv };
}
