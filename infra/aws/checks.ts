/** What AWS would refuse after minutes, refused before the first resource: sizes, ranges and names that do not exist there. */
import { GiB, ROLES } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { formatBytes, formatDuration } from '../../posture/units.ts';

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

function range({ network }: Posture): string[] {
  const [address = '', length = ''] = network.cidr.split('/');
  const prefix = Number(length);
  const octets = address.split('.').map(Number);
  const bits = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const aligned = bits % 2 ** (32 - prefix) === 0;
  if (prefix >= 16 && prefix <= 24 && octets.every((octet) => octet <= 255) && aligned) return [];
  return [
    `network.cidr: "${network.cidr}" cannot hold the subnets: wanted a range of /16 to /24 that begins on its own boundary, such as "10.40.0.0/16"`,
  ];
}

function storage({ database: { storage } }: Posture): string[] {
  const problems: string[] = [];
  if (storage.size < 20 * GiB)
    problems.push(`database.storage.size: ${formatBytes(storage.size)} is below the 20GiB of gp3 storage`);
  if (storage.max < storage.size * 1.1)
    problems.push(
      `database.storage.max: ${formatBytes(storage.max)} leaves autoscaling no room above storage.size ${formatBytes(storage.size)}: RDS wants at least 10 % more`,
    );
  return problems;
}

/** RDS keeps PostgreSQL's own default for the superusers, and lets nobody change it. */
const RESERVED_BY_RDS = 3;

function reserved({ database: { superuserReserved } }: Posture): string[] {
  if (superuserReserved >= RESERVED_BY_RDS) return [];
  return [
    `database.superuserReserved: ${superuserReserved} is fewer than the ${RESERVED_BY_RDS} that RDS keeps for itself whatever is asked: write ${RESERVED_BY_RDS}`,
  ];
}

const counts = (posture: Posture): string[] =>
  ROLES.filter((role) => posture[role].tasks.min > posture[role].tasks.max).map(
    (role) => `${role}.tasks.min: ${posture[role].tasks.min} is more than ${role}.tasks.max ${posture[role].tasks.max}`,
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
export const awsProblems = (posture: Posture): string[] => [
  ...counts(posture),
  ...domain(posture),
  ...range(posture),
  ...healthCheck(posture),
  ...storage(posture),
  ...reserved(posture),
];

/** Addresses that are examples and belong to nobody (RFC 2606). */
const EXAMPLE = /@(.+\.)?(example\.(com|net|org)|example|invalid|test)$/i;

/**
 * What can be deployed, but hardly was meant: one line each. The shipped stack must preview as it is, so no refusal; a
 * production stack that names nobody at all breaks the law alarms.detect.
 */
export function awsWarnings({ stage, oncall }: Posture): string[] {
  if (stage !== 'production') return [];
  const { emails } = oncall;
  return emails
    .filter((address) => EXAMPLE.test(address))
    .map(
      (address) =>
        `oncall.emails: "${address}" is an example, which nobody reads: pulumi config set --path 'evenkeel:posture.oncall.emails[${emails.indexOf(address)}]' you@your.domain`,
    );
}
