/** The second half of {@link makers}: what holds data, rights and alarms. */
import { at, pascal, some, type Maker } from './aws-calls.ts';

type Inputs = Record<string, unknown>;

const data: Record<string, Maker> = {
  async 'aws:rds/parameterGroup:ParameterGroup'(call, inputs, { name }) {
    const group = { DBParameterGroupName: name };
    const family = { DBParameterGroupFamily: inputs['family'], Description: inputs['description'] };
    await call('rds', 'create_db_parameter_group', { ...group, ...family });
    const parameters = (inputs['parameters'] as Inputs[]).map((parameter) => ({
      ParameterName: parameter['name'],
      ParameterValue: parameter['value'],
      ApplyMethod: parameter['applyMethod'],
    }));
    // Twenty at a time: RDS takes no more.
    for (let first = 0; first < parameters.length; first += 20)
      await call('rds', 'modify_db_parameter_group', { ...group, Parameters: parameters.slice(first, first + 20) });
    return {};
  },
  async 'aws:rds/subnetGroup:SubnetGroup'(call, inputs, { name }) {
    await call('rds', 'create_db_subnet_group', {
      DBSubnetGroupName: name,
      DBSubnetGroupDescription: inputs['description'],
      SubnetIds: inputs['subnetIds'],
    });
    return {};
  },
  async 'aws:rds/instance:Instance'(call, inputs) {
    await call('rds', 'create_db_instance', {
      ...some(inputs, {
        identifier: 'DBInstanceIdentifier',
        instanceClass: 'DBInstanceClass',
        engine: 'Engine',
        engineVersion: 'EngineVersion',
        dbName: 'DBName',
        username: 'MasterUsername',
        password: 'MasterUserPassword',
        parameterGroupName: 'DBParameterGroupName',
        dbSubnetGroupName: 'DBSubnetGroupName',
        vpcSecurityGroupIds: 'VpcSecurityGroupIds',
        allocatedStorage: 'AllocatedStorage',
        maxAllocatedStorage: 'MaxAllocatedStorage',
        storageType: 'StorageType',
        storageEncrypted: 'StorageEncrypted',
        multiAz: 'MultiAZ',
        backupRetentionPeriod: 'BackupRetentionPeriod',
        backupWindow: 'PreferredBackupWindow',
        maintenanceWindow: 'PreferredMaintenanceWindow',
        deletionProtection: 'DeletionProtection',
        publiclyAccessible: 'PubliclyAccessible',
        performanceInsightsEnabled: 'EnablePerformanceInsights',
        performanceInsightsRetentionPeriod: 'PerformanceInsightsRetentionPeriod',
        enabledCloudwatchLogsExports: 'EnableCloudwatchLogsExports',
        caCertIdentifier: 'CACertificateIdentifier',
        port: 'Port',
      }),
    });
    return {};
  },
  async 'aws:s3/bucket:Bucket'(call, _inputs, { name }) {
    await call('s3', 'create_bucket', {
      Bucket: name,
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    });
    return { id: name, arn: `arn:aws:s3:::${name}` };
  },
  async 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock'(call, { bucket, ...inputs }) {
    await call('s3', 'put_public_access_block', {
      Bucket: bucket,
      PublicAccessBlockConfiguration: pascal(inputs),
    });
    return {};
  },
  async 'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration'(call, inputs) {
    const Rules = (inputs['rules'] as { applyServerSideEncryptionByDefault: { sseAlgorithm: string } }[]).map(
      ({ applyServerSideEncryptionByDefault: { sseAlgorithm } }) => ({
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: sseAlgorithm },
      }),
    );
    const ServerSideEncryptionConfiguration = { Rules };
    await call('s3', 'put_bucket_encryption', { Bucket: inputs['bucket'], ServerSideEncryptionConfiguration });
    return {};
  },
  async 'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration'(call, inputs) {
    const Rules = (inputs['rules'] as Inputs[]).map(({ id, ...rule }) => ({ ID: id, ...(pascal(rule) as object) }));
    await call('s3', 'put_bucket_lifecycle_configuration', {
      Bucket: inputs['bucket'],
      LifecycleConfiguration: { Rules },
    });
    return {};
  },
  async 'aws:s3/bucketPolicy:BucketPolicy'(call, inputs) {
    await call('s3', 'put_bucket_policy', { Bucket: inputs['bucket'], Policy: inputs['policy'] });
    return {};
  },
  async 'aws:ssm/parameter:Parameter'(call, inputs) {
    await call('ssm', 'put_parameter', pascal(inputs) as object);
    return {};
  },
  async 'aws:secretsmanager/secret:Secret'(call, inputs, { name }) {
    const made = await call('secretsmanager', 'create_secret', { Name: name, Description: inputs['description'] });
    return { id: made['ARN'], arn: made['ARN'] };
  },
  async 'aws:secretsmanager/secretVersion:SecretVersion'(call, inputs) {
    await call('secretsmanager', 'put_secret_value', pascal(inputs) as object);
    return {};
  },
};

