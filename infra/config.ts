/** Reads the stack's configuration. Every mistake is one line that says which value, and which command sets it. */
import * as pulumi from '@pulumi/pulumi';
import { providersInUse } from '../posture/limits.ts';
import type { Posture } from '../posture/schema/index.ts';
import { KEYS, SECRET_KEYS, type Key, type SecretKey } from './keys.ts';
import { RULES } from './rules.ts';
import type { BotSecrets, Settings } from './settings.ts';
import { missing, type Wanted } from './wanted.ts';

const NAMESPACE = 'evenkeel';
const TARGETS = ['aws', 'docker'] as const;
const ARCHITECTURES = ['arm64', 'amd64'] as const;
export const TELEGRAM_API_ROOT = 'https://api.telegram.org';

function optionProblems(key: Key, value: string | undefined, options: readonly string[]): string[] {
  if (value === undefined || options.includes(value)) return [];
  const command = `pulumi config set evenkeel:${key} ${options[0]}`;
  return [`evenkeel:${key}: "${value}" is not one of ${options.join(', ')}: ${command}`];
}

/** The `aws:` keys that provider, guard and migration honour alike. */
const AWS_KEYS = [
  'region',
  'profile',
  'allowedAccountIds',
  'forbiddenAccountIds',
  'assumeRoles',
  'defaultTags',
  'ignoreTags',
];
const ROLE_KEYS = ['roleArn', 'externalId', 'sessionName'];
const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function roleProblems(text: string): string[] {
  const command = "pulumi config set --path 'aws:assumeRoles[0].roleArn' arn:aws:iam::123456789012:role/deploy";
  const roles = parsed(text);
  if (!Array.isArray(roles)) return [`aws:assumeRoles is not accepted: wanted a list of roles: ${command}`];
  return roles.flatMap((role: unknown, index) => {
    const at = `aws:assumeRoles[${index}]`;
    if (!isRecord(role) || !ROLE_ARN.test(String(role['roleArn'])))
      return [`${at}.roleArn is not accepted: wanted the ARN of a role: ${command.replace('[0]', `[${index}]`)}`];
    return Object.keys(role)
      .filter((key) => !ROLE_KEYS.includes(key))
      .map(
        (key) =>
          `${at}.${key}: not honoured; known are ${ROLE_KEYS.join(', ')}: pulumi config rm --path '${at}.${key}'`,
      );
  });
}

function tagProblems(text: string): string[] {
  const value = parsed(text);
  const plain = isRecord(value) && Object.keys(value).every((key) => key === 'tags') && isRecord(value['tags']);
  if (plain && Object.values(value['tags'] as object).every((tag) => typeof tag === 'string')) return [];
  return [
    'aws:defaultTags is not accepted: wanted texts by name under "tags": pulumi config set --path aws:defaultTags.tags.team platform',
  ];
}

/** A key that an explicit provider does not read would be ignored in silence, and another account built in. */
function awsKeyProblems(values: Readonly<Record<string, string>>): string[] {
  const unknown = Object.keys(values)
    .filter((full) => full.startsWith('aws:') && !AWS_KEYS.includes(full.slice('aws:'.length)))
    .map(
      (full) =>
        `${full}: not honoured; known are ${AWS_KEYS.map((key) => `aws:${key}`).join(', ')}: pulumi config rm ${full}`,
    );
  const roles = values['aws:assumeRoles'];
  const tags = values['aws:defaultTags'];
  return [
    ...unknown,
    ...(roles === undefined ? [] : roleProblems(roles)),
    ...(tags === undefined ? [] : tagProblems(tags)),
  ];
}

/** A bot's id is the part of its token before the colon: it stays when the token is revoked. */
function sameBot(values: Readonly<Record<string, string>>): string[] {
  const [bot, oncall] = ['botToken', 'oncallBotToken'].map((key) => values[`${NAMESPACE}:${key}`]?.split(':')[0]);
  if (bot === undefined || bot !== oncall) return [];
  return [
    `evenkeel:oncallBotToken is of the bot that is deployed: it could not tell that it is dead. Make a second one with @BotFather: ${RULES.oncallBotToken.command}`,
  ];
}

/** Problems of the values that are set, one line each; empty when there are none. */
export function configProblems(values: Readonly<Record<string, string>>): string[] {
  const problems: string[] = [];
  for (const full of Object.keys(values)) {
    const [namespace, key = ''] = full.split(/:(.*)/s);
    if (namespace === NAMESPACE && !(KEYS as readonly string[]).includes(key))
      problems.push(`${full}: unknown key; known are ${KEYS.join(', ')}: pulumi config rm ${full}`);
  }
  problems.push(...awsKeyProblems(values));
  problems.push(...optionProblems('target', values['evenkeel:target'], TARGETS));
  problems.push(...optionProblems('architecture', values['evenkeel:architecture'], ARCHITECTURES));
  for (const [key, rule] of Object.entries(RULES)) {
    const value = values[`${NAMESPACE}:${key}`];
    if (value !== undefined && !rule.accepts.test(value))
      problems.push(`evenkeel:${key} is not accepted: wanted ${rule.wanted}: ${rule.command}`);
  }
  return [...problems, ...sameBot(values)];
}

