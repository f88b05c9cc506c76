/** Where the states lie, and the key that their secrets are encrypted by. Both are protected: without them no stack can be changed. */
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

export interface State {
  bucket: aws.s3.Bucket;
  key: aws.kms.Key;
  /** Name under which the key is asked for. */
  alias: string;
}

/** Days for which an earlier version of a state is kept: the state's own backup. */
const EARLIER_VERSIONS = 365;

/** Cents a month for the bucket, 1 USD for the key. */
export function createState(accountId: pulumi.Output<string>): State {
  const kept = { protect: true };
  const bucket = new aws.s3.Bucket('evenkeel-state', { bucket: pulumi.interpolate`evenkeel-state-${accountId}` }, kept);
  const of = { bucket: bucket.bucket };
  new aws.s3.BucketVersioning('evenkeel-state', { ...of, versioningConfiguration: { status: 'Enabled' } });
  new aws.s3.BucketServerSideEncryptionConfiguration('evenkeel-state', {
    ...of,
    rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }],
  });
  const closed = new aws.s3.BucketPublicAccessBlock('evenkeel-state', {
    ...of,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  new aws.s3.BucketLifecycleConfiguration('evenkeel-state', {
    ...of,
    rules: [
      {
        id: 'earlier-versions',
        status: 'Enabled',
        filter: { prefix: '' },
        noncurrentVersionExpiration: { noncurrentDays: EARLIER_VERSIONS },
      },
    ],
  });
  new aws.s3.BucketPolicy(
    'evenkeel-state',
    {
      ...of,
      policy: pulumi.jsonStringify({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'TlsOnly',
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:*',
            Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      }),
    },
    { dependsOn: [closed] },
  );
  const key = new aws.kms.Key(
    'evenkeel-pulumi',
    { description: 'Secrets of Evenkeel in Pulumi', enableKeyRotation: true, deletionWindowInDays: 30 },
    kept,
  );
  const alias = 'alias/evenkeel-pulumi';
  new aws.kms.Alias('evenkeel-pulumi', { name: alias, targetKeyId: key.id });
  return { bucket, key, alias };
}
