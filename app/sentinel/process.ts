/** The sentinel as a process of its own, where there is no scheduler: `node app/main.ts sentinel`. */
import type { Logger } from '../log.ts';
import { startLoop } from '../loop.ts';
import { watch, type Report, type SentinelOptions } from './sentinel.ts';

interface ProcessOptions extends SentinelOptions {
  log: Logger;
  /** Gets each line; standard output as a rule. */
  write: (line: string) => void;
  /** Called after each look; for who wants to see it as it is. */
  onLook?: (report: Report) => void;
}

/** Looks every `sentinel.every` until it is stopped; `stop` cuts a look short. */
export function startSentinel({ log, write, onLook, ...options }: ProcessOptions): { stop(): Promise<void> } {
  return startLoop({
    name: 'sentinel',
    every: options.posture.sentinel.every,
    log,
    turn: async (signal) => {
      const report = await watch(options, signal);
      // A look that was cut short says nothing about the bot.
      if (signal.aborted) return;
      for (const line of report.lines) write(line);
      onLook?.(report);
    },
  });
}
