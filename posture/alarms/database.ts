/** Alarms on the database. */
import {
  connectionsPerTask,
  demand,
  instanceMemory,
  MIGRATE_CONNECTIONS,
  peakTasks,
  rolesOf,
  usableConnections,
} from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { alarm, type Alarm, type AlarmDraft } from './alarm.ts';
import { sentinelPeriod, sentinelDelay } from './outside.ts';
import { SENTINEL, SENTINEL_METRICS } from './metrics.ts';

/** RDS publishes once a minute, for the minute before. */
const DELAY = 60;
/** Share of the declared demand at which somebody should look. */
const CONNECTIONS_SHARE = 0.8;

/** Connections in the middle of an ordinary deploy with autoscaling at its maximum. */
export const deployConnections = (posture: Posture): number =>
  rolesOf(posture).reduce(
    (sum, role) => sum + peakTasks(posture, role).deploying * connectionsPerTask(posture, role),
    0,
  ) + MIGRATE_CONNECTIONS;

/**
 * 80 % of the declared demand, unless an ordinary deploy already comes that near: then half way from there to the
 * demand. So it fires before a role's CONNECTION LIMIT bites, and not because somebody deploys.
 */
export function connectionsThreshold(posture: Posture): number {
  const wanted = Math.min(demand(posture), usableConnections(posture));
  const deploy = deployConnections(posture);
  return Math.floor(Math.max(wanted * CONNECTIONS_SHARE, deploy + (wanted - deploy) / 2));
}

type Part = Pick<AlarmDraft, 'id' | 'title' | 'statistic' | 'comparison' | 'threshold' | 'unit' | 'faults'> & {
  name: string;
  /** Datapoints, of as many periods. */
  of: number;
  missing: AlarmDraft['missing'];
  /** s; default: as often as RDS tells. */
  period?: number;
  severity?: AlarmDraft['severity'];
};

const rds = ({ name, of, severity = 'ticket', ...part }: Part): AlarmDraft => ({
  ...part,
  metric: { namespace: 'AWS/RDS', name, dimensions: ['database'] },
  periods: of,
  datapoints: of,
  severity,
  delay: DELAY,
});

/** Instance classes of the t family earn CPU credits; RDS runs them in unlimited mode, and charges for what is beyond. */
const burstable = (posture: Posture): boolean => posture.database.instance.startsWith('db.t');

function capacity(posture: Posture): AlarmDraft[] {
  return [
    rds({
      id: 'database-silent',
      title: 'CloudWatch tells nothing of the database: its storage, memory and load are not watched',
      name: 'DatabaseConnections',
      statistic: 'SampleCount',
      comparison: '<',
      threshold: 1,
      unit: 'Count',
      // A failover or another class of instance leaves a gap of some minutes.
      of: 10,
      missing: 'breaching',
      faults: ['passive-watchdog', 'quiet-false-alarm'],
    }),
    rds({
      id: 'database-connections',
      title: 'The database holds more connections than the posture plans for',
      name: 'DatabaseConnections',
      statistic: 'Maximum',
      comparison: '>',
      threshold: connectionsThreshold(posture),
      unit: 'Count',
      of: 3,
      missing: 'notBreaching',
      severity: 'page',
      faults: ['pool-exhaustion', 'session-leak', 'lifecycle-hooks', 'db-quota'],
    }),
    rds({
      id: 'database-storage',
      title: 'The database is running out of storage, and autoscaling has not helped',
      name: 'FreeStorageSpace',
      statistic: 'Minimum',
      comparison: '<',
      // RDS grows the storage at 10 % free, at most once in six hours: half of that is reached where it could not.
      threshold: Math.floor(posture.database.storage.size * 0.05),
      unit: 'Bytes',
      of: 3,
      missing: 'notBreaching',
      // A full disk takes nothing any more, and by the law storage.lasts it is three hours away at the peak.
      severity: 'page',
      faults: ['db-quota', 'disk'],
    }),
    rds({
      id: 'database-memory',
      title: 'The database is short of memory',
      name: 'FreeableMemory',
      statistic: 'Minimum',
      comparison: '<',
      threshold: Math.floor(instanceMemory(posture) * 0.1),
      unit: 'Bytes',
      of: 10,
      missing: 'notBreaching',
      faults: ['oom', 'db-quota'],
    }),
    rds({
      id: 'database-transaction-ids',
      title: 'Transaction ids are being used up faster than vacuum frees them',
      name: 'MaximumUsedTransactionIDs',
      statistic: 'Maximum',
      comparison: '>',
      // PostgreSQL stops accepting writes a little under 2^31; autovacuum should have frozen rows since 2e8.
      threshold: 1e9,
      unit: 'Count',
      of: 1,
      missing: 'notBreaching',
      faults: ['db-quota', 'tx-across-http'],
    }),
  ];
}

