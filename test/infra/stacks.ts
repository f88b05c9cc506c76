/** Postures that the tests deploy: the shipped production stack, the least that the schema takes, and everything at once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

type Values = Record<string, unknown>;

const SHIPPED = join(import.meta.dirname, '../fixtures');

/** The posture of a stack as it is shipped; the file in the root is the user's own. */
export function stackPosture(stack: string): Values {
  const file = parse(readFileSync(join(SHIPPED, `Pulumi.${stack}.yaml`), 'utf8')) as { config: Values };
  return file.config['evenkeel:posture'] as Values;
}

/** A copy of a posture with one value changed: `change(posture, 'web.pool', 5)`. */
export function change(posture: Values, path: string, value: unknown): Values {
  const [key = '', ...rest] = path.split('.');
  const child = rest.length === 0 ? value : change((posture[key] ?? {}) as Values, rest.join('.'), value);
  return { ...posture, [key]: child };
}

/** The production stack with somebody who answers for what it sells, as every deploy of it wants. */
export const PROD = change(stackPosture('prod'), 'people', { owners: [5_000_000_001] });

export const WITH_DOMAIN = change(PROD, 'ingress', {
  domain: 'bot.example.com',
  zone: 'example.com',
  telegramOnly: true,
});

/** Every option that is off as shipped, on top of the shipped stack. */
export const OPTIONS: Values = {
  ...PROD,
  database: {
    ...(PROD['database'] as Values),
    backupCopy: { vault: 'arn:aws:backup:eu-west-1:123456789012:backup-vault:bots', keep: '90d' },
  },
  ingress: { rateLimit: 600 },
  network: { ...(PROD['network'] as Values), flowLogs: '30d' },
  oncall: {
    ...(PROD['oncall'] as Values),
    page: { https: ['https://pager.example.com/pages'] },
    ticket: { emails: ['team@example.com'] },
    slack: { team: 'T0123ABCD', page: 'C0123ABCDEF', ticket: 'C0123ABCDEG' },
  },
};

const subnet = (digit: number): string => `subnet-0123456789abcdef${digit}`;

/** In a network that somebody else made: three kinds of subnets, each kind in two zones. */
export const FOREIGN_NETWORK: Values = change(PROD, 'network', {
  egress: 'nat',
  vpc: {
    id: 'vpc-0123456789abcdef0',
    taskSubnets: [subnet(1), subnet(2)],
    balancerSubnets: [subnet(3), subnet(4)],
    databaseSubnets: [subnet(5), subnet(6)],
  },
});

/** All defaults. */
export const MINIMAL: Values = {};

/** Three zones, NAT and endpoints, a large database, all that can be switched on. */
export const MAXIMAL: Values = {
  ...PROD,
  ingress: { domain: 'bot.eu.example.com', zone: 'example.com', telegramOnly: true, rateLimit: 2000 },
  network: { cidr: '10.99.0.0/20', zones: 3, egress: 'endpoints', flowLogs: '90d' },
  web: { ...(PROD['web'] as Values), tasks: { min: 3, max: 12 }, cpu: 1024, memory: '2GiB' },
  worker: { ...(PROD['worker'] as Values), tasks: { min: 3, max: 12 }, cpu: 2048, memory: '4GiB' },
  database: {
    ...(PROD['database'] as Values),
    instance: 'db.m7g.xlarge',
    maxConnections: 900,
    storage: { size: '100GiB', max: '1TiB' },
    backups: '35d',
  },
  oncall: {
    ...(PROD['oncall'] as Values),
    emails: ['a@example.com', 'b@example.com'],
    https: ['https://pager.example.com/hook'],
    telegramChat: '-1001234567890',
  },
};
