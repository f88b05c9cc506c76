import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ResourceValidationPolicy } from '@pulumi/policy';
import {
  bucketsPrivate,
  databasePrivate,
  databaseRecoverable,
  encrypted,
  logsEnd,
} from '../../../infra/policy/data.ts';
import { leastPrivilege, noAnybody } from '../../../infra/policy/iam.ts';
import {
  closedPorts,
  flowLogs,
  modernTls,
  onlyBalancersOpen,
  plainForwarding,
  privateTasks,
} from '../../../infra/policy/network.ts';
import { alarmsTell, deploysGuarded, keptFromDeletion, tagged } from '../../../infra/policy/operations.ts';
import { policies } from '../../../infra/policy/policies.ts';
import { fixedImages, noPlainSecrets, sealedContainers, stopsInTime } from '../../../infra/policy/tasks.ts';
import { resource, stackViolations, violations, type Resource } from './apply.ts';

type Props = Record<string, unknown>;
/** A type, properties that hold, and changes of them that each break the policy with a message. */
type Case = [policy: ResourceValidationPolicy, type: string, good: Props, bad: [change: Props, message: RegExp][]];

const policy = (statement: Props) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
const container = (over: Props = {}) => ({
  containerDefinitions: JSON.stringify([
    {
      name: 'web',
      image: `repo@sha256:${'a'.repeat(64)}`,
      stopTimeout: 60,
      linuxParameters: { initProcessEnabled: true },
      readonlyRootFilesystem: true,
      environment: [
        { name: 'PORT', value: '8080' },
        { name: 'BOT_TOKEN_ARN', value: 'arn:aws:secretsmanager:eu-central-1:1:secret:x' },
        { name: 'PUBLIC_URL', value: 'https://bot.example.com' },
      ],
      ...over,
    },
  ]),
});
const withEnvironment = (name: string, value = 'x') => container({ environment: [{ name, value }] });
const TASK = 'aws:ecs/taskDefinition:TaskDefinition';
const ROLE_POLICY = 'aws:iam/rolePolicy:RolePolicy';
const INGRESS = 'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule';
const TAGS = { project: 'p', stack: 's', 'managed-by': 'pulumi' };

