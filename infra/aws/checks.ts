/** What AWS would refuse after minutes, refused before the first resource: sizes, ranges and names that do not exist there. */
import { GiB, rolesOf, sellsSomething } from '../../posture/limits.ts';
import { recipients } from '../../posture/recipients.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { EXAMPLE_OWNER } from '../../posture/schema/payments.ts';
import { formatBytes, formatDuration } from '../../posture/units.ts';
import { isPrivate, room } from './addresses.ts';
import { namePrefix } from './names.ts';
import { classProblems } from './regions.ts';

/** Where the stack is to be, as far as it is known: a posture alone can be looked at without. */
export interface Place {
  project: string;
  stack: string;
  region: string;
}

function domain({ ingress }: Posture): string[] {
  if (!ingress.domain) {
    if (!ingress.zone) return [];
    return [
      `ingress.zone: "${ingress.zone}" has no ingress.domain: name the host of the webhook, such as "bot.${ingress.zone}"`,
    ];
  }
  if (!ingress.zone)
    return [
      `ingress.domain: "${ingress.domain}" has no ingress.zone: name the Route 53 hosted zone that holds it, such as "${ingress.domain.split('.').slice(-2).join('.')}", or leave both away for CloudFront's own name`,
    ];
  const zone = ingress.zone.replace(/\.$/, '');
  if (ingress.domain === zone || ingress.domain.endsWith(`.${zone}`)) return [];
  return [`ingress.domain: "${ingress.domain}" does not belong to ingress.zone "${zone}"`];
}

function range(posture: Posture): string[] {
  const { network } = posture;
  // Whose network it is knows its addresses.
  if (network.vpc) return [];
  const [address = '', length = ''] = network.cidr.split('/');
  const prefix = Number(length);
  const octets = address.split('.').map(Number);
  const bits = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const aligned = bits % 2 ** (32 - prefix) === 0;
  if (prefix < 16 || prefix > 24 || octets.some((octet) => octet > 255) || !aligned)
    return [
      `network.cidr: "${network.cidr}" cannot hold the subnets: wanted a range of /16 to /24 that begins on its own boundary, such as "10.40.0.0/16"`,
    ];
  if (!isPrivate(network.cidr))
    return [
      `network.cidr: "${network.cidr}" belongs to somebody in the internet, whom the tasks could not reach: wanted a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10, such as "10.40.0.0/16"`,
    ];
  const { has, needs } = room(posture);
  if (needs <= has) return [];
  return [
    `network.cidr: "${network.cidr}" gives a subnet ${has} addresses, and one zone alone needs ${needs} during a deploy (tasks, load balancer, gateways): take a larger range, such as "10.40.0.0/16"`,
  ];
}

/** A load balancer and a database want two zones, even where the tasks are in one. */
function zones({ network: { zones, zoneIds } }: Posture): string[] {
  if (!zoneIds) return [];
  if (new Set(zoneIds).size < zoneIds.length)
    return [`network.zoneIds: ${zoneIds.join(', ')} names a zone twice: each is a place of its own`];
  if (zoneIds.length >= zones) return [];
  return [`network.zoneIds: ${zoneIds.join(', ')} are fewer than network.zones ${zones}: name as many`];
}

/** A network that somebody else made stays as it is: what would have to be made in it is refused. */
function vpc({ network, database }: Posture): string[] {
  const { vpc, zones, egress } = network;
  if (!vpc) return [];
  const problems: string[] = [];
  if (!vpc.databaseSubnets && database.server === 'rds')
    problems.push(
      'network.vpc.databaseSubnets: is not set: name two private subnets of different zones for the database',
    );
  if (egress === 'endpoints')
    problems.push(
      'network.egress: "endpoints" would make endpoints in network.vpc, which is not of this stack: take "nat", and let whoever has the VPC add them',
    );
  if (network.flowLogs !== undefined)
    problems.push(
      'network.flowLogs: the flow logs of network.vpc belong to whoever has it: pulumi config rm --path evenkeel:posture.network.flowLogs',
    );
  if (network.zoneIds)
    problems.push(
      'network.zoneIds: the subnets of network.vpc have their zones: pulumi config rm --path evenkeel:posture.network.zoneIds',
    );
  if (vpc.taskSubnets.length !== zones)
    problems.push(
      `network.vpc.taskSubnets: names ${vpc.taskSubnets.length}, and network.zones is ${zones}: name one subnet a zone`,
    );
  for (const key of ['taskSubnets', 'balancerSubnets', 'databaseSubnets'] as const)
    if (new Set(vpc[key]).size < (vpc[key] ?? []).length)
      problems.push(`network.vpc.${key}: ${vpc[key]!.join(', ')} names a subnet twice: each is a place of its own`);
  return problems;
}

