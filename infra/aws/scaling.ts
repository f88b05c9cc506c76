/** Autoscaling of a service: on CPU, on requests for each web task, on the age of what the workers have not yet done. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Posture } from '../../posture/schema/index.ts';
import { toSeconds } from './names.ts';

export interface ScalingArgs {
  role: 'web' | 'worker';
  /** `tasks.min` and `tasks.max` of the role, and `scaling`: CPU and requests aimed at, age of the queue, cooldowns. */
  posture: Posture;
  /** Name of the ECS cluster. */
  cluster: string;
  /** For the web role: `resourceLabel` of the load balancer and its target group. */
  requests?: pulumi.Input<string>;
  /** For the worker role: the metric of the age of the oldest unprocessed update, in seconds. */
  queueAge?: { namespace: string; name: string; dimensions: Record<string, pulumi.Input<string>>; period: number };
}

export class Scaling extends pulumi.ComponentResource {
  readonly #name: string;
  readonly #scaling: Posture['scaling'];
  readonly #target: aws.appautoscaling.Target;

  constructor(name: string, args: ScalingArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Scaling', name, {}, options);
    this.#name = name;
    this.#scaling = args.posture.scaling;
    const { min, max } = args.posture[args.role].tasks;
    this.#target = new aws.appautoscaling.Target(
      name,
      {
        serviceNamespace: 'ecs',
        resourceId: `service/${args.cluster}/${args.role}`,
        scalableDimension: 'ecs:service:DesiredCount',
        minCapacity: min,
        maxCapacity: max,
      },
      { parent: this },
    );
    this.#track('cpu', {
      targetValue: Number((this.#scaling.cpu * 100).toFixed(2)),
      predefinedMetricSpecification: { predefinedMetricType: 'ECSServiceAverageCPUUtilization' },
    });
    if (args.requests !== undefined)
      this.#track('requests', {
        targetValue: this.#scaling.requestsPerTarget,
        predefinedMetricSpecification: {
          predefinedMetricType: 'ALBRequestCountPerTarget',
          resourceLabel: args.requests,
        },
      });
    if (args.queueAge) this.#addOnQueueAge(args.queueAge);
    this.registerOutputs({});
  }

  #track(metric: string, configuration: aws.types.input.appautoscaling.PolicyTargetTrackingScalingPolicyConfiguration) {
    new aws.appautoscaling.Policy(
      `${this.#name}-${metric}`,
      {
        ...this.#policyTarget(),
        policyType: 'TargetTrackingScaling',
        targetTrackingScalingPolicyConfiguration: {
          scaleInCooldown: toSeconds(this.#scaling.scaleInCooldown),
          scaleOutCooldown: toSeconds(this.#scaling.scaleOutCooldown),
          ...configuration,
        },
      },
      { parent: this },
    );
  }

  /**
   * One task more for each cooldown in which work is too old. A step and no target: age grows without bound while work
   * waits, so that tracking it would ask for every task at once. CPU takes the tasks away again.
   */
  #addOnQueueAge({ namespace, name, dimensions, period }: NonNullable<ScalingArgs['queueAge']>): void {
    const policy = new aws.appautoscaling.Policy(
      `${this.#name}-queue-age`,
      {
        ...this.#policyTarget(),
        policyType: 'StepScaling',
        stepScalingPolicyConfiguration: {
          adjustmentType: 'ChangeInCapacity',
          cooldown: toSeconds(this.#scaling.scaleOutCooldown),
          metricAggregationType: 'Maximum',
          stepAdjustments: [{ metricIntervalLowerBound: '0', scalingAdjustment: 1 }],
        },
      },
      { parent: this },
    );
    new aws.cloudwatch.MetricAlarm(
      `${this.#name}-queue-age`,
      {
        name: `${this.#name}-scale-on-queue-age`,
        alarmDescription: 'Adds a worker; wakes nobody. Runbook: docs/runbooks/lane-chat-age.md',
        namespace,
        metricName: name,
        dimensions,
        statistic: 'Maximum',
        comparisonOperator: 'GreaterThanThreshold',
        threshold: this.#scaling.queueAge / 1000,
        period,
        evaluationPeriods: 1,
        treatMissingData: 'notBreaching',
        alarmActions: [policy.arn],
      },
      { parent: this },
    );
  }

  #policyTarget() {
    return {
      serviceNamespace: this.#target.serviceNamespace,
      resourceId: this.#target.resourceId,
      scalableDimension: this.#target.scalableDimension,
    };
  }
}
