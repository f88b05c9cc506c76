/** The part of the posture that a task is given: what its code reads, and nothing that only the deploy does. */
import { spellOut } from '../../posture/resolve.ts';
import type { Posture } from '../../posture/schema/index.ts';

/**
 * Paths that no task reads: whom alarms tell, the way to the network, what the database's host is. A change of them rolls
 * nothing, and an incident tool's address, which is a secret, stands in no environment. A test holds the code of the tasks
 * to it.
 */
export const OUTSIDE_OF_TASKS: readonly string[] = [
  'oncall',
  'network.cidr',
  'network.egress',
  'network.flowLogs',
  'network.vpc',
  'network.zoneIds',
  'ingress.domain',
  'ingress.zone',
  'ingress.telegramOnly',
  'ingress.logRetention',
  'ingress.rateLimit',
  'scaling',
  'database.backups',
  'database.backupCopy',
  'database.backupWindow',
  'database.maintenanceWindow',
  'database.deletionProtection',
  'database.finalSnapshot',
  'database.performanceInsights',
];

type Values = Record<string, unknown>;

/** A copy without the value at a path. */
function without(values: Values, [key = '', ...rest]: readonly string[]): Values {
  const { [key]: child, ...others } = values;
  if (rest.length === 0 || child === undefined) return others;
  return { ...others, [key]: without(child as Values, rest) };
}

/**
 * As JSON, for `POSTURE`. It is no whole posture any more, so the laws say nothing of it: they were proven before the
 * deploy, and `POSTURE_PROVEN` tells the task so.
 */
export const taskPosture = (posture: Posture): string =>
  JSON.stringify(
    OUTSIDE_OF_TASKS.reduce<Values>((part, path) => without(part, path.split('.')), spellOut(posture) as Values),
  );
