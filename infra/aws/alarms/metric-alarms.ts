/** Every alarm of the posture, and two that sum them up. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { alarms, type Alarm, type Comparison, type Severity } from '../../../posture/alarms/index.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { cloudMetric, type Watched } from './metric.ts';
import { alarmName } from './names.ts';

const OPERATOR: Record<Comparison, string> = {
  '<': 'LessThanThreshold',
  '<=': 'LessThanOrEqualToThreshold',
  '>': 'GreaterThanThreshold',
  '>=': 'GreaterThanOrEqualToThreshold',
};

/** How long the first `up` may take from alarm to bot, minutes: database, services, guards. */
const WARM_UP = 60;

export interface MetricAlarmsArgs {
  /** Prefix of the alarms' names. */
  prefix: string;
  posture: Posture;
  watched: Watched;
  /** Topics by severity. Each alarm costs 0.10 USD a month, each of the two composite ones 0.50 USD. */
  topics: Record<Severity, pulumi.Input<string>>;
}

export class MetricAlarms extends pulumi.ComponentResource {
  /** What a service must wait for that names an alarm to be rolled back by. */
  readonly alarms: Record<string, aws.cloudwatch.MetricAlarm> = {};

  constructor(name: string, args: MetricAlarmsArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:MetricAlarms', name, {}, options);
    const list = alarms(args.posture);
    for (const alarm of list) this.alarms[alarm.id] = this.#metricAlarm(alarm, args);
    for (const severity of ['page', 'ticket'] as const) this.#composite(severity, list, args);
    this.registerOutputs({});
  }

  #metricAlarm(alarm: Alarm, { prefix, watched, topics }: MetricAlarmsArgs): aws.cloudwatch.MetricAlarm {
    const topic = topics[alarm.severity];
    const percentile = alarm.statistic.startsWith('p');
    return new aws.cloudwatch.MetricAlarm(
      alarmName(prefix, alarm),
      {
        name: alarmName(prefix, alarm),
        alarmDescription: description(alarm),
        ...cloudMetric(alarm, watched),
        ...(percentile ? { extendedStatistic: alarm.statistic } : { statistic: alarm.statistic }),
        // With "ignore" CloudWatch does not look at a p99 of fewer than 1,000 values: a quiet bot would have no alarm. One slow
        // request is none either, since such an alarm wants every one of its periods.
        ...(percentile && { evaluateLowSampleCountPercentiles: alarm.fewSamples }),
        comparisonOperator: OPERATOR[alarm.comparison],
        threshold: alarm.threshold,
        period: alarm.period,
        evaluationPeriods: alarm.periods,
        datapointsToAlarm: alarm.datapoints,
        treatMissingData: alarm.missing,
        // The first `up` makes the alarms half an hour before there is a bot: until then they ring for nobody. Those that
        // take a deploy back are awake from the start: before the first task there is nothing but silence, which is good.
        ...(alarm.rollback.length === 0 && {
          warmUpConfiguration: { warmUpPeriodDurationInMinutes: WARM_UP },
        }),
        // The end is told too: incident tools close by it, and a person wants to know.
        alarmActions: [topic],
        okActions: [topic],
      },
      { parent: this },
    );
  }

  /**
   * One state for all alarms of a severity. It tells its end alone, "no page is open any more": its beginning would say
   * again what the first alarm has just said, and then stay quiet about all that follow.
   */
  #composite(severity: Severity, list: readonly Alarm[], { prefix, topics }: MetricAlarmsArgs): void {
    const members = list.filter((alarm) => alarm.severity === severity);
    new aws.cloudwatch.CompositeAlarm(
      `${prefix}-any-${severity}`,
      {
        alarmName: `${prefix}-any-${severity}`,
        alarmDescription: `Any ${severity} of ${prefix} is open. Runbooks: docs/runbooks/README.md`,
        alarmRule: members.map((alarm) => `ALARM("${alarmName(prefix, alarm)}")`).join(' OR '),
        okActions: [topics[severity]],
      },
      { parent: this, dependsOn: members.map(({ id }) => this.alarms[id]!) },
    );
  }
}

/** What on-call reads first. */
const description = ({ title, severity, faults, runbook }: Alarm): string =>
  `${title}. Severity: ${severity}. Faults: ${faults.join(', ')}. Runbook: ${runbook}`;
