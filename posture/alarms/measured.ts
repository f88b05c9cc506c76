/**
 * What each metric can tell, AWS's and ours. The law `alarms.measure` refuses an alarm that asks for more: it would never
 * ring, or say what it cannot know.
 */
import type { Posture } from '../schema/index.ts';
import type { Alarm } from './alarm.ts';
import { LOG_METRICS, LOGS, SENTINEL, SENTINEL_METRICS, TASK, TASK_METRICS, TASK_METRICS_EVERY } from './metrics.ts';
import { sentinelPeriod } from './outside.ts';

/**
 * - `gauge`: a level, read once an interval by each who reports it;
 * - `count`: how often something happened in an interval, and no value where it did not;
 * - `samples`: a value for each thing that happened, of which there may be many an interval.
 */
type Kind = 'gauge' | 'count' | 'samples';

/** Who reports it. Where one falls silent, all of its metrics do, which is one fault. */
export type Source = 'balancer' | 'ecs' | 'database' | 'relay' | 'sentinel' | 'telegram' | 'health' | 'tasks' | 'logs';

export interface Metric {
  namespace: string;
  name: string;
  unit: Alarm['unit'];
  kind: Kind;
  /** Seconds between two values. */
  every: number;
  source: Source;
  /** Its silence means that its source is silent: by it, and by no other of that source, an alarm may tell. */
  sign: boolean;
  /** Dimensions, of which `queue:` stands for any queue. */
  dimensions: readonly string[];
}

type Own = Partial<Pick<Metric, 'unit' | 'sign'>> & { source?: Source; of?: readonly string[] };

/** By the sentinel: once a look. */
const FROM_SENTINEL: Record<keyof typeof SENTINEL_METRICS, Own> = {
  look: { sign: true },
  botHealth: {},
  telegramUnreachable: {},
  tokenRefused: {},
  webhookMismatch: { source: 'telegram' },
  webhookFailing: { source: 'telegram' },
  webhookPending: { source: 'telegram' },
  // The first of what only the operator's token opens: where it is missing, so is all that follows.
  oldestTransaction: { source: 'health', unit: 'Seconds', sign: true },
  queuePending: { source: 'health', of: ['queue:'] },
  queueAge: { source: 'health', unit: 'Seconds', of: ['queue:'] },
  queueParked: { source: 'health', of: ['queue:'] },
  queueStranded: { source: 'health', of: ['queue:'] },
  jobsLateBy: { source: 'health', unit: 'Seconds' },
  jobsOverdue: { source: 'health' },
  jobsDead: { source: 'health' },
  jobsDeadUrgent: { source: 'health' },
  mediaAge: { source: 'health', unit: 'Seconds' },
  mediaBusy: { source: 'health' },
  slotsMissed: { source: 'health' },
  messagesLateBy: { source: 'health', unit: 'Seconds' },
  messagesDead: { source: 'health' },
  messagesUnknown: { source: 'health' },
  answersUnknown: { source: 'health' },
  tasksMissing: { of: ['role:'] },
};

/** By a task of itself: every {@link TASK_METRICS_EVERY}. */
const FROM_TASKS: Record<keyof typeof TASK_METRICS, Own> = {
  heartbeat: { of: ['role:'], sign: true },
  listenerDown: { of: ['role:'] },
  lanesLost: { of: ['role:'] },
  diskUsed: { of: ['role:'], unit: 'Percent' },
  openFiles: { of: ['role:'] },
  breakerOpen: { of: ['provider:'] },
  balanceEmpty: { of: ['provider:'] },
  paymentsUncredited: {},
  paymentsParked: {},
  refundsStuck: {},
  reconciledSeconds: { unit: 'Seconds' },
  moneyMismatches: {},
  paymentsTakenBack: {},
  held: {},
  callbacksForged: {},
};

type Aws = Partial<Pick<Metric, 'unit' | 'kind' | 'every' | 'sign'>>;

/** The balancer's counts are there only where they are not 0 (Elastic Load Balancing, "CloudWatch metrics"). */
const BALANCER: Record<string, Aws & { targets?: boolean }> = {
  HealthyHostCount: { targets: true, sign: true },
  UnHealthyHostCount: { targets: true },
  HTTPCode_Target_5XX_Count: { targets: true, kind: 'count' },
  HTTPCode_ELB_5XX_Count: { kind: 'count' },
  TargetResponseTime: { targets: true, kind: 'samples', unit: 'Seconds' },
};

/** RDS reads each of them once a minute, but credits ("available at a five-minute frequency only", RDS user guide). */
const DATABASE: Record<string, Aws> = {
  DatabaseConnections: { sign: true },
  FreeStorageSpace: { unit: 'Bytes' },
  FreeableMemory: { unit: 'Bytes' },
  MaximumUsedTransactionIDs: {},
  CPUUtilization: { unit: 'Percent' },
  CPUCreditBalance: { every: 300 },
  WriteLatency: { unit: 'Seconds' },
  DiskQueueDepth: {},
};

const gauge = { unit: 'Count', kind: 'gauge', sign: false } as const;

