import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callbacksInTime } from '../../../posture/laws/callbacks-in-time.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { PostureInput } from '../../../posture/schema/index.ts';

const sums = (posture: PostureInput): string[] =>
  callbacksInTime.check(resolve(posture)).violations.map(({ sum }) => sum);

test('callbacks.in.time: what is answered after NOWPayments has left, or cannot be refused before, breaks it', () => {
  assert.deepEqual(sums({}), []);
  assert.deepEqual(sums({ web: { callbacks: { deadline: '2750ms' } } }), []);
  assert.deepEqual(sums({ web: { callbacks: { deadline: '2751ms' } } }), [
    'web.callbacks.deadline 2.751s + margin 250ms = 3.001s > what NOWPayments waits 3s',
  ]);
  assert.deepEqual(sums({ web: { callbacks: { deadline: '1s' } } }), [
    'gather 1ms + acquire 1s + margin 250ms = 1.251s > web.callbacks.deadline 1s',
  ]);
  assert.deepEqual(sums({ ingress: { idleTimeout: '2s' } }), ['web.callbacks.deadline 2.5s > ALB idle 2s']);
});
