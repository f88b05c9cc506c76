/** Names within AWS's limits, and the small conversions that its arguments want. */
import { createHash } from 'node:crypto';

/** Longest prefix of a stack's names: leaves a target group's 32 characters room for a suffix of 8. */
const PREFIX_LENGTH = 24;

/** A text of at most `max` characters; one that is longer keeps its start and gets a hash, so that two never meet. */
export function bounded(text: string, max: number): string {
  if (text.length <= max) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 6);
  return `${text.slice(0, max - 7).replace(/-+$/, '')}-${hash}`;
}

/** Prefix of everything that belongs to a stack: letters, digits and hyphens, beginning with a letter. */
export function namePrefix(project: string, stack: string): string {
  const plain = `${project}-${stack}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  return bounded(plain, PREFIX_LENGTH).replace(/-{2,}/g, '-');
}

const DAY = 86_400_000;
/** Whole seconds, rounded up: an AWS argument never promises less time than the posture. */
export const toSeconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000);
/** Whole days, rounded up, at least one. */
export const toDays = (milliseconds: number): number => Math.max(1, Math.ceil(milliseconds / DAY));
/** Whole minutes, rounded up, at least one. */
export const toMinutes = (milliseconds: number): number => Math.max(1, Math.ceil(milliseconds / 60_000));
export const toGiB = (bytes: number): number => Math.ceil(bytes / 2 ** 30);
export const toMiB = (bytes: number): number => Math.floor(bytes / 2 ** 20);

/** Retentions that CloudWatch Logs accepts, in days. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** The shortest retention of CloudWatch Logs that keeps a log for at least this long. */
export const logRetentionDays = (milliseconds: number): number =>
  LOG_RETENTION_DAYS.find((days) => days >= toDays(milliseconds)) ?? LOG_RETENTION_DAYS.at(-1)!;
