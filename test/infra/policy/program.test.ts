import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceValidationPolicy, StackValidationPolicy } from '@pulumi/policy';
import { policies } from '../../../infra/policy/policies.ts';
import { run, type Declared, type Run } from '../harness.ts';
import { FOREIGN_NETWORK, MAXIMAL, OPTIONS, PROD, WITH_DOMAIN } from '../stacks.ts';
import { stackViolations, violations, type Resource } from './apply.ts';

/** A declared resource as a policy sees it. The harness knows what it was made from, not by which property. */
function asResource({ type, name, urn, inputs, dependsOn, provider }: Declared, { resources }: Run): Resource {
  const aws = resources.find((one) => provider.startsWith(`${one.urn}::`));
  return { type, name, urn, props: inputs, madeFrom: () => dependsOn, ...(aws && { provider: aws.inputs }) };
}

const resourcesOf = (result: Run): Resource[] =>
  result.resources.filter(({ custom }) => custom).map((declared) => asResource(declared, result));

function allViolations(resources: readonly Resource[]): string[] {
  return policies.flatMap((policy: ResourceValidationPolicy | StackValidationPolicy) => {
    if ('validateStack' in policy) return stackViolations(policy, resources).map((line) => `${policy.name}: ${line}`);
    return resources.flatMap((resource) =>
      violations(policy, resource).map((line) => `${policy.name}: ${resource.name}: ${line}`),
    );
  });
}

for (const [name, posture] of Object.entries({
  prod: PROD,
  'with a domain': WITH_DOMAIN,
  maximal: MAXIMAL,
  options: OPTIONS,
  'in a network of others': FOREIGN_NETWORK,
}))
  test(`the program's own resources hold every policy: ${name}`, async () => {
    const result = await run({ posture });
    assert.equal(result.error, undefined);
    assert.ok(result.resources.length > 100, `only ${result.resources.length} resources were declared`);
    assert.deepEqual(allViolations(resourcesOf(result)), []);
  });

/** What somebody might do to a stack, by the policy that must notice: a type, and properties set on all of that type. */
const BREAKS: Record<string, [type: string, change: Record<string, unknown>]> = {
  encrypted: ['aws:rds/instance:Instance', { storageEncrypted: false }],
  'database-private': ['aws:rds/instance:Instance', { publiclyAccessible: true }],
  'database-recoverable': ['aws:rds/instance:Instance', { backupRetentionPeriod: 0 }],
  'buckets-private': ['aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock', { restrictPublicBuckets: false }],
  'logs-end': ['aws:cloudwatch/logGroup:LogGroup', { retentionInDays: 0 }],
  'closed-ports': ['aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule', { cidrIpv4: '0.0.0.0/0' }],
  'only-load-balancers-open': [
    'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
    { cidrIpv4: '0.0.0.0/0', fromPort: 443, toPort: 443 },
  ],
  'modern-tls': ['aws:lb/listener:Listener', { protocol: 'HTTPS', sslPolicy: 'ELBSecurityPolicy-2016-08' }],
  'plain-forwarding': ['aws:lb/loadBalancer:LoadBalancer', { internal: false }],
  'least-privilege': [
    'aws:iam/rolePolicy:RolePolicy',
    { policy: '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}' },
  ],
  'no-anybody': ['aws:lambda/permission:Permission', { principal: '*' }],
  'stops-in-time': ['aws:ecs/taskDefinition:TaskDefinition', { containerDefinitions: '[{"name":"web"}]' }],
  'no-plain-secrets': [
    'aws:ecs/taskDefinition:TaskDefinition',
    { containerDefinitions: '[{"name":"web","environment":[{"name":"BOT_TOKEN","value":"x"}]}]' },
  ],
  'sealed-containers': ['aws:ecs/taskDefinition:TaskDefinition', { containerDefinitions: '[{"name":"web"}]' }],
  'fixed-images': ['aws:ecr/repository:Repository', { imageTagMutability: 'MUTABLE' }],
  'deploys-guarded': ['aws:ecs/service:Service', { deploymentCircuitBreaker: undefined }],
  'alarms-tell': ['aws:cloudwatch/metricAlarm:MetricAlarm', { alarmActions: [] }],
};

/** Nothing unless they are required by configuration. */
const ON_REQUEST = ['flow-logs', 'kept-from-deletion', 'private-tasks'];

test('each policy notices when the rendered resources are changed behind its back', async () => {
  const resources = resourcesOf(await run({ posture: PROD }));
  const untagged = resources.map(({ provider: _provider, ...rest }) => rest);
  assert.ok(
    allViolations(untagged).some((line) => line.startsWith('tagged: ')),
    'tagged',
  );
  for (const [policy, [type, change]] of Object.entries(BREAKS)) {
    const broken = resources.map((one) => (one.type === type ? { ...one, props: { ...one.props, ...change } } : one));
    assert.ok(
      allViolations(broken).some((line) => line.startsWith(`${policy}: `)),
      policy,
    );
  }
  assert.deepEqual([...Object.keys(BREAKS), 'tagged', ...ON_REQUEST].sort(), policies.map(({ name }) => name).sort());
});
