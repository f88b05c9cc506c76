/** What is told without a threshold: events of the database, and deployments that failed. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Severity } from '../../../posture/alarms/index.ts';

export interface NoticesArgs {
  /** Identifier of the RDS instance. */
  database: pulumi.Input<string>;
  /** The instance: RDS refuses a subscription to the events of one that it does not have yet. */
  databaseInstance: pulumi.Resource | undefined;
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

/** `arn:aws:ecs:…:cluster/NAME` → `arn:aws:ecs:…:service/NAME`, with which the ARNs of its services begin. */
const servicesOf = (clusterArn: pulumi.Input<string>): pulumi.Output<string> =>
  pulumi.output(clusterArn).apply((arn) => arn.replace(':cluster/', ':service/'));

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
      { ...own, dependsOn: [...args.dependsOn, ...(args.databaseInstance ? [args.databaseInstance] : [])] },
    );
    // ECS calls a deploy that it took back a success (fault reload-in-prod): this says that it was not.
    const failed = new aws.cloudwatch.EventRule(
      `${name}-deployments`,
      {
        description: 'Deployments that ECS gave up or took back',
        eventPattern: pulumi.jsonStringify({
          source: ['aws.ecs'],
          'detail-type': ['ECS Deployment State Change'],
          detail: { eventName: ['SERVICE_DEPLOYMENT_FAILED'] },
          // AWS documents no cluster in the detail of this event: the service's ARN, which names it, is a resource.
          resources: [{ prefix: pulumi.interpolate`${servicesOf(args.clusterArn)}/` }],
        }),
      },
      { parent: this },
    );
    new aws.cloudwatch.EventTarget(`${name}-deployments`, { rule: failed.name, arn: args.topics.page }, own);
    this.registerOutputs({});
  }
}
