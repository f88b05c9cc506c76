import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countCheck, NEW_TARGET } from '../../../local/platform/health-check.ts';
import { restartDelay } from '../../../local/platform/restart-delay.ts';

const RULES = { healthy: 2, unhealthy: 3 };

/** The states that a row of checks leads through: p passed, f failed. */
const states = (checks: string) =>
  [...checks]
    .reduce(
      (seen, check) => [...seen, countCheck(seen.at(-1) ?? NEW_TARGET, check === 'p', RULES)],
      [] as ReturnType<typeof countCheck>[],
    )
    .map(({ state }) => state);

test('the first good answer makes a new target healthy', () => {
  assert.deepEqual(states('ffp'), ['starting', 'starting', 'healthy']);
});

test('a target that never answered well is unhealthy after as many failures', () => {
  assert.deepEqual(states('fff').at(-1), 'unhealthy');
});

test('single failures do not count, a row of them does', () => {
  assert.deepEqual(states('pffpff').at(-1), 'healthy');
  assert.deepEqual(states('pfff').at(-1), 'unhealthy');
});

test('an unhealthy target has to pass twice in a row to be healthy again', () => {
  assert.deepEqual(states('pfffp').at(-1), 'unhealthy');
  assert.deepEqual(states('pfffpfp').at(-1), 'unhealthy');
  assert.deepEqual(states('pfffpp').at(-1), 'healthy');
});

test('the first restart comes at once, the next ones ever later, up to a bound', () => {
  const delays = [0, 1, 2, 3, 4, 1000].map((crashes) => restartDelay(crashes, { first: 1000, max: 5000 }));
  assert.deepEqual(delays, [0, 1000, 2000, 4000, 5000, 5000]);
});
