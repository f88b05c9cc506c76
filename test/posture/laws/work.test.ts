import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { workAbsorbs } from '../../../posture/laws/work-absorbs.ts';
import { resolve } from '../../../posture/resolve.ts';

const sums = (values: object): string[] => workAbsorbs.check(resolve(values)).violations.map(({ sum }) => sum);

/** Work that arrives evenly and takes its time each, in places that are taken in turn: how long the last one waits, ms. */
function longestWait(perSecond: number, takes: number, places: number, seconds: number): number {
  const free = Array.from({ length: places }, () => 0);
  let longest = 0;
  for (let index = 0; index < perSecond * seconds; index++) {
    const arrival = (index * 1000) / perSecond;
    const place = free.indexOf(Math.min(...free));
    const begins = Math.max(arrival, free[place]!);
    longest = Math.max(longest, begins - arrival);
    free[place] = begins + takes;
  }
  return longest;
}

describe('work.absorbs', () => {
  it('lets nobody wait where it holds, and is needed: where it does not, waiting grows without end', () => {
    const traffic = fc.record({
      replies: fc.integer({ min: 1, max: 30 }),
      takes: fc.integer({ min: 1, max: 9 }),
      places: fc.integer({ min: 1, max: 80 }),
    });
    fc.assert(
      fc.property(traffic, ({ replies, takes, places }) => {
        const posture = resolve({
          worker: { tasks: { min: 1, max: 1 } },
          providers: { telegram: { rate: { replies } }, openrouter: { takes: `${takes}s`, concurrency: places } },
        });
        const { holds } = workAbsorbs.check(posture);
        const [short, long] = [30, 120].map((seconds) => longestWait(replies, takes * 1000, places, seconds));
        if (holds) assert.ok(long! < 1);
        else assert.ok(long! > short!);
      }),
    );
  });

  it('counts the workers that a lost zone leaves in production, all of them in development', () => {
    const busy = { providers: { openrouter: { takes: '5s' } } };
    assert.deepEqual(sums(busy), []);
    assert.deepEqual(sums({ ...busy, stage: 'production' }), [
      'calls to openrouter: 15/s × 5s = 75 at once > places 64 × 1 workers that are left = 64',
    ]);
  });

  it('asks no places of a provider that no feature calls', () => {
    assert.deepEqual(
      sums({ stage: 'production', features: { chat: false }, providers: { openrouter: { takes: '60s' } } }),
      [],
    );
  });
});
