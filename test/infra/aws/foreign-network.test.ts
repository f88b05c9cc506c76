/** A stack in a network that somebody else made: what is made in it, where everything stands, and what is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONFIG, ofType, only, run, UNKNOWN } from '../harness.ts';
import { change, FOREIGN_NETWORK, PROD } from '../stacks.ts';

const VPC = 'vpc-0123456789abcdef0';
const subnet = (digit: number) => `subnet-0123456789abcdef${digit}`;

describe('network.vpc', () => {
  test('takes nothing into the network but security groups, which are in it', async () => {
    const result = await run({ posture: FOREIGN_NETWORK });
    assert.equal(result.error, undefined);
    const made = result.resources.filter(({ type }) => /^aws:(ec2|vpc)\//.test(type)).map(({ type }) => type);
    assert.deepEqual([...new Set(made)].sort(), [
      'aws:ec2/securityGroup:SecurityGroup',
      'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule',
      'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
    ]);
    for (const { name, inputs } of ofType(result, 'aws:ec2/securityGroup:SecurityGroup')) {
      assert.equal(inputs['vpcId'], VPC, name);
      // A name of Pulumi's own making is one that nobody else in the network has.
      assert.equal(inputs['name'], undefined, name);
    }
    assert.equal(only(result, 'aws:lb/targetGroup:TargetGroup').inputs['vpcId'], VPC);
  });

  test('puts tasks, balancer and database where it says', async () => {
    const result = await run({ posture: FOREIGN_NETWORK });
    for (const { inputs } of ofType(result, 'aws:ecs/service:Service'))
      assert.deepEqual(inputs['networkConfiguration'], {
        ...(inputs['networkConfiguration'] as object),
        subnets: [subnet(1), subnet(2)],
        assignPublicIp: false,
      });
    const migration = only(result, 'pulumi-nodejs:dynamic/evenkeel:Migrate');
    assert.deepEqual(migration.inputs['subnets'], [subnet(1), subnet(2)]);
    assert.deepEqual(only(result, 'aws:lb/loadBalancer:LoadBalancer').inputs['subnets'], [subnet(3), subnet(4)]);
    assert.deepEqual(only(result, 'aws:rds/subnetGroup:SubnetGroup').inputs['subnetIds'], [subnet(5), subnet(6)]);
  });

  test('gives tasks public addresses where its subnets have no other way out', async () => {
    const result = await run({ posture: change(FOREIGN_NETWORK, 'network.egress', 'public') });
    for (const { inputs } of ofType(result, 'aws:ecs/service:Service'))
      assert.equal((inputs['networkConfiguration'] as { assignPublicIp: boolean }).assignPublicIp, true);
  });

  test('is looked at before anything is made, in a preview too: a zone is lost with all that is in it', async () => {
    const shared = change(FOREIGN_NETWORK, 'network.vpc.taskSubnets', [subnet(1), subnet(4)]);
    for (const preview of [true, false]) {
      const { error, resources } = await run({ posture: shared, preview });
      assert.match(
        error!.message,
        /^evenkeel:posture: network\.vpc\.taskSubnets: subnet-\S+1 and subnet-\S+4 are both in the zone euc1-az2, /,
      );
      assert.deepEqual(
        resources.map(({ type }) => type).filter((type) => !type.startsWith('pulumi:')),
        [],
      );
    }
  });

  test('of which AWS does not show a subnet is refused in one line', async () => {
    const other = change(FOREIGN_NETWORK, 'network.vpc.databaseSubnets', [subnet(5), 'subnet-0ffffffffffffffff']);
    const { error } = await run({ posture: other });
    assert.match(
      error!.message,
      /^evenkeel:posture: network\.vpc\.databaseSubnets: AWS shows no subnet-0f+ in vpc-\S+, in this account and region: /,
    );
  });

  const refused: [name: string, path: string, value: unknown, line: RegExp][] = [
    [
      'endpoints',
      'network.egress',
      'endpoints',
      /^evenkeel:posture: network\.egress: "endpoints" would make endpoints/,
    ],
    ['flow logs', 'network.flowLogs', '30d', /^evenkeel:posture: network\.flowLogs: .*pulumi config rm/],
    [
      'zones of its own',
      'network.zoneIds',
      ['euc1-az1', 'euc1-az2'],
      /^evenkeel:posture: network\.zoneIds: .* config rm/,
    ],
    [
      'another number of zones',
      'network.zones',
      3,
      /^evenkeel:posture: network\.vpc\.taskSubnets: names 2, and network\.zones is 3: name one subnet a zone$/,
    ],
    [
      'a subnet twice',
      'network.vpc.databaseSubnets',
      [subnet(5), subnet(5)],
      /^evenkeel:posture: network\.vpc\.databaseSubnets: .* names a subnet twice/,
    ],
    [
      'a subnet that is none',
      'network.vpc.databaseSubnets',
      ['sub-1', subnet(5)],
      /network\.vpc\.databaseSubnets\[?\.?0\]?: .*the id of a subnet/,
    ],
  ];
  for (const [name, path, value, line] of refused)
    test(`with ${name} is refused in one line, and nothing is made`, async () => {
      const { error, resources } = await run({ posture: change(FOREIGN_NETWORK, path, value) });
      assert.deepEqual(resources, []);
      assert.match(error!.message, line);
      assert.equal(error!.message.split('\n').length, 1);
    });

  test('is no value that a task is given', async () => {
    const task = (posture: object) =>
      run({ posture, config: { ...CONFIG } }).then(
        (result) => only(result, 'aws:ecs/taskDefinition:TaskDefinition', '-web').inputs['containerDefinitions'],
      );
    assert.deepEqual(await task(FOREIGN_NETWORK), await task(PROD));
    assert.notEqual(await task(PROD), UNKNOWN);
  });
});