/** Partitions beside AWS's own have other ARNs, and no CloudFront to speak of. */
function partition({ region }: Place): string[] {
  if (!/^(cn|us-gov|us-iso[a-z]*|eu-isoe|eusc)-/.test(region)) return [];
  return [
    `aws:region: ${region} is in a partition of its own, which this program does not know: take a region of AWS's own`,
  ];
}

/** What ends in the names of AWS itself. */
function names({ project, stack }: Place): string[] {
  const prefix = namePrefix(project, stack);
  const plain = stack
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (plain !== stack && plain !== '')
    return [
      `the stack "${stack}" and a stack "${plain}" would have the same names in AWS, and overwrite each other: pulumi stack rename ${plain}`,
    ];
  if (!/^[a-z]/.test(prefix))
    return [
      `the project "${project}" and the stack "${stack}" have no letter to begin a name with: call the stack "prod"`,
    ];
  // Elastic Load Balancing keeps that beginning for itself.
  if (prefix.startsWith('internal-'))
    return [
      `the project "${project}": AWS lets no load balancer's name begin with "internal-": change "name" in Pulumi.yaml`,
    ];
  return [];
}

/** SNS takes an address once a topic, and Pulumi a name once a stack. */
function twice({ oncall }: Posture): string[] {
  const found = (['page', 'ticket'] as const).flatMap((tells) =>
    (['emails', 'https'] as const).flatMap((kind) => {
      const list = recipients(oncall, tells)[kind];
      const at = oncall[tells][kind].length > 0 ? `${tells}.${kind}` : kind;
      return [...new Set(list.filter((one, index) => list.indexOf(one) !== index))].map(
        // An incident tool's address is a secret.
        (one) => `oncall.${at}: ${kind === 'https' ? 'an address' : `"${one}"`} stands there twice: once is enough`,
      );
    }),
  );
  return [...new Set(found)];
}

function slack({ oncall: { slack } }: Posture): string[] {
  if (slack === undefined || slack.page !== undefined || slack.ticket !== undefined) return [];
  return ['oncall.slack: names a workspace and no channel: set oncall.slack.page, oncall.slack.ticket, or both'];
}

/** Longest idle timeout of an application load balancer, ms. */
const LONGEST_IDLE = 4_000_000;

function idle({ ingress: { idleTimeout } }: Posture): string[] {
  if (idleTimeout >= 1_000 && idleTimeout <= LONGEST_IDLE) return [];
  return [`ingress.idleTimeout: ${formatDuration(idleTimeout)} is outside the 1s to 4000s of a load balancer`];
}

function storage({ database: { storage, server } }: Posture): string[] {
  if (server === 'own') return [];
  const problems: string[] = [];
  if (storage.size < 20 * GiB)
    problems.push(`database.storage.size: ${formatBytes(storage.size)} is below the 20GiB of gp3 storage`);
  if (storage.max < storage.size * 1.1)
    problems.push(
      `database.storage.max: ${formatBytes(storage.max)} leaves autoscaling no room above storage.size ${formatBytes(storage.size)}: RDS wants at least 10 % more`,
    );
  return problems;
}

/** What AWS does with a server of this stack it cannot do with somebody else's. */
function ownServer({ database }: Posture): string[] {
  if (database.server === 'rds' || database.backupCopy === undefined) return [];
  return [
    'database.backupCopy: the backups of a server of your own are whoever has it: pulumi config rm --path evenkeel:posture.database.backupCopy',
  ];
}

