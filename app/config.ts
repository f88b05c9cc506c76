/** The container contract: what a task reads from its environment. A missing or malformed value is one clear line. */
import { tmpdir } from 'node:os';
import { z } from 'zod';
import { payersInUse, providersInUse } from '../posture/limits.ts';
import { resolve } from '../posture/resolve.ts';
import type { Posture } from '../posture/schema/index.ts';

export const ROLES = ['web', 'worker', 'media', 'migrate'] as const;
export type Role = (typeof ROLES)[number];

/** What the image can be started as: the roles of the bot, what looks at it from outside, and what people ask of it. */
export const COMMANDS = [...ROLES, 'sentinel', 'ops'] as const;
export type Command = (typeof COMMANDS)[number];

/** Thrown for a bad environment; `problems` has one line a variable and never its secret value. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const url = (protocols: RegExp, example: string) =>
  z.url({ protocol: protocols, error: `a URL such as ${example}`, abort: true });

/** Parts of a URL are percent-encoded; a password with a bare % is refused by the driver at each connect, for ever. */
function decodes(text: string): boolean {
  try {
    const { username, password, pathname } = new URL(text);
    return [username, password, pathname].every((part) => typeof decodeURIComponent(part) === 'string');
  } catch {
    return false;
  }
}

const databaseUrl = url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/database').refine(
  decodes,
  'a URL such as postgres://user:password@host:5432/database, in which a % of the password is written as %25',
);
/** Host of a copy of the database, which has its logins: what DATABASE_URL, a secret, leads to instead (restore drill). */
const copyHost = z
  .string()
  .regex(/^[A-Za-z0-9.-]+$/, 'the host name of a copy of the database, without a port')
  .optional();
/** A text of a form; `wanted` completes "set it to …", whether it is missing or malformed. */
const text = (form: RegExp, wanted: string) => z.string({ error: wanted }).regex(form, wanted);
const token = text(/^\d+:[A-Za-z0-9_-]{10,}$/, 'the token that @BotFather gave, such as "123456:ABC-DEF…"');
const port = text(/^\d{1,5}$/, 'a port from 0 (any free one) to 65535')
  .transform(Number)
  .refine((number) => number <= 65_535, 'a port from 0 (any free one) to 65535')
  .default(8080);
const host = z.string().min(1).default('0.0.0.0');
/** As RDS names an instance for ever (`db-ABC…`): not the name that a person gives, which a restored server may get as well. */
const serverName = text(/^[A-Za-z0-9._-]{1,100}$/, 'a name that no other database server has or will have').optional();
/** Of the simulated world. */
const place = text(/^\d+\.\d+\.\d+\.\d+:\d{1,5}$/, 'an address with its port, such as 127.0.0.1:8080');
const longEnough = text(/^.{8,}$/s, 'a secret of at least 8 characters');
const operatorToken = longEnough.optional();
/** What is sent is computed from it here: other characters would have to be prepared as the server does it. */
const databasePassword = text(/^[ -~]{8,}$/, 'a password of at least 8 printable ASCII characters');

const webhookSecret = text(
  /^[A-Za-z0-9_-]{1,256}$/,
  'the secret that setWebhook was given, 1 to 256 of A-Z a-z 0-9 _ -',
);

/** Crypto Pay makes the key of its signatures from it. */
const cryptoPayToken = text(/^\d+:[A-Za-z0-9]{10,}$/, 'the token that @CryptoBot gave, such as "12345:AAbc…"');
const ipnSecret = text(/^\S{8,}$/, 'the IPN secret of the dashboard of NOWPayments, at least 8 characters');

const listening = {
  PORT: port,
  HOST: host,
  OPERATOR_TOKEN: operatorToken,
  /** Name of the stack, in the cloud: the task then writes its metrics to its log. */
  STACK: z.string().min(1).optional(),
};

/** Where files lie that are too large for a chat. Credentials are the task role's, or as the AWS SDK finds them. */
const objectStore = {
  OBJECT_STORE_BUCKET: z.string().min(1).optional(),
  OBJECT_STORE_REGION: text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region of AWS, such as eu-central-1').default('eu-central-1'),
  /** Another server than Amazon's. */
  OBJECT_STORE_ENDPOINT: url(/^https?$/, 'https://s3.example.com').optional(),
};

