/** What is told without a threshold: events of the database, and deployments that failed. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Severity } from '../../../posture/alarms/index.ts';

export interface NoticesArgs {
  /** Identifier of the RDS instance. */
  database: pulumi.Input<string>;
  /** ARN of the ECS cluster. */
  clusterArn: pulumi.Input<string>;
  topics: Record<Severity, pulumi.Input<string>>;
  /** What must exist before AWS may send to the topics. */
  dependsOn: pulumi.Resource[];
}

/** Categories of RDS events that change what the bot can do, or soon will. */
const EVENTS = [
  'availability',
  'failover',
  'failure',
  'low storage',
  'maintenance',
  'recovery',
  'configuration change',
];

export class Notices extends pulumi.ComponentResource {
  constructor(name: string, args: NoticesArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Notices', name, {}, options);
    const own = { parent: this, dependsOn: args.dependsOn };
    new aws.rds.EventSubscription(
      name,
      {
        snsTopic: args.topics.ticket,
        sourceType: 'db-instance',
        sourceIds: [args.database],
        eventCategories: EVENTS,
      },
      own,
    );
    // ECS calls a deploy that it took back a success (fault reload-in-prod): this says that it was not.
    const failed = new aws.cloudwatch.EventRule(
      `${name}-deployments`,
      {
        description: 'Deployments that ECS gave up or took back',
        eventPattern: pulumi.jsonStringify({
          source: ['aws.ecs'],
          'detail-type': ['ECS Deployment State Change'],
          detail: { eventName: ['SERVICE_DEPLOYMENT_FAILED'], clusterArn: [args.clusterArn] },
        }),
      },
      { parent: this },
    );
    new aws.cloudwatch.EventTarget(`${name}-deployments`, { rule: failed.name, arn: args.topics.page }, own);
    this.registerOutputs({});
  }
}
