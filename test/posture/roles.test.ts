/** Which roles a posture has: media tasks are everywhere while a feature that is on wants them, and nowhere else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import '../harness/remind-by-media.ts';
import { alarms } from '../../posture/alarms/index.ts';
import { laws } from '../../posture/laws/index.ts';
import {
  connectionLimits,
  demand,
  jobsPerTask,
  mostSenders,
  mostTasks,
  peakConnections,
  queuesOf,
  roleLimits,
  rolesOf,
  sendsPerTask,
} from '../../posture/limits.ts';
import { promises } from '../../posture/promises.ts';
import { resolve } from '../../posture/resolve.ts';
import type { PostureInput } from '../../posture/schema/index.ts';

/** With fewer connections of the web tasks: the server bears no more in all. */
const on = (input: PostureInput = {}) => resolve({ web: { pool: 3 }, ...input, features: { remind: true } });
const off = resolve({ web: { pool: 3 }, features: { remind: false } });
const sums = (posture: ReturnType<typeof resolve>) =>
  laws.flatMap((law) => law.check(posture).arithmetic.map((sum) => `${law.name}: ${sum}`));
const violated = (posture: ReturnType<typeof resolve>, name: string) =>
  laws
    .find((law) => law.name === name)!
    .check(posture)
    .violations.map(({ sum }) => sum);

describe('media tasks', () => {
  it('are nowhere while nothing wants them', () => {
    assert.deepEqual(rolesOf(off), ['web', 'worker']);
    assert.deepEqual(Object.keys(connectionLimits(off)), ['web', 'worker']);
    const written = [...sums(off), ...promises(off).map(({ name }) => name), ...Object.keys(roleLimits(off))];
    assert.deepEqual(
      written.filter((line) => line.includes('media')),
      [],
    );
    assert.deepEqual(
      alarms(off).filter(({ id }) => id.startsWith('media')),
      [],
    );
    assert.ok(queuesOf(off, 'worker').includes('remind'), 'the workers end what is left');
  });

  it('are counted by every law while something does', () => {
    const posture = on();
    assert.deepEqual(rolesOf(posture), ['web', 'worker', 'media']);
    assert.deepEqual(
      laws.flatMap((law) => law.check(posture).violations.map(({ sum }) => `${law.name}: ${sum}`)),
      [],
    );
    const counted = new Set(
      sums(posture)
        .filter((line) => /\bmedia/.test(line))
        .map((line) => line.split(':')[0]),
    );
    for (const law of [
      'connections.fit',
      'pool.shares',
      'drain.fits',
      'memory.fits',
      'files.fit',
      'rollout.converges',
      'alarms.detect',
    ])
      assert.ok(counted.has(law), `${law} does not count them`);
    assert.equal(demand(posture) - demand(off), peakConnections(posture, 'media'));
    assert.equal(roleLimits(posture).media, peakConnections(posture, 'media'));
    assert.equal(mostSenders(posture), mostTasks(posture, 'worker') + mostTasks(posture, 'media'));
    assert.ok(sendsPerTask(posture) < sendsPerTask(off));
    assert.deepEqual(queuesOf(posture, 'media'), ['remind']);
    assert.equal(jobsPerTask(posture, 'media') + jobsPerTask(posture, 'worker'), jobsPerTask(off, 'worker'));
  });

  it('are watched as the others are, and by their disk', () => {
    const ids = alarms(on())
      .map(({ id }) => id)
      .filter((id) => id.startsWith('media'));
    assert.deepEqual(ids.toSorted(), ['media-cpu', 'media-disk', 'media-memory', 'media-open-files', 'media-tasks']);
  });

  it('may be silent: where none has to run nothing is wrong, and where some are wanted their count says so', () => {
    const its = alarms(on()).filter(({ id }) => id.startsWith('media'));
    assert.deepEqual(
      its.filter(({ missing }) => missing === 'breaching'),
      [],
    );
  });

  it('are refused where a law cannot bear them', () => {
    assert.match(violated(on({ media: { tasks: { max: 60 } } }), 'connections.fit')[0]!, /media 120×3 \+ 60×3/);
    assert.match(
      violated(on({ media: { memory: '1GiB' }, work: { remind: { concurrency: 8 } } }), 'memory.fits')[0]!,
      /^media: /,
    );
    assert.match(violated(on({ media: { drain: '119s' } }), 'drain.fits')[0]!, /^media\.drain 119s/);
    assert.match(violated(on({ media: { nofile: 256 } }), 'files.fit')[0] ?? '', /^$|media/);
    assert.deepEqual(violated(on({ media: { tasks: { min: 1, max: 1 } } }), 'rollout.converges'), []);
  });
});