/** All metrics of a posture's stack. Container Insights is off: what only it has, nobody emits. */
export function metricsOf(posture: Posture): Metric[] {
  const looks = { ...gauge, every: sentinelPeriod(posture), namespace: SENTINEL };
  const tasks = { ...gauge, every: TASK_METRICS_EVERY / 1000, namespace: TASK, source: 'tasks' } as const;
  const aws = { ...gauge, every: 60 };
  const keysOf = <Name extends string>(table: Record<Name, unknown>) => Object.keys(table) as Name[];
  return [
    ...keysOf(FROM_SENTINEL).map((key): Metric => {
      const { of = [], source = 'sentinel', ...rest } = FROM_SENTINEL[key];
      return { ...looks, ...rest, source, name: SENTINEL_METRICS[key], dimensions: ['stack', ...of] };
    }),
    ...keysOf(FROM_TASKS).map((key): Metric => {
      const { of = [], ...rest } = FROM_TASKS[key];
      return { ...tasks, ...rest, name: TASK_METRICS[key], dimensions: ['stack', ...of] };
    }),
    ...Object.entries(BALANCER).map(([name, { targets, ...rest }]): Metric => ({
      ...{ ...aws, ...rest, name, namespace: 'AWS/ApplicationELB', source: 'balancer' },
      dimensions: targets ? ['alb', 'webTargetGroup'] : ['alb'],
    })),
    ...Object.entries(DATABASE).map(([name, rest]): Metric => ({
      ...{ ...aws, ...rest, name, namespace: 'AWS/RDS', source: 'database', dimensions: ['database'] },
    })),
    ...['CPUUtilization', 'MemoryUtilization'].flatMap((name) =>
      (['webService', 'workerService', 'mediaService'] as const).map((service): Metric => ({
        ...{ ...aws, name, namespace: 'AWS/ECS', source: 'ecs', unit: 'Percent', dimensions: ['cluster', service] },
      })),
    ),
    { ...aws, name: 'Errors', namespace: 'AWS/Lambda', source: 'relay', kind: 'count', dimensions: ['relay'] },
    { ...aws, name: LOG_METRICS.fatal, namespace: LOGS, source: 'logs', kind: 'count', dimensions: [] },
  ];
}

const isOf = (metric: Metric, alarm: Pick<Alarm, 'metric'>): boolean =>
  metric.namespace === alarm.metric.namespace &&
  metric.name === alarm.metric.name &&
  metric.dimensions.length === alarm.metric.dimensions.length &&
  metric.dimensions.every((wanted, at) => {
    const given = alarm.metric.dimensions[at]!;
    return wanted.endsWith(':') ? given.startsWith(wanted) : given === wanted;
  });

type Rule = (alarm: Alarm, metric: Metric) => string | false;

const FITTING: Record<Kind, RegExp> = {
  gauge: /^(Average|Minimum|Maximum)$/,
  count: /^Sum$/,
  samples: /^(Average|Minimum|Maximum|p\d+(\.\d+)?)$/,
};

const RULES: readonly Rule[] = [
  ({ unit }, metric) => unit !== metric.unit && `compares ${unit} with ${metric.name}, which is in ${metric.unit}`,
  // Between two values there is none: CloudWatch sees missing data, and never as many real ones as it wants.
  ({ period }, { every, name }) =>
    (period < every || period % every !== 0) && `has periods of ${period} s, and ${name} has a value every ${every} s`,
  ({ statistic, comparison, threshold, missing }, { kind, name, sign }) => {
    const silenceAlone =
      statistic === 'SampleCount' && comparison === '<' && threshold === 1 && missing === 'breaching';
    return (
      !(sign && silenceAlone) &&
      !FITTING[kind].test(statistic) &&
      `asks for ${statistic} of ${name}, which is a ${kind}`
    );
  },
  // With "ignore" CloudWatch leaves the state of an alarm as it is for fewer than 10 / (1 - p) values: 1,000 for a p99.
  ({ statistic, fewSamples }) =>
    statistic.startsWith('p') && fewSamples === 'ignore' && `takes no notice of ${statistic} while few requests come`,
  // Else a source that falls silent rings all of its alarms, each with a sentence that nobody knows to be true.
  ({ missing, comparison }, { sign, name, source }) =>
    missing === 'breaching' &&
    !(sign && comparison === '<') &&
    `takes silence of ${name} for a breach, which says that ${source} is silent and nothing else`,
  ({ missing, comparison, statistic }, { kind, name }) =>
    comparison.startsWith('<') &&
    missing !== 'breaching' &&
    (kind !== 'gauge' || statistic === 'SampleCount') &&
    `waits for too little of ${name}, which has no value where there is none`,
];

/** What is wrong with alarms by what their metrics can tell: a line each, which begins with the alarm's id. */
export function unmeasured(posture: Posture, alarms: readonly Alarm[]): string[] {
  const metrics = metricsOf(posture);
  const signs = new Map<string, string>();
  return alarms.flatMap((alarm) => {
    const metric = metrics.find((each) => isOf(each, alarm));
    const { namespace, name, dimensions } = alarm.metric;
    if (!metric) return [`${alarm.id}: nobody emits ${namespace} ${name} by ${dimensions.join(', ') || 'nothing'}`];
    const found = RULES.map((rule) => rule(alarm, metric)).filter((word) => word !== false);
    const other = alarm.missing === 'breaching' ? signs.get(metric.source) : undefined;
    if (alarm.missing === 'breaching') signs.set(metric.source, alarm.id);
    return [...found, ...(other ? [`takes silence of ${metric.source} for a breach, as ${other} does`] : [])].map(
      (word) => `${alarm.id} ${word}`,
    );
  });
}
