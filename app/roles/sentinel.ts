/** The sentinel as a process of its own, where there is no scheduler: `node app/main.ts sentinel`. */
import { z } from 'zod';
import { resolve } from '../../posture/resolve.ts';
import { watch, type Report, type SentinelOptions } from '../../sentinel/sentinel.ts';
import { ConfigError } from '../config.ts';
import type { Logger } from '../log.ts';
import { startLoop } from '../loop.ts';
import type { Task } from './task.ts';

const environment = z.object({
  POSTURE: z.string('missing; set it to the posture as JSON ("{}" for the defaults)'),
  /** A dimension of every metric. */
  STACK: z.string().min(1).default('local'),
  PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'missing or malformed; set it to the address of the bot' }),
  TELEGRAM_API_ROOT: z.url({ protocol: /^https?$/ }).default('https://api.telegram.org'),
  BOT_TOKEN: z.string('missing; set it to the token that @BotFather gave').regex(/^\d+:[A-Za-z0-9_-]+$/, 'malformed'),
  OPERATOR_TOKEN: z.string('missing; set it to the operator token of the bot').min(8, 'at least 8 characters'),
});

/**
 * Starts the sentinel from the environment of a container.
 * @throws {ConfigError} naming each variable that is missing or malformed, never its value
 * @throws {PostureError} for a posture that the schema refuses
 */
export function startSentinelRole(source: NodeJS.ProcessEnv, log: Logger): Task {
  const parsed = environment.safeParse(source);
  if (!parsed.success)
    throw new ConfigError(parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`));
  const env = parsed.data;
  const sentinel = startSentinel({
    posture: resolve(readJson(env.POSTURE)),
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

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ConfigError(['POSTURE: not JSON; set it to the posture as JSON ("{}" for the defaults)']);
  }
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