const environments = {
  web: z.object({
    ...listening,
    DATABASE_URL: databaseUrl,
    BOT_TOKEN: token,
    WEBHOOK_SECRET: webhookSecret,
    /** Accepted as well while the secret is rotated. */
    WEBHOOK_SECRET_PREVIOUS: webhookSecret.optional(),
    /** Where one is set its provider's callbacks are taken, whatever is for sale. */
    CRYPTO_PAY_TOKEN: cryptoPayToken.optional(),
    CRYPTO_PAY_TOKEN_PREVIOUS: cryptoPayToken.optional(),
    NOWPAYMENTS_IPN_SECRET: ipnSecret.optional(),
    NOWPAYMENTS_IPN_SECRET_PREVIOUS: ipnSecret.optional(),
    PUBLIC_URL: url(/^https?$/, 'https://bot.example.com').optional(),
    ...objectStore,
  }),
  worker: z.object({
    ...listening,
    DATABASE_URL: databaseUrl,
    DATABASE_SERVER: serverName,
    BOT_TOKEN: token,
    TELEGRAM_API_ROOT: url(/^https?$/, 'https://api.telegram.org').default('https://api.telegram.org'),
    /** Where the bot is reached from outside: what NOWPayments is told to call. */
    PUBLIC_URL: url(/^https?$/, 'https://bot.example.com').optional(),
    CRYPTO_PAY_TOKEN: cryptoPayToken.optional(),
    CRYPTO_PAY_ROOT: url(/^https?$/, 'https://pay.crypt.bot').default('https://pay.crypt.bot'),
    NOWPAYMENTS_API_KEY: text(/^[A-Za-z0-9-]{8,}$/, 'the API key of the dashboard of NOWPayments').optional(),
    NOWPAYMENTS_ROOT: url(/^https?$/, 'https://api.nowpayments.io/v1').default('https://api.nowpayments.io/v1'),
    OPENROUTER_API_KEY: z.string().min(1).optional(),
    OPENROUTER_BASE_URL: url(/^https?$/, 'https://openrouter.ai/api/v1').default('https://openrouter.ai/api/v1'),
    NOVITA_API_KEY: text(/^\S{8,}$/, 'the API key of Novita').optional(),
    ACCESS_API_KEY: text(/^\S{8,}$/, 'the key of your access provider').optional(),
    /** Default: providers.access.address of the posture. */
    ACCESS_BASE_URL: url(/^https?$/, 'https://access.example.com').optional(),
    NOVITA_BASE_URL: url(/^https?$/, 'https://api.novita.ai').default('https://api.novita.ai'),
  }),
  media: z.object({
    ...listening,
    DATABASE_URL: databaseUrl,
    DATABASE_SERVER: serverName,
    BOT_TOKEN: token,
    TELEGRAM_API_ROOT: url(/^https?$/, 'https://api.telegram.org').default('https://api.telegram.org'),
    /** Where files lie while they are under way: on the disk that the posture counts with. */
    SCRATCH: z.string().min(1).default(tmpdir()),
    /** Where the bot is reached from outside: the links to files lead there. */
    PUBLIC_URL: url(/^https?$/, 'https://bot.example.com').optional(),
    ...objectStore,
    /** Path of yt-dlp: in the image for media it is there. Without, no page is fetched from. */
    YT_DLP: z.string().min(1).optional(),
    /** Of the simulated websites of a laptop: where they are, and who knows their names. */
    SIMULATED_SITES: place.optional(),
    SIMULATED_NAMES: place.optional(),
  }),
  migrate: z.object({
    /** Of the server's administrator, who may create roles. */
    DATABASE_URL: databaseUrl,
    DATABASE_HOST: copyHost,
    DATABASE_SERVER: serverName,
    OWNER_DATABASE_PASSWORD: databasePassword.optional(),
    WEB_DATABASE_PASSWORD: databasePassword.optional(),
    WORKER_DATABASE_PASSWORD: databasePassword.optional(),
    MEDIA_DATABASE_PASSWORD: databasePassword.optional(),
    OPERATOR_DATABASE_PASSWORD: databasePassword.optional(),
  }),
  ops: z.object({
    /** Login of the operator. */
    DATABASE_URL: databaseUrl,
    DATABASE_HOST: copyHost,
    DATABASE_SERVER: serverName,
    /** Who asks, for the audit. */
    OPS_CALLER: z.string().min(1).max(500).default('unknown'),
  }),
  sentinel: z.object({
    /** A dimension of every metric. */
    STACK: z.string().min(1).default('local'),
    PUBLIC_URL: url(/^https?$/, 'https://bot.example.com, the address of the bot'),
    TELEGRAM_API_ROOT: url(/^https?$/, 'https://api.telegram.org').default('https://api.telegram.org'),
    BOT_TOKEN: token,
    OPERATOR_TOKEN: text(/^.{8,}$/s, "the bot's own operator token, at least 8 characters"),
  }),
} as const;

export type Environment<C extends Command> = z.output<(typeof environments)[C]>;
export type Config<C extends Command> = { role: C; posture: Posture; env: Environment<C> };

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/**
 * The least level that is logged.
 * @throws {ConfigError} for one that there is not
 */
export function readLogLevel({ LOG_LEVEL: level = '' }: NodeJS.ProcessEnv): string {
  if (level === '') return 'info';
  if (LEVELS.includes(level)) return level;
  throw new ConfigError([`LOG_LEVEL: malformed; set it to one of ${LEVELS.join(', ')}`]);
}

