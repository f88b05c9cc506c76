/** Where alarms go: a topic for pages, one for tickets, encrypted, with the people and tools that listen. */
import { createHash } from 'node:crypto';
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Severity } from '../../../posture/alarms/index.ts';
import { recipients } from '../../../posture/recipients.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { policyDocument } from '../roles.ts';

export interface TopicsArgs {
  /** `oncall.emails`, `oncall.https`, and those of `oncall.page` and `oncall.ticket`. Each must confirm, a person by a click on the mail that AWS sends. */
  posture: Posture;
  accountId: pulumi.Input<string>;
  /** ARN of a key that lets {@link SENDERS} encrypt. Default: one is made. */
  kmsKey: string | undefined;
}

/** Services of AWS that tell on-call something. */
const SENDERS = ['cloudwatch.amazonaws.com', 'events.amazonaws.com', 'events.rds.amazonaws.com'] as const;

export class Topics extends pulumi.ComponentResource {
  readonly arns: Record<Severity, pulumi.Output<string>>;
  /** What must exist before a service of AWS may send. */
  readonly policies: pulumi.Resource[] = [];

  constructor(name: string, args: TopicsArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Topics', name, {}, options);
    const key = args.kmsKey ?? this.#key(name, args).arn;
    const topic = (severity: Severity) => this.#topic(name, severity, key, args);
    this.arns = { page: topic('page'), ticket: topic('ticket') };
    this.registerOutputs({});
  }

  /** A key of our own, 1 USD a month: AWS's own key for SNS does not let CloudWatch send. */
  #key(name: string, { accountId }: TopicsArgs): aws.kms.Key {
    return new aws.kms.Key(
      name,
      {
        description: 'Encrypts what alarms tell on-call',
        enableKeyRotation: true,
        deletionWindowInDays: 7,
        // A key's policy speaks of that key alone, so its resource is always "*".
        policy: policyDocument([
          {
            Sid: 'Account',
            Effect: 'Allow',
            Principal: { AWS: pulumi.interpolate`arn:aws:iam::${accountId}:root` },
            Action: 'kms:*',
            Resource: '*',
          },
          {
            Sid: 'Senders',
            Effect: 'Allow',
            Principal: { Service: [...SENDERS] },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
            Resource: '*',
          },
        ]),
      },
      { parent: this },
    );
  }

  #topic(
    prefix: string,
    severity: Severity,
    key: pulumi.Input<string>,
    { posture, accountId }: TopicsArgs,
  ): pulumi.Output<string> {
    const name = `${prefix}-${severity}`;
    const topic = new aws.sns.Topic(name, { name, kmsMasterKeyId: key }, { parent: this });
    const send = { Effect: 'Allow' as const, Action: 'sns:Publish', Resource: topic.arn };
    const ours = { StringEquals: { 'aws:SourceAccount': accountId } };
    this.policies.push(
      new aws.sns.TopicPolicy(
        name,
        {
          arn: topic.arn,
          policy: policyDocument([
            { Sid: 'Alarms', Principal: { Service: 'cloudwatch.amazonaws.com' }, ...send, Condition: ours },
            { Sid: 'Database', Principal: { Service: 'events.rds.amazonaws.com' }, ...send, Condition: ours },
            // Without the condition: EventBridge's guide has said both that it sends such keys to SNS and that it does not. A
            // page that is refused in silence is worse than one from whoever knows the topic's name.
            { Sid: 'Deployments', Principal: { Service: 'events.amazonaws.com' }, ...send },
          ]),
        },
        { parent: this },
      ),
    );
    const { emails, https } = recipients(posture.oncall, severity);
    for (const endpoint of emails) this.#subscribe(name, topic, 'email', endpoint);
    for (const endpoint of https) this.#subscribe(name, topic, 'https', endpoint);
    return topic.arn;
  }

  #subscribe(name: string, topic: aws.sns.Topic, protocol: 'email' | 'https', endpoint: string): void {
    const own = { topic: topic.arn, protocol };
    if (protocol === 'email') {
      new aws.sns.TopicSubscription(`${name}-${endpoint}`, { ...own, endpoint }, { parent: this });
      return;
    }
    // An incident tool's address has its key in it: a secret, also in the name by which the state knows it.
    const hash = createHash('sha256').update(endpoint).digest('hex').slice(0, 8);
    new aws.sns.TopicSubscription(
      `${name}-https-${hash}`,
      { ...own, endpoint: pulumi.secret(endpoint) },
      { parent: this, additionalSecretOutputs: ['endpoint'] },
    );
  }
}
