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

  test('shows at refresh what runs in truth, so that the next up looks again', async (t) => {
    const { endpoint } = await startEcs(t, { DescribeServices: [service(revision(6), 'COMPLETED')] });
    const state = { ...inputs(endpoint), running: revision(8) };
    assert.equal((await provider.it.diff('guard-web', state, inputs(endpoint))).changes, false);
    const { props } = await provider.it.read('guard-web', state);
    assert.equal(props!['running'], revision(6));
    assert.equal((await provider.it.diff('guard-web', props!, inputs(endpoint))).changes, true);
  });
});
