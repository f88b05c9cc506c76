/** What an alarm is, and how long it takes to notice. Plain data: AWS, the laptop and the laws read the same list. */
import type { CallbackSource } from '../payers.ts';
import type { Role } from '../limits.ts';
import type { Posture, QueueName } from '../schema/index.ts';
import { FURTHER_PERIODS } from './evaluate/judge.ts';

export type ProviderName = keyof Posture['providers'];
export type Severity = 'page' | 'ticket';
export type Statistic = 'Average' | 'Minimum' | 'Maximum' | 'Sum' | 'SampleCount' | `p${number}`;
export type Comparison = '<' | '<=' | '>' | '>=';

/** What a metric is about, by its part in the system; the target knows its name (in AWS: a CloudWatch dimension). */
export type Dimension =
  | 'alb'
  | 'webTargetGroup'
  | 'cluster'
  | 'webService'
  | 'workerService'
  | 'mediaService'
  | 'database'
  /** The function that relays pages to the on-call chat. */
  | 'relay'
  /** The stack: all custom metrics carry it, so that two stacks of one account stay apart. */
  | 'stack'
  | `role:${Role}`
  | `queue:${QueueName}`
  | `provider:${ProviderName | CallbackSource}`;

export interface Alarm {
  /** Unique, kebab case: the end of the alarm's name in AWS and the name of its runbook. */
  id: string;
  /** What is wrong, in words that a woken person understands; a sentence without its full stop. */
  title: string;
  metric: { namespace: string; name: string; dimensions: readonly Dimension[] };
  statistic: Statistic;
  comparison: Comparison;
  /** In `unit`. */
  threshold: number;
  unit: 'Count' | 'Percent' | 'Seconds' | 'Bytes';
  /** Seconds. */
  period: number;
  /** Periods looked at. */
  periods: number;
  /** Periods of these that must breach. */
  datapoints: number;
  /** What a period without a value counts as. */
  missing: 'breaching' | 'notBreaching';
  /** Of a percentile: whether CloudWatch looks at it as well where fewer values came than it wants for one. */
  fewSamples: 'evaluate' | 'ignore';
  severity: Severity;
  /** Path in the repository. */
  runbook: string;
  /** Faults of docs/faults.md that show themselves here. */
  faults: readonly string[];
  /** Seconds from the start of a lasting fault to the first value that breaches: an age must first be reached. */
  onset: number;
  /** Seconds from the end of a period to its value being there. */
  delay: number;
  /**
   * A deploy of these roles is rolled back when the alarm goes off during it. Only for what a bad release itself brings
   * about: an alarm that a revoked token, a rotated secret or an outage elsewhere sets off would take the cure back.
   * And only with `missing: 'notBreaching'`: before the first task there is nothing but silence, which must not fail
   * the first deploy. ECS heeds none of them in a deploy at whose start one is in ALARM (ECS developer guide, "How
   * CloudWatch alarms detect deployment failures"), so none may last until somebody has looked.
   */
  rollback: readonly Role[];
}

/** Where too little is the fault, none at all is its worst form. */
const showsAsSilence = (alarm: Pick<Alarm, 'missing' | 'comparison'>): boolean =>
  alarm.missing === 'breaching' && alarm.comparison.startsWith('<');

/**
 * Longest time in ms from the start of a lasting fault to ALARM, by the slower of the two ways in which it may show:
 * as values that breach, or as silence. One period is added for a fault that starts just after a period did.
 */
export function detectionTime(alarm: Omit<Alarm, 'runbook'>): number {
  const values = alarm.onset + (alarm.datapoints + 1) * alarm.period;
  const silence = showsAsSilence(alarm) ? (alarm.datapoints + 1 + FURTHER_PERIODS) * alarm.period : 0;
  return (Math.max(values, silence) + alarm.delay) * 1000;
}

type Optional = 'period' | 'onset' | 'rollback' | 'fewSamples';
export type AlarmDraft = Omit<Alarm, 'runbook' | Optional> & Partial<Pick<Alarm, Optional>>;

/**
 * Completes an alarm: its runbook, and fewer periods where those wanted would notice later than `oncall.detectWithin`
 * allows. Under one datapoint it cannot go: then the law `alarms.detect` refuses the posture.
 */
export function alarm(posture: Posture, draft: AlarmDraft): Alarm {
  const whole = {
    period: 60,
    onset: 0,
    rollback: [],
    fewSamples: 'evaluate' as const,
    ...draft,
    runbook: `docs/runbooks/${draft.id}.md`,
  };
  const limit = posture.oncall.detectWithin[draft.severity];
  let { datapoints } = draft;
  while (datapoints > 1 && detectionTime({ ...whole, datapoints }) > limit) datapoints--;
  // m of n keeps its shape: as many periods may be good as before.
  return { ...whole, datapoints, periods: datapoints + draft.periods - draft.datapoints };
}
