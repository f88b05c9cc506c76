/** What is told without a threshold: events of the database, and deployments that failed. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Severity } from '../../../posture/alarms/index.ts';
import { servicesOf } from './names.ts';

export interface NoticesArgs {
  /** Identifier of the RDS instance; absent where the server is not of this stack. */
  database: pulumi.Input<string> | undefined;
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

export class Notices extends pulumi.ComponentResource {
  constructor(name: string, args: NoticesArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Notices', name, {}, options);
    if (args.database !== undefined) this.#databaseTold(name, args.database, args);
    // ECS calls a deploy that it took back a success (fault reload-in-prod): this says that it was not.
    this.#told(name, args, {
      part: 'deployments',
      description: 'Deployments that ECS gave up or took back',
      detailType: 'ECS Deployment State Change',
      eventName: 'SERVICE_DEPLOYMENT_FAILED',
      topic: args.topics.page,
    });
    // With its reason, which no count of tasks has: an image that is gone, a secret, a subnet without addresses.
    this.#told(name, args, {
      part: 'starts',
      description: 'Services whose tasks keep failing to start',
      detailType: 'ECS Service Action',
      eventName: 'SERVICE_TASK_START_IMPAIRED',
      topic: args.topics.ticket,
    });
    this.registerOutputs({});
  }

  #databaseTold(name: string, database: pulumi.Input<string>, args: NoticesArgs): void {
    new aws.rds.EventSubscription(
      name,
      {
        snsTopic: args.topics.ticket,
        sourceType: 'db-instance',
        sourceIds: [database],
        eventCategories: EVENTS,
      },
      { parent: this, dependsOn: [...args.dependsOn, ...(args.databaseInstance ? [args.databaseInstance] : [])] },
    );
  }

  /** AWS documents no cluster in the detail of such an event: the service's ARN, which names it, is a resource. */
  #told(name: string, { clusterArn, dependsOn }: NoticesArgs, { part, description, topic, ...event }: Told): void {
    const rule = new aws.cloudwatch.EventRule(
      `${name}-${part}`,
      {
        description,
        eventPattern: pulumi.jsonStringify({
          source: ['aws.ecs'],
          'detail-type': [event.detailType],
          detail: { eventName: [event.eventName] },
          resources: [{ prefix: pulumi.interpolate`${servicesOf(clusterArn)}/` }],
        }),
      },
      { parent: this },
    );
    new aws.cloudwatch.EventTarget(`${name}-${part}`, { rule: rule.name, arn: topic }, { parent: this, dependsOn });
  }
}

interface Told {
  part: string;
  description: string;
  detailType: string;
  eventName: string;
  topic: pulumi.Input<string>;
}