function speed(posture: Posture): AlarmDraft[] {
  const credits = rds({
    id: 'database-credits',
    title: 'The database has almost used up its CPU credits: what it computes beyond them is charged for',
    name: 'CPUCreditBalance',
    statistic: 'Minimum',
    comparison: '<',
    threshold: 20,
    unit: 'Count',
    // RDS tells of credits every five minutes.
    period: 300,
    of: 1,
    missing: 'notBreaching',
    faults: ['throttling', 'db-quota'],
  });
  return [
    rds({
      id: 'database-cpu',
      title: 'The database is short of CPU',
      name: 'CPUUtilization',
      statistic: 'Average',
      comparison: '>',
      threshold: 80,
      unit: 'Percent',
      of: 10,
      missing: 'notBreaching',
      faults: ['missing-index', 'throttling'],
    }),
    ...(burstable(posture) ? [credits] : []),
    rds({
      id: 'database-write-latency',
      title: 'Writes to the database are slow: acknowledgements wait for commits',
      name: 'WriteLatency',
      statistic: 'Average',
      comparison: '>',
      threshold: 0.02,
      unit: 'Seconds',
      of: 5,
      missing: 'notBreaching',
      faults: ['db-quota', 'throttling'],
    }),
    rds({
      id: 'database-disk-queue',
      title: "Reads and writes queue up at the database's disk",
      name: 'DiskQueueDepth',
      statistic: 'Average',
      comparison: '>',
      threshold: 16,
      unit: 'Count',
      of: 5,
      missing: 'notBreaching',
      faults: ['db-quota', 'missing-index'],
    }),
  ];
}

/**
 * Age at which an open transaction is told about, ms: vacuum removes nothing meanwhile, and queues slow down. Sessions of
 * ours end idle ones after idleInTransaction; thirty times that is 300 s as shipped.
 */
export const oldestTransactionLimit = ({ database }: Posture): number => 30 * database.timeouts.idleInTransaction;

/** RDS has no metric for it: the bot's health page reads it from pg_stat_activity, and the sentinel asks there. */
function oldestTransaction(posture: Posture): AlarmDraft {
  const threshold = oldestTransactionLimit(posture) / 1000;
  return {
    id: 'database-oldest-transaction',
    title: 'A transaction has been open for minutes: it holds locks and keeps vacuum from cleaning up',
    metric: { namespace: SENTINEL, name: SENTINEL_METRICS.oldestTransaction, dimensions: ['stack'] },
    statistic: 'Maximum',
    comparison: '>',
    threshold,
    onset: threshold,
    unit: 'Seconds',
    period: sentinelPeriod(posture),
    periods: 3,
    datapoints: 3,
    missing: 'notBreaching',
    severity: 'ticket',
    faults: ['tx-across-http', 'session-leak', 'advisory-leak'],
    delay: sentinelDelay(posture),
  };
}

/** Of a server that is not of this stack CloudWatch tells nothing: what the bot itself sees of it, and whoever has it the rest. */
export const databaseAlarms = (posture: Posture): Alarm[] =>
  [
    ...(posture.database.server === 'rds' ? [...capacity(posture), ...speed(posture)] : []),
    oldestTransaction(posture),
  ].map((draft) => alarm(posture, draft));
