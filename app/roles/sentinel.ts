/** The sentinel as a process of its own, where there is no scheduler: `node app/main.ts sentinel`. */
import { watch, type Report, type SentinelOptions } from '../../sentinel/sentinel.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import { startLoop } from '../loop.ts';
import type { Task } from './task.ts';

/** Starts the sentinel from the environment of a container. */
export function startSentinelRole({ posture, env }: Config<'sentinel'>, log: Logger): Task {
  const sentinel = startSentinel({
    posture,
    stack: env.STACK,
    publicUrl: env.PUBLIC_URL,
    telegramApiRoot: env.TELEGRAM_API_ROOT,
    botToken: env.BOT_TOKEN,
    operatorToken: env.OPERATOR_TOKEN,
    log,
    write: (line) => process.stdout.write(`${line}\n`),
  });
  // A look is cut short by the stop, so there is nothing to wait for.
  return { address: null, drain: () => sentinel.stop(), drainWithin: 5_000 };
}

interface LoopOptions extends SentinelOptions {
  log: Logger;
  /** Gets each line; standard output as a rule. */
  write: (line: string) => void;
  /** Called after each look; for who wants to see it as it is. */
  onLook?: (report: Report) => void;
}

/** Looks every `sentinel.every` until it is stopped; `stop` cuts a look short. */
export function startSentinel({ log, write, onLook, ...options }: LoopOptions): { stop(): Promise<void> } {
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
