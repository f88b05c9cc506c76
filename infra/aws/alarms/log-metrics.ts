/** What is counted in the tasks' logs. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { OfRoles } from '../../../posture/limits.ts';
import { LOG_METRICS } from '../../../posture/alarms/index.ts';
import { logNamespace } from './metric.ts';

export interface LogMetricsArgs {
  /** Names of the log groups, by role. */
  logGroups: OfRoles<pulumi.Input<string>>;
  stack: string;
}

/** Lines of level fatal, each the end of a process (faults crash-unknown, no-crash-diagnostics). */
export class LogMetrics extends pulumi.ComponentResource {
  constructor(name: string, args: LogMetricsArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:LogMetrics', name, {}, options);
    for (const [role, logGroupName] of Object.entries(args.logGroups))
      new aws.cloudwatch.LogMetricFilter(
        `${name}-${role}-fatal`,
        {
          name: `${name}-${role}-fatal`,
          logGroupName,
          pattern: '{ $.level = "fatal" }',
          metricTransformation: {
            namespace: logNamespace(args.stack),
            name: LOG_METRICS.fatal,
            value: '1',
            // No default: a metric that is told nothing costs nothing, and silence is good here.
            unit: 'Count',
          },
        },
        { parent: this },
      );
    this.registerOutputs({});
  }
}