/** RDS keeps PostgreSQL's own default for the superusers, and lets nobody change it. */
const RESERVED_BY_RDS = 3;

function reserved({ database: { superuserReserved, server } }: Posture): string[] {
  if (server === 'own' || superuserReserved >= RESERVED_BY_RDS) return [];
  return [
    `database.superuserReserved: ${superuserReserved} is fewer than the ${RESERVED_BY_RDS} that RDS keeps for itself whatever is asked: write ${RESERVED_BY_RDS}`,
  ];
}

const counts = (posture: Posture): string[] =>
  rolesOf(posture)
    .filter((role) => posture[role].tasks.min > posture[role].tasks.max)
    .map(
      (role) =>
        `${role}.tasks.min: ${posture[role].tasks.min} is more than ${role}.tasks.max ${posture[role].tasks.max}`,
    );

function healthCheck({ ingress }: Posture): string[] {
  const { interval, timeout } = ingress.healthCheck;
  const problems: string[] = [];
  if (interval < 5_000 || interval > 300_000)
    problems.push(
      `ingress.healthCheck.interval: ${formatDuration(interval)} is outside the 5s to 300s of a target group`,
    );
  if (timeout < 2_000 || timeout > 120_000)
    problems.push(
      `ingress.healthCheck.timeout: ${formatDuration(timeout)} is outside the 2s to 120s of a target group`,
    );
  return problems;
}

/**
 * What AWS does not have, one line each, in the posture's own words; empty when all is there. Sizes and times that also
 * decide about stability are laws, and refused before this.
 */
export const awsProblems = (posture: Posture, place?: Place): string[] => [
  ...(place ? [...partition(place), ...names(place), ...classProblems(posture, place.region)] : []),
  ...counts(posture),
  ...domain(posture),
  ...range(posture),
  ...zones(posture),
  ...vpc(posture),
  ...twice(posture),
  ...slack(posture),
  ...idle(posture),
  ...healthCheck(posture),
  ...storage(posture),
  ...reserved(posture),
  ...ownServer(posture),
];

/** Addresses that are examples and belong to nobody (RFC 2606). */
const EXAMPLE = /@(.+\.)?(example\.(com|net|org)|example|invalid|test)$/i;

/**
 * Who answers for what is sold is the example of the shipped stack, and nobody. `posture` warns of it, so that the shipped
 * stack can be looked at as it is; a deploy is refused, as it is without a token.
 */
export function exampleOwner(posture: Posture): string[] {
  const { owners } = posture.people;
  const at = owners.indexOf(EXAMPLE_OWNER);
  if (posture.stage !== 'production' || at === -1 || !sellsSomething(posture)) return [];
  return [
    `people.owners: ${EXAMPLE_OWNER} is an example, and nobody answers for what is sold: pulumi config set --path 'evenkeel:posture.people.owners[${at}]' <your Telegram id>, or pulumi config set --path evenkeel:posture.features.wallet false`,
  ];
}

/** Who is woken is the example of the shipped stack. It can be deployed, but hardly was meant: one line each. */
export function exampleAddresses({ stage, oncall }: Posture): string[] {
  if (stage !== 'production') return [];
  return (['', 'page.', 'ticket.'] as const).flatMap((at) => {
    const { emails } = at === '' ? oncall : oncall[at === 'page.' ? 'page' : 'ticket'];
    return emails
      .filter((address) => EXAMPLE.test(address))
      .map(
        (address) =>
          `oncall.${at}emails: "${address}" is an example, which nobody reads: pulumi config set --path 'evenkeel:posture.oncall.${at}emails[${emails.indexOf(address)}]' you@your.domain`,
      );
  });
}

/** What somebody who looks at a posture should know, though it obeys the laws: one line each. */
export const awsWarnings = (posture: Posture): string[] => [...exampleAddresses(posture), ...exampleOwner(posture)];
