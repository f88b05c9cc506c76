/** Who spoke with whom in the network, for the day on which somebody asks. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Statement } from './roles.ts';
import { PrivateBucket } from './storage.ts';

export interface FlowLogsArgs {
  vpcId: pulumi.Input<string>;
  accountId: pulumi.Input<string>;
  /** How long they are kept, ms. In a bucket a GB written costs half of what a log group asks. */
  keep: number;
}

/** Seconds for which AWS gathers what goes between two addresses into one line: the longer of the two that it has. */
const GATHERED = 600;

/** AWS writes into the bucket itself (VPC user guide, "Publish flow logs to Amazon S3"). */
const delivery =
  (accountId: pulumi.Input<string>) =>
  (arn: pulumi.Output<string>): Statement[] => {
    const own = { Effect: 'Allow' as const, Principal: { Service: 'delivery.logs.amazonaws.com' } };
    const ours = { StringEquals: { 'aws:SourceAccount': accountId } };
    return [
      {
        ...own,
        Sid: 'FlowLogs',
        Action: 's3:PutObject',
        Resource: pulumi.interpolate`${arn}/AWSLogs/${accountId}/*`,
        Condition: ours,
      },
      { ...own, Sid: 'FlowLogsLook', Action: ['s3:GetBucketAcl', 's3:ListBucket'], Resource: arn, Condition: ours },
    ];
  };

export class FlowLogs extends pulumi.ComponentResource {
  constructor(name: string, args: FlowLogsArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:FlowLogs', name, {}, options);
    const bucket = new PrivateBucket(
      name,
      { expireAfter: args.keep, statements: delivery(args.accountId) },
      { parent: this },
    );
    new aws.ec2.FlowLog(
      name,
      {
        vpcId: args.vpcId,
        trafficType: 'ALL',
        logDestinationType: 's3',
        logDestination: bucket.arn,
        maxAggregationInterval: GATHERED,
        tags: { Name: name },
      },
      { parent: this, dependsOn: [bucket.policy] },
    );
    this.registerOutputs({});
  }
}
