/** The guard against silent rollbacks, in the form in which the engine runs it, against a scripted ECS. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { guardTimeout } from '../../../infra/aws/rollout.ts';
import { alarms } from '../../../posture/alarms/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import { serialised } from '../dynamic.ts';
import { startEcs } from '../ecs.ts';
import { PROD } from '../stacks.ts';

const provider: { it: Awaited<ReturnType<typeof serialised>> } = { it: undefined! };
before(async () => {
  provider.it = await serialised('Guard');
});

const revision = (number: number) =>
  `arn:aws:ecs:eu-central-1:123456789012:task-definition/evenkeel-prod-web:${number}`;
const inputs = (endpoint: string) => ({
  region: 'eu-central-1',
  endpoint,
  cluster: 'arn:aws:ecs:eu-central-1:123456789012:cluster/evenkeel-prod',
  service: 'web',
  wanted: revision(8),
  timeout: 60_000,
  poll: 5,
});
const service = (taskDefinition: string, rolloutState: string, rolloutStateReason = '') => ({
  services: [
    {
      deployments: [
        { status: 'PRIMARY', taskDefinition, rolloutState, rolloutStateReason },
        { status: 'ACTIVE', taskDefinition: revision(1), rolloutState: 'COMPLETED' },
      ],
      events: [{ message: '(service web) (deployment ecs-svc/1) deployment failed: tasks failed to start.' }],
    },
  ],
});

describe('the guard', () => {
  test('is content when the wanted task definition runs, and waits for it', async (t) => {
    const { endpoint, calls } = await startEcs(t, {
      DescribeServices: [service(revision(8), 'IN_PROGRESS'), service(revision(8), 'COMPLETED')],
    });
    const { id, outs } = await provider.it.create(inputs(endpoint));
    assert.equal(id, 'guard-web');
    assert.equal(outs!['running'], revision(8));
    assert.equal(calls.length, 2);
  });

  test('says that it waits, and for how long at most', async (t) => {
    const { endpoint } = await startEcs(t, {
      DescribeServices: [service(revision(8), 'IN_PROGRESS'), service(revision(8), 'COMPLETED')],
    });
    const program = `import { guardProvider } from './infra/aws/guard.ts'; await guardProvider.create(${JSON.stringify(inputs(endpoint))});`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: join(import.meta.dirname, '../../..'),
    });
    assert.match(
      stdout,
      /^web: evenkeel-prod-web:8 runs, and ECS still watches its alarms \(rollout IN_PROGRESS\): \d+s of at most 60s\n$/,
    );
  });

  test('waits longer than ECS watches the alarms that take a deploy back', () => {
    const posture = resolve(PROD);
    for (const role of ['web', 'worker'] as const) {
      const list = alarms(posture).filter(({ rollback }) => rollback.includes(role));
      for (const { id, period, periods } of list)
        assert.ok(guardTimeout(posture, role) >= 2 * period * periods * 1000 + 60_000, id);
    }
    assert.equal(guardTimeout(posture, 'web'), 15 * 60_000);
  });

  test('fails up after a silent rollback, with what ECS says of it', async (t) => {
    const { endpoint } = await startEcs(t, { DescribeServices: [service(revision(7), 'COMPLETED')] });
    await assert.rejects(provider.it.update('guard-web', {}, inputs(endpoint)), (error: Error) => {
      assert.equal(
        error.message,
        'web: wanted evenkeel-prod-web:8, but ECS runs evenkeel-prod-web:7: the deploy was rolled back. (service web) (deployment ecs-svc/1) deployment failed: tasks failed to start. Repair the cause and run: pulumi up --refresh',
      );
      return true;
    });
  });

  test('fails up when the rollout failed or does not end', async (t) => {
    const failed = await startEcs(t, {
      DescribeServices: [service(revision(8), 'FAILED', 'ECS deployment circuit breaker')],
    });
    await assert.rejects(
      provider.it.create(inputs(failed.endpoint)),
      /wanted evenkeel-prod-web:8, but its rollout is FAILED\. ECS deployment circuit breaker \|/,
    );
    const endless = await startEcs(t, { DescribeServices: [service(revision(8), 'IN_PROGRESS')] });
    await assert.rejects(
      provider.it.create({ ...inputs(endless.endpoint), timeout: 30 }),
      /its rollout is IN_PROGRESS/,
    );
  });

  test('says so when the service is gone', async (t) => {
    const { endpoint } = await startEcs(t, { DescribeServices: [{ services: [] }] });
    await assert.rejects(provider.it.create(inputs(endpoint)), /web: ECS knows no such service in evenkeel-prod/);
  });

  test('lets a refresh find a service or a cluster that somebody deleted, and the next up look again', async (t) => {
    for (const answer of [{ services: [] }, { __type: 'ClusterNotFoundException', message: 'Cluster not found.' }]) {
      const { endpoint } = await startEcs(t, { DescribeServices: [answer] });
      const state = { ...inputs(endpoint), running: revision(8) };
      const { id, props } = await provider.it.read('guard-web', state);
      assert.equal(id, 'guard-web');
      assert.equal(props!['running'], 'nothing');
      assert.equal((await provider.it.diff('guard-web', props!, inputs(endpoint))).changes, true);
    }
  });

  test('lets a refresh pass when AWS does not answer: what is known stays', async (t) => {
    const refused = { __type: 'AccessDeniedException', message: 'no' };
    const { endpoint } = await startEcs(t, { DescribeServices: [refused] });
    const state = { ...inputs(endpoint), running: revision(8) };
    assert.deepEqual((await provider.it.read('guard-web', state)).props, state);
  });

  test('asks as the role in which the stack is built', async (t) => {
    const { endpoint, calls } = await startEcs(t, { DescribeServices: [service(revision(8), 'COMPLETED')] });
    const roles = [
      { roleArn: 'arn:aws:iam::111111111111:role/hub' },
      { roleArn: 'arn:aws:iam::222222222222:role/deploy', externalId: 'shared', sessionName: 'ci' },
    ];
    await provider.it.create({ ...inputs(endpoint), assumeRoles: roles });
    const assumed = calls.filter(({ action }) => action === 'AssumeRole');
    assert.deepEqual(
      assumed.map(({ body }) => [body['RoleArn'], body['RoleSessionName'], body['ExternalId']]),
      [
        ['arn:aws:iam::111111111111:role/hub', 'evenkeel', undefined],
        ['arn:aws:iam::222222222222:role/deploy', 'ci', 'shared'],
      ],
    );
    assert.deepEqual(
      calls.map(({ key }) => key),
      ['nobody', 'key-1', 'key-2'],
      'each call is signed by the role before it',
    );
  });

  test('counts repaired code as a change, since what is in the state is what refresh and delete run', async () => {
    const state = { wanted: revision(8), running: revision(8), __provider: 'exports.old = 1' };
    const diff = (code: string) => provider.it.diff('guard-web', state, { wanted: revision(8), __provider: code });
    assert.equal((await diff('exports.old = 1')).changes, false);
    assert.equal((await diff('exports.repaired = 1')).changes, true);
  });

  test('shows at refresh what runs in truth, so that the next up looks again', async (t) => {
    const { endpoint } = await startEcs(t, { DescribeServices: [service(revision(6), 'COMPLETED')] });
    const state = { ...inputs(endpoint), running: revision(8) };
    assert.equal((await provider.it.diff('guard-web', state, inputs(endpoint))).changes, false);
    const { props } = await provider.it.read('guard-web', state);
    assert.equal(props!['running'], revision(6));
    assert.equal((await provider.it.diff('guard-web', props!, inputs(endpoint))).changes, true);
  });
});
