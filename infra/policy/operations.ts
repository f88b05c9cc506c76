/** Operations: who is called reads what to do, and whoever pays sees what for. */
import { list, rule, type Props } from './rule.ts';

const RUNBOOK = /runbooks?:?\s*\S+\.md|runbooks?:?\s*https?:\/\//i;

const runbook = (text: unknown): string[] =>
  RUNBOOK.test(String(text)) ? [] : ['the description names no runbook: "Runbook: docs/runbooks/….md" or an address'];

const enabled = (props: Props, actions: string[]): string[] => {
  if (props['actionsEnabled'] === false) return ['actionsEnabled is false: nobody is told'];
  return actions.some((name) => list(props[name]).length > 0)
    ? []
    : [`${actions.join(' or ')} is empty: nobody is told`];
};

export const alarmsTell = rule({
  name: 'alarms-tell',
  description: 'An alarm tells somebody, says what silence means, and names its runbook.',
  checks: {
    'aws:cloudwatch/metricAlarm:MetricAlarm': (props) => [
      ...enabled(props, ['alarmActions']),
      ...runbook(props['alarmDescription']),
      ...(props['treatMissingData'] ? [] : ['treatMissingData is not set: say whether silence is good or bad']),
    ],
    'aws:cloudwatch/compositeAlarm:CompositeAlarm': (props) => [
      ...enabled(props, ['alarmActions', 'okActions']),
      ...runbook(props['alarmDescription']),
    ],
  },
});

/** Types whose cost or data somebody will ask about. */
const TAGGED = [
  'aws:cloudfront/distribution:Distribution',
  'aws:cloudwatch/logGroup:LogGroup',
  'aws:cloudwatch/metricAlarm:MetricAlarm',
  'aws:ec2/natGateway:NatGateway',
  'aws:ec2/securityGroup:SecurityGroup',
  'aws:ec2/subnet:Subnet',
  'aws:ec2/vpc:Vpc',
  'aws:ecr/repository:Repository',
  'aws:ecs/cluster:Cluster',
  'aws:ecs/service:Service',
  'aws:ecs/taskDefinition:TaskDefinition',
  'aws:iam/role:Role',
  'aws:kms/key:Key',
  'aws:lambda/function:Function',
  'aws:lb/loadBalancer:LoadBalancer',
  'aws:rds/instance:Instance',
  'aws:s3/bucket:Bucket',
  'aws:secretsmanager/secret:Secret',
  'aws:sns/topic:Topic',
];

/** Default tags of a provider, which may hold them as JSON. */
function defaultTags(props: Props | undefined): Props {
  const held = props?.['defaultTags'];
  const parsed = (typeof held === 'string' ? JSON.parse(held) : held) as Props | undefined;
  return (parsed?.['tags'] ?? {}) as Props;
}

export const tagged = rule({
  name: 'tagged',
  description: 'What costs or keeps data says what it belongs to.',
  configSchema: {
    properties: {
      required: { type: 'array', items: { type: 'string' }, default: ['project', 'stack', 'managed-by'] },
    },
  },
  checks: Object.fromEntries(
    TAGGED.map((type) => [
      type,
      ({ tags, tagsAll }, args) => {
        const all = { ...defaultTags(args.provider?.props), ...(tagsAll as Props), ...(tags as Props) };
        const missing = args.getConfig<{ required: string[] }>().required.filter((name) => !all[name]);
        return missing.length > 0 ? [`tags are missing: ${missing.join(', ')}`] : [];
      },
    ]),
  ),
});

export const deploysGuarded = rule({
  name: 'deploys-guarded',
  description: 'A deploy whose tasks do not start is given up and taken back by ECS itself.',
  checks: {
    'aws:ecs/service:Service': ({ deploymentCircuitBreaker }) => {
      const { enable, rollback } = (deploymentCircuitBreaker ?? {}) as Props;
      return enable === true && rollback === true
        ? []
        : ['deploymentCircuitBreaker does not enable and roll back: a release that cannot start is tried for ever'];
    },
  },
});

/** What a slip may not delete. A stack that is thrown away now and then has none of it, so it is asked for by configuration. */
export const keptFromDeletion = rule({
  name: 'kept-from-deletion',
  description: 'Databases and load balancers refuse to be deleted, where that is required.',
  configSchema: { properties: { required: { type: 'boolean', default: false } } },
  checks: Object.fromEntries(
    [
      ['aws:rds/instance:Instance', 'deletionProtection'],
      ['aws:rds/cluster:Cluster', 'deletionProtection'],
      ['aws:lb/loadBalancer:LoadBalancer', 'enableDeletionProtection'],
    ].map(([type, property]) => [
      type!,
      (props, args) =>
        !args.getConfig<{ required: boolean }>().required || props[property!] === true
          ? []
          : [`${property} is not true`],
    ]),
  ),
});
