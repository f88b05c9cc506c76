/** Buckets: private, encrypted, over TLS only, and nothing in them is kept longer than the posture says. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import type { Statement } from './roles.ts';
import { toDays } from './names.ts';

export interface PrivateBucketArgs {
  /** Age at which an object is deleted, ms. Storage costs about 0.025 USD a GB and month. */
  expireAfter: number;
  /** Statements of the bucket's policy beside the one that refuses plain HTTP. Default: none. */
  statements?: (bucketArn: pulumi.Output<string>) => Statement[];
}

export class PrivateBucket extends pulumi.ComponentResource {
  readonly bucketName: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  /** What must exist before a service of AWS can write into the bucket. */
  readonly policy: pulumi.Resource;

  constructor(name: string, args: PrivateBucketArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:PrivateBucket', name, {}, options);
    // Emptied and deleted with the stack: what must be kept is in the database.
    const created = new aws.s3.Bucket(name, { forceDestroy: true }, { parent: this });
    const bucket = created.bucket;
    this.bucketName = bucket;
    this.arn = created.arn;

    const closed = new aws.s3.BucketPublicAccessBlock(
      name,
      { bucket, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      { parent: this },
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
      name,
      { bucket, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }] },
      { parent: this },
    );
    new aws.s3.BucketLifecycleConfiguration(
      name,
      {
        bucket,
        rules: [
          {
            id: 'expire',
            status: 'Enabled',
            filter: { prefix: '' },
            expiration: { days: toDays(args.expireAfter) },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
          },
        ],
      },
      { parent: this },
    );
    this.policy = new aws.s3.BucketPolicy(
      name,
      {
        bucket,
        policy: pulumi.jsonStringify({
          Version: '2012-10-17',
          Statement: [...(args.statements?.(created.arn) ?? []), tlsOnly(created.arn)],
        }),
      },
      { parent: this, dependsOn: [closed] },
    );
    this.registerOutputs({ bucketName: this.bucketName });
  }
}

const tlsOnly = (arn: pulumi.Output<string>): Statement => ({
  Sid: 'TlsOnly',
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:*',
  Resource: [arn, pulumi.interpolate`${arn}/*`],
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
});