/** What can be deployed, but hardly was meant: one line each. */
export function configWarnings(values: Readonly<Record<string, string>>): string[] {
  if (values['evenkeel:imageDigest'] === undefined || values['evenkeel:architecture'] !== undefined) return [];
  return [
    'evenkeel:architecture is not set, so tasks run on arm64, and the image of evenkeel:imageDigest has to be for it: pulumi config set evenkeel:architecture arm64, or amd64',
  ];
}

/** A key serves the region that it is in. */
function keyElsewhere(values: Readonly<Record<string, string>>): string[] {
  const [key, region] = [values['evenkeel:kmsKey'], values['aws:region']];
  const of = key?.split(':')[3];
  if (of === undefined || region === undefined || of === region) return [];
  return [
    `evenkeel:kmsKey: the key is in ${of}, and the stack in ${region}: make one there (a replica of a multi-Region key will do): ${RULES.kmsKey.command}`,
  ];
}

/** What is said of a server that is not the one that is there. */
function twoDatabases(values: Readonly<Record<string, string>>, { database: { server } }: Posture): string[] {
  if (server === 'rds')
    return values['evenkeel:databaseUrl'] === undefined
      ? []
      : [
          'evenkeel:databaseUrl: leads to a server, and database.server "rds" makes another: pulumi config set --path evenkeel:posture.database.server own, or pulumi config rm evenkeel:databaseUrl',
        ];
  return ['restoreSnapshot', 'majorUpgrade']
    .filter((key) => values[`evenkeel:${key}`] !== undefined)
    .map(
      (key) =>
        `evenkeel:${key}: is for a server of this stack, and database.server is "own": pulumi config rm evenkeel:${key}`,
    );
}

/** What is set beside the posture and cannot be together with it. */
export const contradictions = (values: Readonly<Record<string, string>>, posture: Posture): string[] => [
  ...keyElsewhere(values),
  ...twoDatabases(values, posture),
  ...apartFromTelegram(values, posture),
];

function apartFromTelegram(values: Readonly<Record<string, string>>, { ingress }: Posture): string[] {
  const root = values['evenkeel:telegramApiRoot'] ?? TELEGRAM_API_ROOT;
  if (root === TELEGRAM_API_ROOT) return [];
  const refuses = [
    ...(ingress.telegramOnly ? ['telegramOnly'] : []),
    ...(ingress.rateLimit === undefined ? [] : ['rateLimit']),
  ];
  return refuses.map(
    (key) =>
      `evenkeel:telegramApiRoot: a Bot API server of your own calls the webhook from its own address, which ingress.${key} refuses: pulumi config rm --path evenkeel:posture.ingress.${key}`,
  );
}

/** Values that the cloud cannot do without, one line for each that is missing. */
export function missingForAws(values: Readonly<Record<string, string>>, posture: Posture): string[] {
  const wanted: Wanted[] = [
    { key: 'aws:region', command: 'pulumi config set aws:region eu-central-1', needed: true },
    { key: 'evenkeel:botToken', command: RULES.botToken.command, needed: true },
    {
      key: 'evenkeel:openrouterApiKey',
      command: RULES.openrouterApiKey.command,
      needed: providersInUse(posture).includes('openrouter'),
      or: 'switch the feature off: pulumi config set --path evenkeel:posture.features.chat false',
    },
    {
      key: 'evenkeel:databaseUrl',
      command: RULES.databaseUrl.command,
      needed: posture.database.server === 'own',
      or: 'let the stack make a server: pulumi config rm --path evenkeel:posture.database.server',
    },
    {
      key: 'evenkeel:oncallBotToken',
      command: RULES.oncallBotToken.command,
      needed: posture.oncall.telegramChat !== undefined,
      or: 'leave the chat away: pulumi config rm --path evenkeel:posture.oncall.telegramChat',
    },
  ];
  return missing(values, wanted);
}

/** All values of the stack's configuration as text, secrets included: for checks alone, never to be shown or passed on. */
export const plainConfig = (): Record<string, string> => pulumi.runtime.allConfig();

/** The posture as the stack has it, not yet read: an empty one stands for all defaults. */
export function rawPosture(): unknown {
  // Not by getObject, which warns of a posture that has a secret in it, such as an incident tool's address.
  const text = plainConfig()[`${NAMESPACE}:posture`];
  return text === undefined ? {} : (parsed(text) ?? {});
}

/** What is set beside the posture. Call after {@link configProblems} found nothing. */
export function readSettings(): Omit<Settings, 'posture' | 'proof'> {
  const config = new pulumi.Config(NAMESPACE);
  const secrets: BotSecrets = Object.fromEntries(SECRET_KEYS.map((key) => [key, config.getSecret(key)])) as Record<
    SecretKey,
    pulumi.Output<string> | undefined
  >;
  return {
    target: config.get<Settings['target']>('target') ?? 'aws',
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    secrets,
    imageDigest: config.get('imageDigest'),
    architecture: config.get<NonNullable<Settings['architecture']>>('architecture'),
    telegramApiRoot: config.get('telegramApiRoot') ?? TELEGRAM_API_ROOT,
    restoreSnapshot: config.get('restoreSnapshot'),
    permissionsBoundary: config.get('permissionsBoundary'),
    kmsKey: config.get('kmsKey'),
    majorUpgrade: config.get('majorUpgrade'),
  };
}