const SECRETS =
  /^(DATABASE_URL|BOT_TOKEN|WEBHOOK_SECRET|WEBHOOK_SECRET_PREVIOUS|OPERATOR_TOKEN|OPENROUTER_API_KEY|NOVITA_API_KEY|ACCESS_API_KEY|AWS_SECRET_ACCESS_KEY|CRYPTO_PAY_TOKEN|CRYPTO_PAY_TOKEN_PREVIOUS|NOWPAYMENTS_API_KEY|NOWPAYMENTS_IPN_SECRET|NOWPAYMENTS_IPN_SECRET_PREVIOUS|\w+_PASSWORD)$/;

/** Whatever of an environment must not be seen in a log: each secret, and the password inside a URL, as written and as meant. */
export function secretsIn(source: NodeJS.ProcessEnv): string[] {
  const values = Object.entries(source).flatMap(([name, value]) => (value && SECRETS.test(name) ? [value] : []));
  const passwords = values.flatMap((value) => /:\/\/[^/@]*?:([^/@]+)@/.exec(value)?.[1] ?? []);
  const meant = passwords.flatMap((password) => (decodes(`x://x:${password}@x`) ? [decodeURIComponent(password)] : []));
  return [...new Set([...values, ...passwords, ...meant])];
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function readPosture(text: string | undefined): Posture {
  if (text === undefined) {
    throw new ConfigError(['POSTURE: missing; set it to the posture as JSON ("{}" for the defaults)']);
  }
  const values = readJson(text);
  // null would be "nothing given": the defaults, where somebody meant a posture.
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new ConfigError(['POSTURE: malformed; set it to the posture as JSON ("{}" for the defaults)']);
  }
  return resolve(values);
}

function readEnvironment<C extends Command>(role: C, source: NodeJS.ProcessEnv): Environment<C> {
  const parsed = environments[role].safeParse(source);
  if (parsed.success) return parsed.data as Environment<C>;
  throw new ConfigError(
    parsed.error.issues.map(({ path, message }) => {
      const name = String(path[0]);
      return `${name}: ${source[name] === undefined ? 'missing' : 'malformed'}; set it to ${message}`;
    }),
  );
}

/** The variable that each role needs of a provider: web checks what it signs, a worker asks it. */
const PAYER_KEYS = {
  web: { cryptoPay: 'CRYPTO_PAY_TOKEN', nowPayments: 'NOWPAYMENTS_IPN_SECRET' },
  worker: { cryptoPay: 'CRYPTO_PAY_TOKEN', nowPayments: 'NOWPAYMENTS_API_KEY' },
} as const;

/** Keys of those whom people pay by. */
function assertPayerKeys(role: keyof typeof PAYER_KEYS, posture: Posture, given: NodeJS.ProcessEnv): void {
  const missing = payersInUse(posture).filter((payer) => given[PAYER_KEYS[role][payer]] === undefined);
  if (missing.length === 0) return;
  throw new ConfigError(
    missing.map(
      (payer) =>
        `${PAYER_KEYS[role][payer]}: missing; set it to the provider's key, or turn the feature off with features.${payer}: false`,
    ),
  );
}

/** Keys of providers that only the feature needs that asks them, with the feature. */
const ASKED = {
  openrouter: { key: 'OPENROUTER_API_KEY', feature: 'chat' },
  novita: { key: 'NOVITA_API_KEY', feature: 'studio' },
  access: { key: 'ACCESS_API_KEY', feature: 'subscriptions' },
} as const;

function assertKeys(posture: Posture, given: NodeJS.ProcessEnv): void {
  const inUse = providersInUse(posture);
  const missing = Object.entries(ASKED).filter(
    ([provider, { key }]) => inUse.includes(provider as keyof typeof ASKED) && given[key] === undefined,
  );
  if (missing.length === 0) return;
  throw new ConfigError(
    missing.map(
      ([, { key, feature }]) =>
        `${key}: missing; set it to the provider's key, or turn the feature off with features.${feature}: false`,
    ),
  );
}

/**
 * Reads the environment of a role.
 * @throws {ConfigError} naming each variable that is missing or malformed, never its value
 * @throws {PostureError} for a posture that the schema refuses
 */
export function readConfig<C extends Command>(role: C, source: NodeJS.ProcessEnv = process.env): Config<C> {
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
  if (role === 'worker' && posture) collect(() => assertKeys(posture, given));
  if ((role === 'web' || role === 'worker') && posture) collect(() => assertPayerKeys(role, posture, given));
  if (!env || !posture || problems.length > 0) throw new ConfigError(problems);
  return { role, posture, env: leadToCopy(env) };
}

/** Only for one-off tasks of a person's: a task that serves has no such variable. */
function leadToCopy<E extends object>(env: E): E {
  if (!('DATABASE_HOST' in env && 'DATABASE_URL' in env) || typeof env.DATABASE_HOST !== 'string') return env;
  const url = new URL(String(env.DATABASE_URL));
  url.hostname = env.DATABASE_HOST;
  return { ...env, DATABASE_URL: url.href };
}

/** An orchestrator that passes a variable without a value means that it is not set. */
const withoutEmpty = (source: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));

/** The bot's id, which is the part of its token before the colon. */
export const botIdOf = (botToken: string): number => Number(botToken.slice(0, botToken.indexOf(':')));
