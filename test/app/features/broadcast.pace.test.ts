/** How many messages of a broadcast one commit covers: at a slow pace fewer, so that no turn outlasts its deadline. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchAt } from '../../../app/features/broadcast/job.ts';

test('a commit covers a few messages, and what they take at their pace is a small part of a minute', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (pace) => {
      const most = batchAt(pace);
      assert.ok(most >= 1 && most <= 50, `${most} at ${pace} a second`);
      assert.ok(most / pace <= 2, `${most} at ${pace} a second take ${most / pace} s`);
    }),
  );
  assert.deepEqual([1, 5, 25, 1_000].map(batchAt), [2, 10, 50, 50]);
});
