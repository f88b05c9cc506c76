/** The migration step, in the form in which the engine runs it, against a scripted ECS. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { serialised } from '../dynamic.ts';
import { startEcs } from '../ecs.ts';

const provider: { it: Awaited<ReturnType<typeof serialised>> } = { it: undefined! };
before(async () => {
  provider.it = await serialised('Migrate');
});

const TASK = 'arn:aws:ecs:eu-central-1:123456789012:task/evenkeel-prod/0123456789abcdef';
const inputs = (endpoint: string) => ({
  region: 'eu-central-1',
  endpoint,
  cluster: 'arn:aws:ecs:eu-central-1:123456789012:cluster/evenkeel-prod',
  taskDefinition: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/evenkeel-prod-migrate:7',
  containerName: 'migrate',
  subnets: ['subnet-1', 'subnet-2'],
  securityGroups: ['sg-1'],
  assignPublicIp: true,
  logGroup: '/evenkeel/evenkeel-prod-migrate',
  timeout: 60_000,
  poll: 5,
  triggers: { image: 'a', webConnections: '48' },
});
const started = { tasks: [{ taskArn: TASK }], failures: [] };
const running = { tasks: [{ taskArn: TASK, lastStatus: 'RUNNING' }] };
const stopped = (exitCode?: number, reason?: string) => ({
  tasks: [
    {
      taskArn: TASK,
      lastStatus: 'STOPPED',
      stoppedReason: 'Essential container in task exited',
      containers: [{ name: 'migrate', exitCode, reason }],
    },
  ],
});

describe('the migration', () => {
  test('is a task of the new image, waited for until it has ended well', async (t) => {
    const { endpoint, calls } = await startEcs(t, {
      RunTask: [started],
      DescribeTasks: [running, running, stopped(0)],
    });
    const { id, outs } = await provider.it.create(inputs(endpoint));
    assert.equal(id, 'migrate-evenkeel-prod');
    assert.equal(outs!['taskArn'], TASK);
    const [asked] = calls;
    assert.equal(asked!.body['taskDefinition'], inputs(endpoint).taskDefinition);
    assert.equal(asked!.body['launchType'], 'FARGATE');
    assert.deepEqual(asked!.body['networkConfiguration'], {
      awsvpcConfiguration: { subnets: ['subnet-1', 'subnet-2'], securityGroups: ['sg-1'], assignPublicIp: 'ENABLED' },
    });
    assert.equal(calls.filter(({ action }) => action === 'DescribeTasks').length, 3);
  });

  test('that fails, fails up with the last lines of its log', async (t) => {
    const events = ['migrating 0007_ledger', 'error: column "amount" does not exist'].map((message) => ({ message }));
    const { endpoint, calls } = await startEcs(t, {
      RunTask: [started],
      DescribeTasks: [stopped(1)],
      GetLogEvents: [{ events }],
    });
    await assert.rejects(provider.it.create(inputs(endpoint)), (error: Error) => {
      assert.equal(
        error.message,
        'The migration ended with exit code 1 (Essential container in task exited); the old tasks go on unchanged. Last lines of /evenkeel/evenkeel-prod-migrate:\n  migrating 0007_ledger\n  error: column "amount" does not exist',
      );
      return true;
    });
    assert.equal(calls.at(-1)!.body['logStreamName'], 'task/migrate/0123456789abcdef');
  });

  test('that never began to run says why, and that there is no log', async (t) => {
    const { endpoint } = await startEcs(t, {
      RunTask: [started],
      DescribeTasks: [stopped(undefined, 'CannotPullContainerError: not found')],
    });
    await assert.rejects(
      provider.it.create(inputs(endpoint)),
      /ended without an exit code \(.*CannotPullContainerError: not found\).*\n {2}\(no log: \/evenkeel\/evenkeel-prod-migrate task\/migrate\/0123456789abcdef: /s,
    );
  });

  test('that ECS does not start says why', async (t) => {
    const failures = [{ reason: 'RESOURCE:FARGATE', detail: 'capacity is unavailable' }];
    const { endpoint } = await startEcs(t, { RunTask: [{ tasks: [], failures }] });
    await assert.rejects(
      provider.it.create(inputs(endpoint)),
      /^Error: ECS did not start the migrate task: RESOURCE:FARGATE capacity is unavailable$/,
    );
  });

  test('that does not end is stopped', async (t) => {
    const { endpoint, calls } = await startEcs(t, {
      RunTask: [started],
      DescribeTasks: [running],
      StopTask: [{}],
      GetLogEvents: [{ events: [] }],
    });
    await assert.rejects(
      provider.it.create({ ...inputs(endpoint), timeout: 50 }),
      /The migration ended without an exit code \(still running after 0s, and stopped\)/,
    );
    assert.ok(calls.some(({ action, body }) => action === 'StopTask' && body['task'] === TASK));
  });

  test('runs again when what its result depends on has changed, and only then', async () => {
    const olds = inputs('http://127.0.0.1:1');
    const same = await provider.it.diff('migrate', olds, { ...olds, taskDefinition: 'another:8', timeout: 1 });
    assert.equal(same.changes, false);
    const other = await provider.it.diff('migrate', olds, { ...olds, triggers: { image: 'b', webConnections: '48' } });
    assert.equal(other.changes, true);
  });
});
