import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PostureError, resolve, spellOut } from '../../posture/resolve.ts';
import { anyPosture } from './arbitrary.ts';

function problems(values: unknown): readonly string[] {
  try {
    resolve(values);
  } catch (error) {
    assert.ok(error instanceof PostureError);
    assert.equal(error.message, error.problems.join('\n'));
    return error.problems;
  }
  assert.fail('the posture was accepted');
}

describe('resolve', () => {
  it('fills in every default, so that nothing need be written', () => {
    for (const nothing of [undefined, null, {}]) assert.deepEqual(resolve(nothing), resolve({}));
    assert.equal(resolve({}).telegram.maxConnections, 40);
  });

  it('reads units as milliseconds, bytes and ratios', () => {
    const posture = resolve({ web: { drain: '1.5m', memory: '1GiB' }, rollout: { surge: '150%' } });
    assert.equal(posture.web.drain, 90_000);
    assert.equal(posture.web.memory, 2 ** 30);
    assert.equal(posture.rollout.surge, 1.5);
  });

  it('gives back what it took: spelt out and read again, a posture is the same', () => {
    fc.assert(fc.property(anyPosture, (posture) => assert.deepEqual(resolve(spellOut(posture)), posture)));
  });

  it('survives the way into a container, as JSON', () => {
    fc.assert(
      fc.property(anyPosture, (posture) =>
        assert.deepEqual(resolve(JSON.parse(JSON.stringify(spellOut(posture)))), posture),
      ),
    );
  });

  it('names the nearest key for one that it does not know, at any depth', () => {
    assert.deepEqual(problems({ worker: { poool: 8 } }), [
      'worker.poool: unknown key; did you mean "pool"? Known here: tasks, cpu, memory, nofile, pool, stopTimeout, drain',
    ]);
    assert.match(problems({ workers: {} })[0]!, /^workers: unknown key; did you mean "worker"\?/);
    assert.match(problems({ database: { timeouts: { querry: '1s' } } })[0]!, /^database\.timeouts\.querry: .*"query"/);
  });

  it('says which unit is missing, in the terms of the value', () => {
    assert.deepEqual(problems({ worker: { drain: 100 } }), [
      'worker.drain: 100 is not accepted: it wants its unit, such as "100s"',
    ]);
    assert.deepEqual(problems({ worker: { drain: '100 sec' } }), [
      'worker.drain: "100 sec" is not accepted: a duration with its unit, such as "250ms", "5s", "2m", "24h" or "7d"',
    ]);
    assert.match(
      problems({ web: { memory: '512MB' } })[0]!,
      /^web\.memory: "512MB" is not accepted: a size with its unit/,
    );
    assert.match(problems({ rollout: { surge: '2' } })[0]!, /^rollout\.surge: "2" is not accepted: a percentage/);
  });

  it('takes the id of a chat as text or as number, and keeps it as text', () => {
    for (const written of ['-1001234567890', -1001234567890]) {
      const posture = resolve({ oncall: { telegramChat: written } });
      assert.equal(posture.oncall.telegramChat, '-1001234567890');
      assert.equal(spellOut(posture).oncall?.telegramChat, '-1001234567890');
    }
    assert.equal(resolve({ oncall: { telegramChat: '@oncall' } }).oncall.telegramChat, '@oncall');
    for (const wrong of ['a chat', 1.5, true])
      assert.deepEqual(problems({ oncall: { telegramChat: wrong } }), [
        `oncall.telegramChat: ${JSON.stringify(wrong)} is not accepted: a chat id, such as "-1001234567890", or a name, such as "@oncall"`,
      ]);
  });

  it('reports every mistake, not only the first', () => {
    const found = problems({ worker: { pool: 0, drain: 'soon' }, wob: {} });
    assert.equal(found.length, 3);
    assert.ok(found.some((line) => line.startsWith('worker.pool: 0 is not accepted: ')));
  });

  it('refuses fewer tasks at most than at least, and says how to mend it', () => {
    assert.deepEqual(problems({ web: { tasks: { min: 5, max: 2 } } }), [
      'web.tasks: {"min":5,"max":2} is not accepted: max is at least min: raise max to 5 or lower min to 2',
    ]);
  });

  it('refuses what is no posture at all', () => {
    assert.match(problems('worker')[0]!, /^posture: "worker" is not accepted/);
    assert.match(problems([])[0]!, /^posture: \[\] is not accepted/);
  });
});