const rights: Record<string, Maker> = {
  async 'aws:iam/role:Role'(call, inputs, { name }) {
    const made = await call('iam', 'create_role', {
      RoleName: name,
      AssumeRolePolicyDocument: inputs['assumeRolePolicy'],
    });
    return { arn: at(made, 'Role', 'Arn') };
  },
  async 'aws:iam/rolePolicy:RolePolicy'(call, inputs, { name }) {
    await call('iam', 'put_role_policy', {
      RoleName: inputs['role'],
      PolicyName: name,
      PolicyDocument: inputs['policy'],
    });
    return {};
  },
  async 'aws:kms/key:Key'(call, inputs) {
    const params = { Policy: inputs['policy'], Description: inputs['description'] };
    const made = await call('kms', 'create_key', params);
    return { id: at(made, 'KeyMetadata', 'KeyId'), arn: at(made, 'KeyMetadata', 'Arn') };
  },
};

const watching: Record<string, Maker> = {
  async 'aws:cloudwatch/logGroup:LogGroup'(call, inputs) {
    await call('logs', 'create_log_group', { logGroupName: inputs['name'] });
    const retention = { logGroupName: inputs['name'], retentionInDays: inputs['retentionInDays'] };
    await call('logs', 'put_retention_policy', retention);
    return { arn: `arn:aws:logs:eu-central-1:123456789012:log-group:${String(inputs['name'])}` };
  },
  async 'aws:cloudwatch/metricAlarm:MetricAlarm'(call, { name, alarmActions, okActions, dimensions, ...inputs }) {
    const { metricName, tags: _tags, evaluateLowSampleCountPercentiles: low, ...rest } = inputs;
    await call('cloudwatch', 'put_metric_alarm', {
      AlarmName: name,
      MetricName: metricName,
      ...(pascal(rest) as object),
      ...(low !== undefined && { EvaluateLowSampleCountPercentile: low }),
      AlarmActions: alarmActions ?? [],
      OKActions: okActions ?? [],
      Dimensions: Object.entries(dimensions ?? {}).map(([Name, Value]) => ({
        Name,
        Value: Value as string,
      })),
    });
    return {};
  },
  async 'aws:cloudwatch/dashboard:Dashboard'(call, inputs) {
    await call('cloudwatch', 'put_dashboard', pascal(inputs) as object);
    return {};
  },
  async 'aws:sns/topic:Topic'(call, inputs) {
    const Attributes = { KmsMasterKeyId: inputs['kmsMasterKeyId'] };
    const made = await call('sns', 'create_topic', { Name: inputs['name'], Attributes });
    return { id: made['TopicArn'], arn: made['TopicArn'] };
  },
};

export const dataMakers: Record<string, Maker> = { ...data, ...rights, ...watching };
