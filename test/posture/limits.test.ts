import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  connectionLimits,
  demand,
  heapLimit,
  leastTasks,
  MiB,
  peakTasks,
  usableConnections,
  withoutOneZone,
} from '../../posture/limits.ts';
import { serverParameters } from '../../posture/server-parameters.ts';
import { resolve } from '../../posture/resolve.ts';
import { anyPosture } from './arbitrary.ts';

const parameters = (values: object) =>
  Object.fromEntries(
    serverParameters(resolve(values)).map(({ name, value, applyMethod }) => [name, { value, applyMethod }]),
  );

describe('connections', () => {
  it('follow from tasks, surge and overlap', () => {
    const posture = resolve({});
    assert.deepEqual(connectionLimits(posture), { web: 60, worker: 108 });
    assert.equal(demand(posture), 177);
    assert.equal(usableConnections(posture), 185);
  });

  it('round a surge as ECS would never exceed it, floats forgiven', () => {
    const posture = resolve({ web: { tasks: { min: 2, max: 10 } }, rollout: { surge: '210%' } });
    assert.equal(peakTasks(posture, 'web').deploying, 21);
  });

  it('grow, and never shrink, with what causes them', () => {
    fc.assert(
      fc.property(anyPosture, (posture) => {
        const more = {
          ...posture,
          worker: { ...posture.worker, pool: posture.worker.pool + 1 },
          rollout: { ...posture.rollout, overlap: posture.rollout.overlap + 1 },
        };
        assert.ok(demand(more) > demand(posture));
      }),
    );
  });
});

describe('tasks', () => {
  it('are counted as a deploy and a lost zone leave them', () => {
    const posture = resolve({ web: { tasks: { min: 3 } }, rollout: { minimumHealthy: '50%' } });
    assert.equal(leastTasks(posture, 'web'), 2);
    assert.equal(withoutOneZone(posture, 3), 1);
    assert.equal(withoutOneZone(resolve({ network: { zones: 1 } }), 3), 3);
  });
});

describe('the heap limit', () => {
  it('is what the memory leaves, in whole MiB and never negative', () => {
    const posture = resolve({});
    assert.equal(heapLimit(posture, 'web'), 258 * MiB);
    assert.equal(heapLimit(posture, 'worker'), 737 * MiB);
    assert.equal(heapLimit(resolve({ web: { maxInFlight: 10_000 } }), 'web'), 0);
  });
});

describe('server parameters', () => {
  it('are in base units, with the apply method that RDS wants', () => {
    const all = parameters({});
    assert.deepEqual(all['max_connections'], { value: '200', applyMethod: 'pending-reboot' });
    assert.deepEqual(all['tcp_keepalives_idle'], { value: '10', applyMethod: 'immediate' });
    assert.deepEqual(all['client_connection_check_interval'], { value: '5000', applyMethod: 'immediate' });
    assert.deepEqual(all['synchronous_commit'], { value: 'on', applyMethod: 'immediate' });
  });

  it('free the connections of a lost host in the promised time, while it is being written to as well', () => {
    const all = parameters({ database: { keepalive: { idle: '20s', interval: '4s', count: 2 } } });
    assert.equal(all['tcp_user_timeout']?.value, '28000');
  });

  it('leave to each session what a migration or a person must not suffer from', () => {
    for (const name of ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'])
      assert.equal(parameters({})[name], undefined);
  });

  it('are named once each', () => {
    const names = serverParameters(resolve({})).map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });
});
