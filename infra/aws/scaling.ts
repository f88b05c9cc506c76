/** Autoscaling of a service: on CPU, on requests for each web task, on the age of what the workers have not yet done. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Role } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { toSeconds } from './names.ts';

/** A metric of the age of what waits, s; its period in seconds. */
export interface QueueAge {
  namespace: string;
  name: string;
  dimensions: Record<string, pulumi.Input<string>>;
  period: number;
  /** Metric that is 0 when a task may be taken away. Default: one is when the age is low. */
  idle?: string;
}

export interface ScalingArgs {
  role: Role;
  /** `tasks.min` and `tasks.max` of the role, and `scaling`: CPU and requests aimed at, age of the queue, cooldowns. */
  posture: Posture;
  /** Name of the ECS cluster. */
  cluster: string;
  /** For the web role: `resourceLabel` of the load balancer and its target group. */
  requests?: pulumi.Input<string>;
  /** For roles that do what waits: how old it is. Of workers the oldest unprocessed update, of media tasks the oldest job. */
  queueAge?: QueueAge;
}

interface Step {
  says: string;
  /** End of the alarm's name. */
  alarm: string;
  cooldown: number;
  step: aws.types.input.appautoscaling.PolicyStepScalingPolicyConfigurationStepAdjustment;
  comparisonOperator: string;
  threshold: number;
  evaluationPeriods: number;
}

export class Scaling extends pulumi.ComponentResource {
  readonly #name: string;
  readonly #role: Role;
  readonly #scaling: Posture['scaling'];
  readonly #target: aws.appautoscaling.Target;

  constructor(name: string, args: ScalingArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Scaling', name, {}, options);
    this.#name = name;
    this.#role = args.role;
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
      // Workers wait for providers: their CPU is low just when work is late, and a target on it would take away what the
      // queue's age has added. They leave by the age alone.
      ...(args.queueAge && { disableScaleIn: true }),
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
    if (args.queueAge) this.#byQueueAge(args.queueAge);
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
   * One task more for each cooldown in which work is too old, and one less for each in which nothing was. A step and no
   * target: age grows without bound while work waits, so that tracking it would ask for every task at once.
   */
  #byQueueAge(metric: QueueAge): void {
    const { scaleOutCooldown, scaleInCooldown, queueAge } = this.#scaling;
    const of = this.#role === 'media' ? 'media task' : 'worker';
    const idle = Math.max(1, Math.ceil(scaleInCooldown / 1000 / metric.period));
    this.#step('queue-age', metric, {
      says: `Adds a ${of}`,
      alarm: 'scale-on-queue-age',
      cooldown: toSeconds(scaleOutCooldown),
      step: { metricIntervalLowerBound: '0', scalingAdjustment: 1 },
      comparisonOperator: 'GreaterThanThreshold',
      threshold: queueAge / 1000,
      evaluationPeriods: 1,
    });
    this.#step('queue-idle', metric.idle === undefined ? metric : { ...metric, name: metric.idle }, {
      says: `Takes a ${of} away`,
      alarm: 'scale-in-on-queue-age',
      cooldown: toSeconds(scaleInCooldown),
      step: { metricIntervalUpperBound: '0', scalingAdjustment: -1 },
      // A quarter of what is too old: between the two nothing happens, or each would undo the other.
      comparisonOperator: 'LessThanOrEqualToThreshold',
      threshold: metric.idle === undefined ? queueAge / 4000 : 0,
      evaluationPeriods: idle,
    });
  }

  #step(part: string, { namespace, name, dimensions, period }: QueueAge, how: Step): void {
    const policy = new aws.appautoscaling.Policy(
      `${this.#name}-${part}`,
      {
        ...this.#policyTarget(),
        policyType: 'StepScaling',
        stepScalingPolicyConfiguration: {
          adjustmentType: 'ChangeInCapacity',
          cooldown: how.cooldown,
          metricAggregationType: 'Maximum',
          stepAdjustments: [how.step],
        },
      },
      { parent: this },
    );
    new aws.cloudwatch.MetricAlarm(
      `${this.#name}-${part}`,
      {
        name: `${this.#name}-${how.alarm}`,
        alarmDescription: `${how.says}; wakes nobody. Runbook: docs/runbooks/${this.#role === 'media' ? 'jobs-late' : 'lane-chat-age'}.md`,
        namespace,
        metricName: name,
        dimensions,
        statistic: 'Maximum',
        comparisonOperator: how.comparisonOperator,
        threshold: how.threshold,
        period,
        evaluationPeriods: how.evaluationPeriods,
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
