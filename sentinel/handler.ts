/** The sentinel as a function that is called on a schedule. */
import { z } from 'zod';
import { rolesOf, type Role } from '../posture/limits.ts';
import { resolve } from '../posture/resolve.ts';
import { watch } from './sentinel.ts';
import { beat, isAlive } from './heartbeat.ts';
import type { CountTasks } from './tasks.ts';

export interface HandlerOptions {
  /** The posture as written (JSON). */
  posture: string;
  env: Record<string, string | undefined>;
  /** Reads a secret by its ARN: BOT_TOKEN and OPERATOR_TOKEN as JSON. */
  readSecret: (arn: string) => Promise<string>;
  /** Counts the tasks of these roles in the cluster of this name. */
  countTasks: (cluster: string, roles: readonly Role[], signal: AbortSignal) => ReturnType<CountTasks>;
  write: (line: string) => void;
}

const secret = z.object({
  BOT_TOKEN: z.string().min(1),
  OPERATOR_TOKEN: z.string().min(1),
  /** Who outside is told that the bot lives. */
  HEARTBEAT_URL: z.string().min(1).optional(),
});

/** Whatever is wrong with it, nothing of it is in the error. */
function tokens(text: string): z.infer<typeof secret> {
  try {
    return secret.parse(JSON.parse(text));
  } catch {
    throw new Error('the secret has no BOT_TOKEN and OPERATOR_TOKEN');
  }
}

interface Secrets {
  botToken: string;
  operatorToken: string;
  heartbeat: string | undefined;
}

/** How long a secret is kept between calls, ms: a call a minute would cost a read a minute. */
const KEEP_SECRET = 15 * 60_000;

/**
 * Makes the handler. Environment: STACK, PUBLIC_URL, TELEGRAM_API_ROOT, CLUSTER, SECRET_ARN.
 * @throws where a variable is missing or the posture is not accepted: then the function never starts, which is an alarm
 */
export function createHandler({ posture, env, readSecret, countTasks, write }: HandlerOptions): () => Promise<void> {
  const need = (name: string): string => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set`);
    return value;
  };
  const cluster = need('CLUSTER');
  const declared = resolve(JSON.parse(posture));
  const fixed = {
    countTasks: (signal: AbortSignal) => countTasks(cluster, rolesOf(declared), signal),
    posture: declared,
    stack: need('STACK'),
    publicUrl: need('PUBLIC_URL'),
    telegramApiRoot: need('TELEGRAM_API_ROOT'),
  };
  const arn = need('SECRET_ARN');
  let kept: { until: number; secrets: Secrets } | undefined;

  async function secrets(): Promise<Secrets> {
    if (kept && kept.until > Date.now()) return kept.secrets;
    const {
      BOT_TOKEN: botToken,
      OPERATOR_TOKEN: operatorToken,
      HEARTBEAT_URL: heartbeat,
    } = tokens(await readSecret(arn));
    kept = { until: Date.now() + KEEP_SECRET, secrets: { botToken, operatorToken, heartbeat } };
    return kept.secrets;
  }

  return async () => {
    const { heartbeat, ...asking } = await secrets();
    const { look, lines } = await watch({ ...fixed, ...asking });
    // A rotated secret is read at the next call, not a quarter of an hour later.
    const details = look.bot.kind === 'health' && look.bot.health.reasons !== undefined;
    if (look.telegram.kind === 'refused' || !details) kept = undefined;
    for (const line of lines) write(line);
    // Last, when the metrics are out: what it says is that this whole look was.
    const missed = heartbeat !== undefined && isAlive(look) ? await beat(heartbeat) : undefined;
    if (missed !== undefined) write(JSON.stringify({ level: 'warn', role: 'sentinel', msg: missed }));
  };
}
