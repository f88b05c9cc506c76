/** Rights: as few as the work takes, to those who do it. */
import { list, parseJson, rule, type Check, type Props } from './rule.ts';

interface Statement {
  Effect?: string;
  Action?: unknown;
  NotAction?: unknown;
  Resource?: unknown;
  NotResource?: unknown;
  Principal?: unknown;
  Condition?: unknown;
}

const allows = (document: unknown): Statement[] =>
  (list((parseJson(document) as { Statement?: unknown } | undefined)?.Statement) as Statement[]).filter(
    ({ Effect }) => Effect === 'Allow',
  );

/** Actions for which IAM knows no narrower resource. */
const ANY_RESOURCE = ['ecr:GetAuthorizationToken', 'cloudwatch:PutMetricData', 'ec2:DescribeNetworkInterfaces'];

function tooMuch(document: unknown, anyResource: readonly string[]): string[] {
  return allows(document).flatMap(({ Action, NotAction, Resource, NotResource }) => {
    const actions = list(Action).map(String);
    const wild = actions.filter((action) => action.includes('*'));
    const unbound = list(Resource).includes('*') ? actions.filter((action) => !anyResource.includes(action)) : [];
    return [
      ...(wild.length > 0 ? [`allows ${wild.join(', ')}: name the actions`] : []),
      ...(unbound.length > 0 ? [`allows ${unbound.join(', ')} on every resource: name the resources`] : []),
      ...(NotAction !== undefined ? ['allows by NotAction, that is everything else: name the actions'] : []),
      ...(NotResource !== undefined ? ['allows by NotResource, that is everywhere else: name the resources'] : []),
    ];
  });
}

const policyOf: Check = ({ policy }, args) =>
  tooMuch(policy, [...ANY_RESOURCE, ...args.getConfig<{ allowedOnAnyResource: string[] }>().allowedOnAnyResource]);

const inlinePolicies: Check = ({ inlinePolicies: inline }, args) =>
  (list(inline) as Props[]).flatMap((one) => policyOf(one, args));

export const leastPrivilege = rule({
  name: 'least-privilege',
  description: 'No identity may do everything, or something everywhere.',
  configSchema: {
    properties: { allowedOnAnyResource: { type: 'array', items: { type: 'string' }, default: [] } },
  },
  checks: {
    'aws:iam/policy:Policy': policyOf,
    'aws:iam/rolePolicy:RolePolicy': policyOf,
    'aws:iam/userPolicy:UserPolicy': policyOf,
    'aws:iam/groupPolicy:GroupPolicy': policyOf,
    'aws:iam/role:Role': inlinePolicies,
  },
});

const isAnybody = (principal: unknown): boolean =>
  principal === '*' ||
  (typeof principal === 'object' && principal !== null && list((principal as Props)['AWS']).includes('*'));

const anybody =
  (property: string): Check =>
  (props) =>
    allows(props[property]).some(({ Principal, Condition }) => isAnybody(Principal) && Condition === undefined)
      ? [`${property} allows anybody: name who, or a condition`]
      : [];

export const noAnybody = rule({
  name: 'no-anybody',
  description: 'No role can be taken, no bucket, topic, queue, key, secret or function used by anybody at all.',
  checks: {
    'aws:iam/role:Role': anybody('assumeRolePolicy'),
    'aws:s3/bucketPolicy:BucketPolicy': anybody('policy'),
    'aws:sns/topicPolicy:TopicPolicy': anybody('policy'),
    'aws:sqs/queuePolicy:QueuePolicy': anybody('policy'),
    'aws:kms/key:Key': anybody('policy'),
    'aws:secretsmanager/secretPolicy:SecretPolicy': anybody('policy'),
    'aws:lambda/permission:Permission': ({ principal, sourceArn, sourceAccount, principalOrgId }) =>
      principal === '*' && !principalOrgId
        ? ['principal is "*"']
        : /\.amazonaws\.com$/.test(String(principal)) && !sourceArn && !sourceAccount
          ? [`${String(principal)} may call on behalf of any account: set sourceArn`]
          : [],
  },
});
