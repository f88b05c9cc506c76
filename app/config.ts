/** The container contract: what a task reads from its environment. A missing or malformed value is one clear line. */
import { z } from 'zod';
import { resolve } from '../posture/resolve.ts';
import type { Posture } from '../posture/schema/index.ts';

export const ROLES = ['web', 'worker', 'migrate'] as const;
export type Role = (typeof ROLES)[number];

/** Thrown for a bad environment; `problems` has one line a variable and never its secret value. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const url = (protocols: RegExp, example: string) => z.url({ protocol: protocols, error: `a URL such as ${example}` });

const databaseUrl = url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/database');
/** A text of a form; `wanted` completes "set it to …", whether it is missing or malformed. */
const text = (form: RegExp, wanted: string) => z.string({ error: wanted }).regex(form, wanted);
const token = text(/^\d+:[A-Za-z0-9_-]{10,}$/, 'the token that @BotFather gave, such as "123456:ABC-DEF…"');
const port = text(/^\d{1,5}$/, 'a port from 0 (any free one) to 65535')
  .transform(Number)
  .refine((number) => number <= 65_535, 'a port from 0 (any free one) to 65535')
  .default(8080);
const host = z.string().min(1).default('0.0.0.0');
const longEnough = text(/^.{8,}$/s, 'a secret of at least 8 characters');
const operatorToken = longEnough.optional();
/** What is sent is computed from it here: other characters would have to be prepared as the server does it. */
const databasePassword = text(/^[ -~]{8,}$/, 'a password of at least 8 printable ASCII characters');

const webhookSecret = text(
  /^[A-Za-z0-9_-]{1,256}$/,
  'the secret that setWebhook was given, 1 to 256 of A-Z a-z 0-9 _ -',
);

const listening = {
  PORT: port,
  HOST: host,
  OPERATOR_TOKEN: operatorToken,
  /** Name of the stack, in the cloud: the task then writes its metrics to its log. */
  STACK: z.string().min(1).optional(),
};

const environments = {
  web: z.object({
    ...listening,
    DATABASE_URL: databaseUrl,
    BOT_TOKEN: token,
    WEBHOOK_SECRET: webhookSecret,
    /** Accepted as well while the secret is rotated. */
    WEBHOOK_SECRET_PREVIOUS: webhookSecret.optional(),
    PUBLIC_URL: url(/^https?$/, 'https://bot.example.com').optional(),
  }),
  worker: z.object({
    ...listening,
    DATABASE_URL: databaseUrl,
    BOT_TOKEN: token,
    TELEGRAM_API_ROOT: url(/^https?$/, 'https://api.telegram.org').default('https://api.telegram.org'),
    OPENROUTER_API_KEY: z.string().min(1).optional(),
    OPENROUTER_BASE_URL: url(/^https?$/, 'https://openrouter.ai/api/v1').default('https://openrouter.ai/api/v1'),
  }),
  migrate: z.object({
    DATABASE_URL: databaseUrl,
    WEB_DATABASE_PASSWORD: databasePassword.optional(),
    WORKER_DATABASE_PASSWORD: databasePassword.optional(),
  }),
} as const;

export type Environment<R extends Role> = z.output<(typeof environments)[R]>;
export type Config<R extends Role> = { role: R; posture: Posture; env: Environment<R> };

function readPosture(text: string | undefined): Posture {
  if (text === undefined) {
    throw new ConfigError(['POSTURE: missing; set it to the posture as JSON ("{}" for the defaults)']);
  }
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    throw new ConfigError(['POSTURE: malformed; set it to the posture as JSON ("{}" for the defaults)']);
  }
  return resolve(values);
}

function readEnvironment<R extends Role>(role: R, source: NodeJS.ProcessEnv): Environment<R> {
  const parsed = environments[role].safeParse(source);
  if (parsed.success) return parsed.data as Environment<R>;
  throw new ConfigError(
    parsed.error.issues.map(({ path, message }) => {
      const name = String(path[0]);
      return `${name}: ${source[name] === undefined ? 'missing' : 'malformed'}; set it to ${message}`;
    }),
  );
}

/** The provider's key, which only the feature that asks it needs. */
function assertKeys(posture: Posture, env: { OPENROUTER_API_KEY?: string | undefined }): void {
  if (!posture.features.chat || env.OPENROUTER_API_KEY !== undefined) return;
  throw new ConfigError([
    "OPENROUTER_API_KEY: missing; set it to the provider's key, or turn the feature off with features.chat: false",
  ]);
}

/**
 * Reads the environment of a role.
 * @throws {ConfigError} naming each variable that is missing or malformed, never its value
 * @throws {PostureError} for a posture that the schema refuses
 */
export function readConfig<R extends Role>(role: R, source: NodeJS.ProcessEnv = process.env): Config<R> {
  const given = withoutEmpty(source);
  const problems: string[] = [];
  const collect = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const env = collect(() => readEnvironment(role, given));
  const posture = collect(() => readPosture(given['POSTURE']));
  if (role === 'worker' && posture)
    collect(() => assertKeys(posture, { OPENROUTER_API_KEY: given['OPENROUTER_API_KEY'] }));
  if (!env || !posture || problems.length > 0) throw new ConfigError(problems);
  return { role, posture, env };
}

/** An orchestrator that passes a variable without a value means that it is not set. */
const withoutEmpty = (source: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));

/** The bot's id, which is the part of its token before the colon. */
export const botIdOf = (botToken: string): number => Number(botToken.slice(0, botToken.indexOf(':')));
