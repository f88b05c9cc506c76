/** What the cloud would have computed, as plain functions of what was asked for: stable, so that two runs compare. */
import { createHash } from 'node:crypto';

type Values = Record<string, unknown>;

const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** What the types that others lean on compute; anything else has an id and an ARN. */
const COMPUTED: Record<string, (name: string, inputs: Values) => Values> = {
  'aws:lb/loadBalancer:LoadBalancer': (name) => ({
    arnSuffix: `app/${name}/${short(name)}`,
    dnsName: `${name}.elb.amazonaws.com`,
    zoneId: 'ZALB',
  }),
  'aws:lb/targetGroup:TargetGroup': (name) => ({ arnSuffix: `targetgroup/${name}/${short(name)}` }),
  'aws:cloudfront/distribution:Distribution': () => ({ domainName: 'd111111abcdef8.cloudfront.net' }),
  'aws:rds/instance:Instance': (name) => ({
    address: `${name}.abc.${REGION}.rds.amazonaws.com`,
    resourceId: `db-${short(name)}`,
  }),
  'aws:ecr/repository:Repository': (name) => ({
    repositoryUrl: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/${name}`,
    registryId: ACCOUNT,
    name,
  }),
  'aws:acm/certificate:Certificate': (_name, { domainName }) => ({
    domainValidationOptions: [
      {
        domainName,
        resourceRecordName: `_x.${String(domainName)}`,
        resourceRecordType: 'CNAME',
        resourceRecordValue: '_y.acm-validations.aws.',
      },
    ],
  }),
  'aws:route53/record:Record': (_name, { name }) => ({ fqdn: name }),
  'aws:s3/bucket:Bucket': (name, inputs) => {
    const bucket = (inputs['bucket'] as string | undefined) ?? `${name}-${short(name)}`;
    return { bucket, arn: `arn:aws:s3:::${bucket}` };
  },
  'aws:secretsmanager/secretVersion:SecretVersion': (name, { secretString }) => ({
    versionId: short(`${name}${JSON.stringify(secretString)}`),
  }),
  'aws:ec2/eip:Eip': (name) => ({ allocationId: `eipalloc-${short(name)}` }),
  // A new revision for each change, as ECS has it.
  'aws:ecs/taskDefinition:TaskDefinition': (_name, inputs) => ({
    arn: `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/${String(inputs['family'])}:${parseInt(short(JSON.stringify(inputs)), 16) % 1000}`,
  }),
  'random:index/randomPassword:RandomPassword': (name) => ({ result: `password-${short(name)}` }),
  'random:index/randomId:RandomId': (name) => ({ hex: short(name) }),
  'docker:index/image:Image': (_name, { imageName }) => ({
    repoDigest: `${String(imageName).replace(/:[^:/]*$/, '')}@sha256:${(String(imageName).endsWith('-media') ? 'd' : 'b').repeat(64)}`,
  }),
};

/** Id and state of a created resource. */
export function computed(type: string, name: string, inputs: Values): { id: string; state: Values } {
  const unique = `${type.split(':').at(-1)!}/${name}`;
  const state = {
    arn: `arn:aws:mock:${REGION}:${ACCOUNT}:${unique}`,
    name,
    ...inputs,
    ...COMPUTED[type]?.(name, inputs),
  };
  return { id: unique, state };
}

/** Answers of the provider's look-ups. */
export function invoked(token: string, inputs: Values): Values {
  switch (token) {
    case 'aws:index/getAvailabilityZones:getAvailabilityZones':
      return { names: ['a', 'b', 'c'].map((zone) => `${REGION}${zone}`) };
    case 'aws:index/getCallerIdentity:getCallerIdentity':
      return { accountId: ACCOUNT };
    case 'aws:route53/getZone:getZone':
      return { zoneId: `Z-${String(inputs['name'])}` };
    // Subnets of somebody else's network, in three zones by the last digit of their ids.
    case 'aws:ec2/getSubnet:getSubnet':
      if (String(inputs['id']).endsWith('ffff')) throw new Error('no matching EC2 Subnet found');
      return { availabilityZoneId: `euc1-az${(Number.parseInt(String(inputs['id']).slice(-1), 16) % 3) + 1}` };
    case 'aws:ec2/getManagedPrefixList:getManagedPrefixList':
      return { id: 'pl-cloudfront' };
    case 'aws:ecr/getAuthorizationToken:getAuthorizationToken':
      return { userName: 'AWS', password: 'login' };
    default:
      throw new Error(`the simulated cloud has no answer for ${token}`);
  }
}
