import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growingTotal, slidingRate } from '../../../local/control-room/rates.ts';

test('a total survives the restart of a source', () => {
  const total = growingTotal();
  total.see('worker-1', 10);
  total.see('worker-2', 5);
  total.see('worker-1', 12);
  total.see('worker-1', 3);
  total.see('worker-1', 4);
  assert.equal(total.value(), 12 + 5 + 4);
});

test('a rate is taken over its window and falls to zero when nothing comes', () => {
  const rate = slidingRate(5_000);
  assert.equal(rate.perSecond(), 0);
  for (let second = 0; second <= 10; second++) rate.see(second * 1000, second * 20);
  assert.equal(rate.perSecond(), 20);
  for (let second = 11; second <= 16; second++) rate.see(second * 1000, 200);
  assert.equal(rate.perSecond(), 0);
});
