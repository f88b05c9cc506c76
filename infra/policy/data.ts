/** Data: encrypted, private, and not gone by accident. */
import type { PolicyResource } from '@pulumi/policy';
import { madeFrom, rule, stackRule, type Props } from './rule.ts';

const encryptedDatabase = ({ storageEncrypted }: Props): string[] =>
  storageEncrypted === true ? [] : ['storageEncrypted is not true: data, backups and replicas lie in the open'];

const wants = (property: string, why: string) => (props: Props) =>
  props[property] ? [] : [`${property} is not set: ${why}`];

export const encrypted = rule({
  name: 'encrypted',
  description: 'Everything that keeps data encrypts it.',
  checks: {
    'aws:rds/instance:Instance': encryptedDatabase,
    'aws:rds/cluster:Cluster': encryptedDatabase,
    'aws:sns/topic:Topic': wants('kmsMasterKeyId', 'what is published lies in the open until it is delivered'),
    'aws:sqs/queue:Queue': ({ kmsMasterKeyId, sqsManagedSseEnabled }) =>
      kmsMasterKeyId || sqsManagedSseEnabled !== false ? [] : ['sqsManagedSseEnabled is false, and there is no key'],
    'aws:ebs/volume:Volume': ({ encrypted: on }) => (on === true ? [] : ['encrypted is not true']),
    'aws:efs/fileSystem:FileSystem': ({ encrypted: on }) => (on === true ? [] : ['encrypted is not true']),
    'aws:kms/key:Key': ({ enableKeyRotation }) => (enableKeyRotation === true ? [] : ['enableKeyRotation is not true']),
    'aws:ecr/repository:Repository': ({ encryptionConfigurations }) =>
      Array.isArray(encryptionConfigurations) && encryptionConfigurations.length === 0
        ? ['encryptionConfigurations is an empty list: leave it out or name a key']
        : [],
  },
});

const privateDatabase = ({ publiclyAccessible }: Props): string[] =>
  publiclyAccessible === true ? ['publiclyAccessible is true: a database has no address in the internet'] : [];

export const databasePrivate = rule({
  name: 'database-private',
  description: 'No database can be reached from the internet.',
  checks: {
    'aws:rds/instance:Instance': privateDatabase,
    'aws:rds/clusterInstance:ClusterInstance': privateDatabase,
  },
});

export const databaseRecoverable = rule({
  name: 'database-recoverable',
  description: 'A database can be restored to any minute of the last days, and leaves a snapshot when it is deleted.',
  configSchema: {
    properties: {
      minimumBackupDays: { type: 'integer', default: 1, minimum: 1 },
      /** For stacks whose data is worth nothing. */
      finalSnapshot: { type: 'boolean', default: true },
    },
  },
  checks: {
    'aws:rds/instance:Instance': ({ backupRetentionPeriod, skipFinalSnapshot }, args) => {
      const { minimumBackupDays, finalSnapshot } = args.getConfig<{
        minimumBackupDays: number;
        finalSnapshot: boolean;
      }>();
      const days = typeof backupRetentionPeriod === 'number' ? backupRetentionPeriod : 0;
      return [
        ...(days < minimumBackupDays ? [`backupRetentionPeriod is ${days}, wanted ${minimumBackupDays} or more`] : []),
        ...(finalSnapshot && skipFinalSnapshot === true ? ['skipFinalSnapshot is true: its data goes with it'] : []),
      ];
    },
  },
});

const BUCKETS = ['aws:s3/bucket:Bucket', 'aws:s3/bucketV2:BucketV2'];
const BLOCK = 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock';
const BLOCKS = ['blockPublicAcls', 'blockPublicPolicy', 'ignorePublicAcls', 'restrictPublicBuckets'];
const ENCRYPTION = /BucketServerSideEncryptionConfiguration(V2)?$/;

const ofBucket = (bucket: PolicyResource) => (other: PolicyResource) => {
  const made = madeFrom(other, 'bucket');
  return made.length > 0 ? made.includes(bucket.urn) : other.props['bucket'] === bucket.props['bucket'];
};

export const bucketsPrivate = stackRule(
  'buckets-private',
  'Every bucket blocks public access in all four ways, and says how it encrypts.',
  (resources, violate) => {
    for (const bucket of resources.filter(({ type }) => BUCKETS.includes(type))) {
      const mine = resources.filter(ofBucket(bucket));
      const block = mine.find(({ type }) => type === BLOCK);
      const open = BLOCKS.filter((property) => block?.props[property] !== true);
      if (open.length > 0) violate(`public access is not blocked: ${open.join(', ')}`, bucket.urn);
      if (!mine.some(({ type }) => ENCRYPTION.test(type)))
        violate('no BucketServerSideEncryptionConfiguration says how it encrypts', bucket.urn);
    }
  },
);

export const logsEnd = rule({
  name: 'logs-end',
  description: 'Every log group has a retention: logs that are kept for ever cost for ever.',
  checks: {
    'aws:cloudwatch/logGroup:LogGroup': ({ retentionInDays }) =>
      typeof retentionInDays === 'number' && retentionInDays > 0 ? [] : ['retentionInDays is not set'],
  },
});
