/**
 * What each value of the posture moves. Whatever a task reads stands in its environment, so that a change of it rolls the
 * tasks; what no task reads moves exactly what is written here, and never a task, a migration or a service.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OUTSIDE_OF_TASKS, taskPosture } from '../../../infra/aws/task-posture.ts';
import { leafPaths } from '../../../posture/trace.ts';
import { resolve } from '../../../posture/resolve.ts';
import { changed, run } from '../harness.ts';
import { change, PROD } from '../stacks.ts';

const ALARM = 'MetricAlarm';
const SCALING = ['Policy', 'ScalingPolicy', 'MetricAlarm'];
const LOGS = 'LogGroup';
const SUBNETS = ['SecurityGroupIngressRule', 'Subnet', 'Vpc'];

/** By the path of a value that no task reads: another value, and the types of what it may move. */
const MOVES: Readonly<Record<string, [value: unknown, types: readonly string[]]>> = {
  'oncall.emails': [['another@my.domain'], ['TopicSubscription']],
  'oncall.https': [['https://tool.my.domain/key'], ['TopicSubscription']],
  'oncall.page.emails': [['awake@my.domain'], ['TopicSubscription']],
  'oncall.page.https': [['https://tool.my.domain/page'], ['TopicSubscription']],
  'oncall.ticket.emails': [['team@my.domain'], ['TopicSubscription']],
  'oncall.ticket.https': [['https://tool.my.domain/ticket'], ['TopicSubscription']],
  'oncall.detectWithin.page': ['6m', [ALARM, 'Dashboard']],
  'oncall.detectWithin.ticket': ['20m', [ALARM, 'Dashboard']],
  'oncall.logRetention': ['60d', [LOGS]],
  'network.cidr': ['10.41.0.0/16', SUBNETS],
  'network.egress': [
    'nat',
    ['Eip', 'NatGateway', 'Route', 'RouteTable', 'RouteTableAssociation', 'Subnet', 'VpcEndpoint', ...SUBNETS],
  ],
  'ingress.telegramOnly': [true, ['Function']],
  'ingress.logRetention': ['60d', ['BucketLifecycleConfiguration']],
  'scaling.cpu': ['50%', [...SCALING, 'Dashboard']],
  'scaling.requestsPerTarget': [2000, SCALING],
  'scaling.queueAge': ['11s', SCALING],
  'scaling.scaleInCooldown': ['10m', SCALING],
  'scaling.scaleOutCooldown': ['2m', SCALING],
  'database.backups': ['21d', ['Instance']],
  'database.backupWindow': ['04:30-05:30', ['Instance']],
  'database.maintenanceWindow': ['mon:03:00-mon:04:00', ['Instance']],
  'database.deletionProtection': [false, ['Instance']],
  'database.finalSnapshot': [false, ['Instance', 'RandomId']],
  'database.performanceInsights': [false, ['Instance']],
};

/** What a change of the network has to move beside: where a task runs is no value of its container. */
const WHERE_TASKS_RUN: readonly string[] = ['network.egress'];
/** Laws that hold for production alone. */
const DEVELOPMENT = ['database.deletionProtection', 'database.finalSnapshot'];

const isOutside = (path: string): boolean =>
  OUTSIDE_OF_TASKS.some((outside) => path === outside || path.startsWith(`${outside}.`));

test('every value that no task reads has its line here; every other one stands in the environment of the tasks', () => {
  const posture = resolve(PROD);
  const leaves = leafPaths(posture);
  assert.ok(leaves.length > 142, `${leaves.length} leaves`);
  assert.deepEqual(Object.keys(MOVES).sort(), leaves.filter(isOutside).sort());
  const given = leafPaths(JSON.parse(taskPosture(posture)) as object);
  assert.deepEqual(given.sort(), leaves.filter((path) => !isOutside(path)).sort());
});

const typeOf = (urn: string): string => urn.split('::')[2]!.split('$').at(-1)!.split(':').at(-1)!;
const ROLLS = /TaskDefinition|ecs\/service:|evenkeel:(Migrate|Guard)::/;

test('an address, an alarm’s time, a window or a limit of scaling moves what it is for, and rolls nothing', async () => {
  const bases = { shipped: PROD, development: change(PROD, 'stage', 'development') };
  const before = {
    shipped: await run({ posture: bases.shipped }),
    development: await run({ posture: bases.development }),
  };
  for (const [path, [value, types]] of Object.entries(MOVES)) {
    const base = DEVELOPMENT.includes(path) ? 'development' : 'shipped';
    const after = await run({ posture: change(bases[base], path, value) });
    assert.equal(after.error?.message, undefined, path);
    const moved = changed(before[base], after).filter((urn) => !/::evenkeel:aws:\w+::/.test(urn));
    const others = moved.filter((urn) => !types.includes(typeOf(urn)));
    if (WHERE_TASKS_RUN.includes(path)) continue;
    assert.deepEqual(
      moved.filter((urn) => ROLLS.test(urn)),
      [],
      `${path} rolls tasks`,
    );
    assert.deepEqual(others, [], path);
  }
});
