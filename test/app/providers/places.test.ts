import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createPlaces, NoPlace } from '../../../app/providers/places.ts';

const never = new AbortController().signal;

test('so many at once, the others in the order in which they came', async () => {
  const places = createPlaces(2, 60_000);
  const [first, second] = [await places.take(never), await places.take(never)];
  const entered: number[] = [];
  const waiting = [3, 4, 5].map(async (who) => {
    const leave = await places.take(never);
    entered.push(who);
    return leave;
  });
  await turn();
  assert.deepEqual(entered, []);
  first();
  first();
  await turn();
  assert.deepEqual(entered, [3], 'a place is given back once');
  second();
  (await waiting[0]!)();
  (await Promise.all(waiting.slice(1))).forEach((leave) => leave());
  assert.deepEqual(entered, [3, 4, 5]);
});

test('who has waited for as long as a handler can spare is told so, and takes no place later', async () => {
  const places = createPlaces(1, 5);
  const leave = await places.take(never);
  await assert.rejects(places.take(never), NoPlace);
  leave();
  (await places.take(never))();
});

test('whoever is cut off waits no longer', async () => {
  const places = createPlaces(1, 60_000);
  const leave = await places.take(never);
  const caller = new AbortController();
  const waiting = places.take(caller.signal);
  caller.abort(new Error('the handler is over'));
  await assert.rejects(waiting, /the handler is over/);
  leave();
  (await places.take(never))();
  await assert.rejects(places.take(caller.signal), /the handler is over/);
});
