/** The sentinel as a role of the container: `node app/main.ts sentinel`. */
import { z } from 'zod';
import { resolve } from '../../posture/resolve.ts';
import { ConfigError } from '../config.ts';
import type { Logger } from '../log.ts';
import type { Task } from '../task.ts';
import { startSentinel } from './process.ts';

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
