import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Gather } from '../../app/gather.ts';
import { deferred, waitFor } from '../harness/wait.ts';

test('calls of one turn share a flush, and each gets its own result', async () => {
  const batches: number[][] = [];
  const gather = new Gather<number, number>({
    flush: async (items) => {
      batches.push(items);
      return items.map((item) => item * 2);
    },
    max: 10,
    writers: 2,
    wait: 0,
  });
  assert.deepEqual(await Promise.all([1, 2, 3].map((item) => gather.add(item))), [2, 4, 6]);
  assert.deepEqual(batches, [[1, 2, 3]]);
});

test('for any load: no batch above its maximum, no more writers than declared, order kept, nothing lost', async () => {
  const load = fc.record({
    items: fc.integer({ min: 0, max: 60 }),
    max: fc.integer({ min: 1, max: 9 }),
    writers: fc.integer({ min: 1, max: 3 }),
    wait: fc.integer({ min: 0, max: 2 }),
    failing: fc.integer({ min: 2, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(load, async ({ items, max, writers, wait, failing }) => {
      let active = 0;
      let mostActive = 0;
      let flushes = 0;
      const flushed: number[] = [];
      const sizes: number[] = [];
      const gather = new Gather<number, number>({
        max,
        writers,
        wait,
        flush: async (batch) => {
          mostActive = Math.max(mostActive, ++active);
          sizes.push(batch.length);
          flushed.push(...batch);
          await new Promise((done) => setTimeout(done, flushes % 2));
          active -= 1;
          if (++flushes % failing === 0) throw new Error('flush failed');
          return batch;
        },
      });
      const wanted = Array.from({ length: items }, (_, index) => index);
      const results = await Promise.allSettled(wanted.map((item) => gather.add(item)));
      await gather.idle();
      assert.deepEqual(flushed, wanted);
      assert.ok(Math.max(0, ...sizes) <= max);
      assert.ok(mostActive <= writers);
      results.forEach((result, index) => {
        if (result.status === 'fulfilled') assert.equal(result.value, index);
      });
      assert.equal(gather.size, 0);
    }),
    { numRuns: 60 },
  );
});

test('a failed flush fails its items alone; the next batch is not affected', async () => {
  const gather = new Gather<string, string>({
    flush: async (items) => {
      if (items.includes('bad')) throw new Error('refused');
      return items;
    },
    max: 1,
    writers: 1,
    wait: 0,
  });
  const [bad, good] = await Promise.allSettled([gather.add('bad'), gather.add('good')]);
  assert.equal(bad.status, 'rejected');
  assert.deepEqual(good, { status: 'fulfilled', value: 'good' });
});

test('while every writer is busy, what comes gathers into one batch', async () => {
  const first = deferred();
  const batches: number[][] = [];
  const gather = new Gather<number, undefined>({
    flush: async (items) => {
      batches.push(items);
      if (batches.length === 1) await first.promise;
      return items.map(() => undefined);
    },
    max: 100,
    writers: 1,
    wait: 0,
  });
  const adding = [gather.add(0)];
  await waitFor(() => batches.length === 1, { what: 'the first flush' });
  for (let item = 1; item <= 20; item += 1) adding.push(gather.add(item));
  first.resolve();
  await Promise.all(adding);
  assert.deepEqual(
    batches.map(({ length }) => length),
    [1, 20],
  );
});

test('idle waits for what is waiting and what is under way', async () => {
  let flushed = 0;
  const gather = new Gather<number, undefined>({
    flush: async (items) => {
      await new Promise((done) => setTimeout(done, 20));
      flushed += items.length;
      return items.map(() => undefined);
    },
    max: 2,
    writers: 1,
    wait: 5,
  });
  const adding = Promise.all([1, 2, 3].map((item) => gather.add(item)));
  await gather.idle();
  assert.equal(flushed, 3);
  await adding;
  await gather.idle();
});
