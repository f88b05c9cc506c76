/** The alarm on missing tasks, over the looks of a sentinel: what it rings for, and what it bears in silence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarms, evaluate, type Alarm } from '../../posture/alarms/index.ts';
import { resolve } from '../../posture/resolve.ts';

const MINUTE = 60_000;
/** Slowest start of a task that is still one, ms. */
const START = 2 * MINUTE;

const countAlarm = (values: unknown): Alarm => alarms(resolve(values)).find(({ id }) => id === 'worker-tasks')!;

/** Tasks that are missing at each look of some hours, from when each change of what is wanted is made, and when it runs. */
function looks(wantedAt: (now: number) => number, runningAt: (now: number) => number): number[] {
  return Array.from({ length: 120 }, (_, look) => Math.max(0, wantedAt(look * MINUTE) - runningAt(look * MINUTE)));
}

/** The states after each look. */
const states = (alarm: Alarm, missing: readonly (number | undefined)[]): string[] =>
  missing.map((_, look) => evaluate(alarm, missing.slice(0, look + 1)));

const rings = (alarm: Alarm, missing: readonly (number | undefined)[]): boolean =>
  states(alarm, missing).includes('ALARM');

test('rings where a task that is wanted does not come, within the time that is declared', () => {
  const alarm = countAlarm({});
  const lost = looks(
    () => 2,
    (now) => (now >= 30 * MINUTE ? 1 : 2),
  );
  const first = states(alarm, lost).indexOf('ALARM');
  assert.ok(first > 30 && (first - 30) * MINUTE <= resolve({}).oncall.detectWithin.ticket);
});

test('a deploy that raises the least number of tasks, whenever the count follows, rings nobody', () => {
  const alarm = countAlarm({ worker: { tasks: { min: 4, max: 8 } } });
  for (let raised = 10; raised < 40; raised++) {
    const at = raised * MINUTE;
    // Twice as many run while it rolls, then two at once are wanted more.
    const missing = looks(
      (now) => (now >= at ? 4 : 2),
      (now) => (now >= at + START ? 4 : now >= 10 * MINUTE && now < at ? 4 : 2),
    );
    assert.equal(rings(alarm, missing), false, `raised after ${raised} minutes`);
  }
});

test('autoscaling from the least to the most, a task at each cooldown, rings nobody', () => {
  for (const [min, max] of [
    [2, 4],
    [2, 12],
    [0, 3],
  ] as const) {
    const values = { worker: { tasks: { min, max } }, oncall: { detectWithin: { ticket: '30m' } } };
    const alarm = alarms(resolve(values)).find(({ id }) => id === 'worker-tasks');
    // A role that may scale to nothing has an alarm too, now that it is against what is wanted.
    assert.ok(alarm, `${min} to ${max}`);
    const { scaleOutCooldown } = resolve(values).scaling;
    const steps = (now: number) => Math.min(max, min + Math.max(0, Math.floor(now / scaleOutCooldown) - 10));
    const missing = looks(steps, (now) => Math.max(min, steps(now - START)));
    assert.equal(rings(alarm, missing), false, `${min} to ${max}`);
  }
});

test('a sentinel that cannot ask rings nobody by it', () => {
  const alarm = countAlarm({});
  assert.equal(
    rings(
      alarm,
      Array.from({ length: 60 }, () => undefined),
    ),
    false,
  );
});

test('takes no deploy back: who waits for capacity waits with the release before as well', () => {
  assert.deepEqual(countAlarm({}).rollback, []);
});