const CASES: Case[] = [
  [
    encrypted,
    'aws:rds/instance:Instance',
    { storageEncrypted: true },
    [
      [{ storageEncrypted: false }, /storageEncrypted/],
      [{ storageEncrypted: undefined }, /storageEncrypted/],
    ],
  ],
  [encrypted, 'aws:sns/topic:Topic', { kmsMasterKeyId: 'key' }, [[{ kmsMasterKeyId: undefined }, /kmsMasterKeyId/]]],
  [encrypted, 'aws:kms/key:Key', { enableKeyRotation: true }, [[{ enableKeyRotation: false }, /Rotation/]]],
  [
    databasePrivate,
    'aws:rds/instance:Instance',
    { publiclyAccessible: false },
    [[{ publiclyAccessible: true }, /no address in the internet/]],
  ],
  [
    databaseRecoverable,
    'aws:rds/instance:Instance',
    { backupRetentionPeriod: 7, skipFinalSnapshot: false },
    [
      [{ backupRetentionPeriod: 0 }, /is 0, wanted 1/],
      [{ backupRetentionPeriod: undefined }, /is 0/],
      [{ skipFinalSnapshot: true }, /skipFinalSnapshot/],
    ],
  ],
  [
    logsEnd,
    'aws:cloudwatch/logGroup:LogGroup',
    { retentionInDays: 30 },
    [
      [{ retentionInDays: 0 }, /retention/],
      [{ retentionInDays: undefined }, /retention/],
    ],
  ],
  [
    closedPorts,
    INGRESS,
    { cidrIpv4: '0.0.0.0/0', fromPort: 443, toPort: 443, ipProtocol: 'tcp' },
    [
      [{ fromPort: 22, toPort: 22 }, /22–22/],
      [{ fromPort: 80, toPort: 443 }, /80–443/],
      [{ ipProtocol: '-1' }, /every port/],
      [{ cidrIpv4: undefined, cidrIpv6: '::/0', fromPort: 5432, toPort: 5432 }, /5432/],
    ],
  ],
  [closedPorts, INGRESS, { cidrIpv4: '10.0.0.0/8', fromPort: 22, toPort: 22, ipProtocol: 'tcp' }, []],
  [
    closedPorts,
    'aws:ec2/securityGroup:SecurityGroup',
    { ingress: [] },
    [[{ ingress: [{ cidrBlocks: ['0.0.0.0/0'], fromPort: 0, toPort: 0, protocol: '-1' }] }, /every port/]],
  ],
  [
    closedPorts,
    'aws:ec2/securityGroupRule:SecurityGroupRule',
    { type: 'egress', cidrBlocks: ['0.0.0.0/0'], fromPort: 0, toPort: 0, protocol: '-1' },
    [[{ type: 'ingress' }, /every port/]],
  ],
  [
    modernTls,
    'aws:lb/listener:Listener',
    { protocol: 'HTTPS', sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06' },
    [
      [{ sslPolicy: 'ELBSecurityPolicy-2016-08' }, /older than 1.2/],
      [{ sslPolicy: 'ELBSecurityPolicy-TLS13-1-0-2021-06' }, /older than 1.2/],
      [{ sslPolicy: undefined }, /older than 1.2/],
      [{ protocol: 'HTTP', defaultActions: [{ type: 'forward' }] }, /plain HTTP/],
    ],
  ],
  [modernTls, 'aws:lb/listener:Listener', { protocol: 'HTTP', defaultActions: [{ type: 'redirect' }] }, []],
  [
    modernTls,
    'aws:cloudfront/distribution:Distribution',
    {
      viewerCertificate: { minimumProtocolVersion: 'TLSv1.2_2021' },
      defaultCacheBehavior: { viewerProtocolPolicy: 'https-only' },
    },
    [
      [{ viewerCertificate: { minimumProtocolVersion: 'TLSv1' } }, /TLSv1,/],
      [{ defaultCacheBehavior: { viewerProtocolPolicy: 'allow-all' } }, /allow-all/],
    ],
  ],
  [
    leastPrivilege,
    ROLE_POLICY,
    { policy: policy({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' }) },
    [
      [{ policy: policy({ Action: '*', Resource: 'arn:x' }) }, /name the actions/],
      [{ policy: policy({ Action: ['s3:*'], Resource: 'arn:x' }) }, /s3:\*/],
      [{ policy: policy({ Action: 's3:GetObject', Resource: '*' }) }, /on every resource/],
      [{ policy: policy({ NotAction: 'iam:PassRole', Resource: 'arn:x' }) }, /NotAction/],
      [{ policy: policy({ Action: 's3:GetObject', NotResource: 'arn:x' }) }, /NotResource/],
    ],
  ],
  [leastPrivilege, ROLE_POLICY, { policy: policy({ Action: 'ecr:GetAuthorizationToken', Resource: '*' }) }, []],
  [leastPrivilege, ROLE_POLICY, { policy: policy({ Effect: 'Deny', Action: '*', Resource: '*' }) }, []],
  [
    leastPrivilege,
    'aws:iam/role:Role',
    { inlinePolicies: [] },
    [[{ inlinePolicies: [{ policy: policy({ Action: 'iam:*', Resource: '*' }) }] }, /iam:\*/]],
  ],
  [
    noAnybody,
    'aws:iam/role:Role',
    { assumeRolePolicy: policy({ Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }) },
    [
      [{ assumeRolePolicy: policy({ Principal: '*', Action: 'sts:AssumeRole' }) }, /anybody/],
      [{ assumeRolePolicy: policy({ Principal: { AWS: ['*'] }, Action: 'sts:AssumeRole' }) }, /anybody/],
    ],
  ],
  [
    noAnybody,
    'aws:s3/bucketPolicy:BucketPolicy',
    { policy: policy({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: 'arn:x' }) },
    [[{ policy: policy({ Principal: '*', Action: 's3:GetObject', Resource: 'arn:x' }) }, /anybody/]],
  ],
  [
    noAnybody,
    'aws:lambda/permission:Permission',
    { principal: 'sns.amazonaws.com', sourceArn: 'arn:x' },
    [
      [{ principal: '*' }, /"\*"/],
      [{ sourceArn: undefined }, /sourceArn/],
    ],
  ],
  [
    stopsInTime,
    TASK,
    container(),
    [
      [container({ stopTimeout: undefined }), /web: stopTimeout is not set/],
      [container({ stopTimeout: 121 }), /121 s/],
      [container({ stopTimeout: 0 }), /0 s/],
      [container({ linuxParameters: undefined }), /initProcessEnabled/],
      [container({ linuxParameters: { initProcessEnabled: false } }), /web: linuxParameters\.initProcessEnabled/],
    ],
  ],
  [
    noPlainSecrets,
    TASK,
    container(),
    [
      [withEnvironment('BOT_TOKEN'), /BOT_TOKEN looks like a secret/],
      [withEnvironment('OPENROUTER_API_KEY'), /API_KEY/],
      [withEnvironment('DATABASE_URL'), /DATABASE_URL/],
      [withEnvironment('db_password'), /db_password/],
      [withEnvironment('HARMLESS', 'postgres://web:hunter2@db:5432/x'), /HARMLESS/],
      [withEnvironment('HARMLESS', '123456789:AAabcdefghijklmnopqrstuvwxyz01234'), /HARMLESS/],
      [withEnvironment('HARMLESS', '12345:AAabcdefghijklmnopqrstuvwxyz01234'), /HARMLESS/],
      [withEnvironment('HARMLESS', 'AKIAABCDEFGHIJKLMNOP'), /HARMLESS/],
      [container({ command: ['--dsn=postgres://web:hunter2@db:5432/x'] }), /command holds/],
      [container({ dockerLabels: { a: '123456789:AAabcdefghijklmnopqrstuvwxyz01234' } }), /dockerLabels holds/],
    ],
  ],
  [
    noPlainSecrets,
    'aws:lambda/function:Function',
    { environment: { variables: { BOT_TOKEN_ARN: 'arn:x' } } },
    [[{ environment: { variables: { BOT_TOKEN: 'x' } } }, /BOT_TOKEN/]],
  ],
  [
    noPlainSecrets,
    'aws:ssm/parameter:Parameter',
    { type: 'String', value: 'evenkeel-prod' },
    [[{ value: 'postgres://web:hunter2@db:5432/x' }, /value holds/]],
  ],
  [
    deploysGuarded,
    'aws:ecs/service:Service',
    { deploymentCircuitBreaker: { enable: true, rollback: true } },
    [
      [{ deploymentCircuitBreaker: undefined }, /for ever/],
      [{ deploymentCircuitBreaker: { enable: true, rollback: false } }, /for ever/],
    ],
  ],
  [keptFromDeletion, 'aws:rds/instance:Instance', {}, []],
  [privateTasks, 'aws:ecs/service:Service', { networkConfiguration: { assignPublicIp: true } }, []],
  [
    sealedContainers,
    TASK,
    container(),
    [
      [container({ readonlyRootFilesystem: false }), /readonly/],
      [container({ privileged: true }), /privileged/],
    ],
  ],
  [fixedImages, TASK, container(), [[container({ image: 'repo:latest' }), /not named by digest/]]],
  [
    fixedImages,
    'aws:ecr/repository:Repository',
    { imageTagMutability: 'IMMUTABLE', imageScanningConfiguration: { scanOnPush: true } },
    [
      [{ imageTagMutability: 'MUTABLE' }, /IMMUTABLE/],
      [{ imageTagMutability: undefined }, /IMMUTABLE/],
      [{ imageScanningConfiguration: undefined }, /scanOnPush/],
    ],
  ],
  [
    alarmsTell,
    'aws:cloudwatch/metricAlarm:MetricAlarm',
    {
      alarmActions: ['arn:topic'],
      alarmDescription: 'Bad. Runbook: docs/runbooks/x.md',
      treatMissingData: 'breaching',
    },
    [
      [{ alarmActions: [] }, /nobody is told/],
      [{ alarmActions: undefined, okActions: ['arn:topic'] }, /alarmActions is empty/],
      [{ actionsEnabled: false }, /actionsEnabled/],
      [{ alarmDescription: 'Bad.' }, /no runbook/],
      [{ treatMissingData: undefined }, /silence/],
    ],
  ],
  [
    alarmsTell,
    'aws:cloudwatch/compositeAlarm:CompositeAlarm',
    { okActions: ['arn:topic'], alarmDescription: 'Runbook: https://wiki/x' },
    [[{ okActions: [] }, /nobody is told/]],
  ],
  [
    tagged,
    'aws:sns/topic:Topic',
    { tags: TAGS },
    [
      [{ tags: { project: 'p', stack: 's' } }, /managed-by/],
      [{ tags: undefined }, /project, stack, managed-by/],
    ],
  ],
];

for (const [checked, type, good, bad] of CASES) {
  test(`${checked.name}: ${type.split(':').at(-1)} that holds, and ${bad.length} that do not`, () => {
    assert.deepEqual(violations(checked, resource(type, good)), []);
    for (const [change, message] of bad) {
      const found = violations(checked, resource(type, { ...good, ...change }));
      assert.ok(
        found.some((line) => message.test(line)),
        `${JSON.stringify(change)}: ${found.join('; ') || 'accepted'}`,
      );
    }
  });
}

test('every policy of the pack has a case here, a name of its own, and says why', () => {
  const cased = new Set<string>([
    ...CASES.map(([{ name }]) => name),
    bucketsPrivate.name,
    onlyBalancersOpen.name,
    plainForwarding.name,
    flowLogs.name,
  ]);
  const names = policies.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => !cased.has(name)),
    [],
  );
  assert.equal(new Set(names).size, names.length);
  for (const { description } of policies) assert.match(description, /\.$/);
});

describe('plain forwarding', () => {
  const stack = (internal: boolean, protocol: string, conditions: object[]) => {
    const balancer = resource('aws:lb/loadBalancer:LoadBalancer', { internal }, { name: 'balancer' });
    const listener = resource(
      'aws:lb/listener:Listener',
      { protocol },
      { name: 'listener', madeFrom: (property) => (property === 'loadBalancerArn' ? [balancer.urn] : []) },
    );
    const actions = [{ type: 'forward' }];
    const rule = resource(
      'aws:lb/listenerRule:ListenerRule',
      { actions, conditions },
      { name: 'rule', madeFrom: (property) => (property === 'listenerArn' ? [listener.urn] : []) },
    );
    return stackViolations(plainForwarding, [balancer, listener, rule]);
  };
  const header = [{ httpHeader: { httpHeaderName: 'X-Origin-Verify', values: ['secret'] } }];

  test('is for an internal load balancer that asks for a header, and for none else', () => {
    assert.deepEqual(stack(true, 'HTTP', header), []);
    assert.deepEqual(stack(false, 'HTTPS', []), []);
    assert.match(stack(false, 'HTTP', header).join(), /^rule: plain HTTP is forwarded/);
    assert.match(stack(true, 'HTTP', []).join(), /^rule: plain HTTP is forwarded/);
  });
});

test('an incident tool’s address is a secret, in any value', () => {
  const environment = [
    { name: 'POSTURE', value: '{"oncall":{"https":["https://events.pagerduty.com/integration/abc/enqueue"]}}' },
  ];
  const task = { containerDefinitions: JSON.stringify([{ name: 'web', environment }]) };
  assert.equal(violations(noPlainSecrets, resource('aws:ecs/taskDefinition:TaskDefinition', task)).length, 1);
});

test('no message shows the secret that it is about', () => {
  const secret = 'postgres://web:hunter2@db:5432/x';
  assert.ok(
    violations(noPlainSecrets, resource(TASK, withEnvironment('X', secret))).every((line) => !line.includes('hunter2')),
  );
});

test('configuration: other tags, more days of backup, more actions that know no resource', () => {
  assert.match(violations(tagged, resource('aws:sns/topic:Topic', { tags: TAGS }), { required: ['team'] })[0]!, /team/);
  const backups = resource('aws:rds/instance:Instance', { backupRetentionPeriod: 7, skipFinalSnapshot: true });
  assert.deepEqual(violations(databaseRecoverable, backups, { minimumBackupDays: 14, finalSnapshot: false }), [
    'backupRetentionPeriod is 7, wanted 14 or more',
  ]);
  const rights = resource(ROLE_POLICY, { policy: policy({ Action: 'ssmmessages:OpenDataChannel', Resource: '*' }) });
  assert.deepEqual(violations(leastPrivilege, rights, { allowedOnAnyResource: ['ssmmessages:OpenDataChannel'] }), []);
});

test("a provider's default tags count, as an object or as the JSON that the engine keeps", () => {
  const topic = (defaultTags: unknown) => resource('aws:sns/topic:Topic', {}, { provider: { defaultTags } });
  assert.deepEqual(violations(tagged, topic({ tags: TAGS })), []);
  assert.deepEqual(violations(tagged, topic(JSON.stringify({ tags: TAGS }))), []);
});

const GROUP = 'aws:ec2/securityGroup:SecurityGroup';
const group = (name: string): Resource => resource(GROUP, { ingress: [] }, { name });
const open = (name: string, of: Resource): Resource =>
  resource(
    INGRESS,
    { cidrIpv4: '0.0.0.0/0', fromPort: 443, toPort: 443, ipProtocol: 'tcp' },
    { name, madeFrom: (property) => (property === 'securityGroupId' ? [of.urn] : []) },
  );

test('443 may be open on the security group of a load balancer, and on no other', () => {
  const [balancer, tasks] = [group('balancer'), group('tasks')];
  const lb = resource(
    'aws:lb/loadBalancer:LoadBalancer',
    {},
    { madeFrom: (p) => (p === 'securityGroups' ? [balancer.urn] : []) },
  );
  assert.deepEqual(stackViolations(onlyBalancersOpen, [balancer, lb, open('https', balancer)]), []);
  const found = stackViolations(onlyBalancersOpen, [balancer, tasks, lb, open('https', balancer), open('hole', tasks)]);
  assert.deepEqual(found, ['hole: open to the world, and not the security group of a load balancer']);
});

const BLOCK = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };

test('a bucket blocks public access in all four ways and says how it encrypts', () => {
  const bucket = resource('aws:s3/bucket:Bucket', {}, { name: 'media' });
  const other = resource('aws:s3/bucket:Bucket', {}, { name: 'other' });
  const of = (owner: Resource) => ({ madeFrom: (property: string) => (property === 'bucket' ? [owner.urn] : []) });
  const block = (props: Props, owner = bucket) =>
    resource('aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock', props, {
      name: `block-${owner.name}`,
      ...of(owner),
    });
  const encryption = resource(
    'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
    {},
    of(bucket),
  );
  assert.deepEqual(stackViolations(bucketsPrivate, [bucket, block(BLOCK), encryption]), []);
  assert.deepEqual(stackViolations(bucketsPrivate, [bucket, block({ ...BLOCK, blockPublicAcls: false }), encryption]), [
    'media: public access is not blocked: blockPublicAcls',
  ]);
  assert.equal(
    stackViolations(bucketsPrivate, [bucket, other, block(BLOCK), encryption]).length,
    2,
    'the other has neither',
  );
});

test('the pack itself starts on this Node, without a compiler, and waits for the engine', async (t) => {
  const pack = fileURLToPath(new URL('../../../infra/policy/index.ts', import.meta.url));
  const child = spawn(process.execPath, [pack, '127.0.0.1:1', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const { value } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  assert.match(String(value), /^\d+$/, 'the port that the engine connects to');
});

test('configuration: what a company wants and the shipped stack does not have', () => {
  const required = { required: true };
  const service = (assignPublicIp: boolean) =>
    resource('aws:ecs/service:Service', { networkConfiguration: { assignPublicIp } });
  assert.match(violations(privateTasks, service(true), required).join(), /assignPublicIp is true/);
  assert.deepEqual(violations(privateTasks, service(false), required), []);
  const server = (deletionProtection: boolean) => resource('aws:rds/instance:Instance', { deletionProtection });
  assert.deepEqual(violations(keptFromDeletion, server(false), required), ['deletionProtection is not true']);
  assert.deepEqual(violations(keptFromDeletion, server(true), required), []);
  const vpc = resource('aws:ec2/vpc:Vpc', {}, { name: 'vpc' });
  const log = resource('aws:ec2/flowLog:FlowLog', {}, { name: 'log', madeFrom: () => [vpc.urn] });
  assert.deepEqual(stackViolations(flowLogs, [vpc], required), ['vpc: no FlowLog is made of it']);
  assert.deepEqual(stackViolations(flowLogs, [vpc, log], required), []);
  assert.deepEqual(stackViolations(flowLogs, [vpc]), []);
});
