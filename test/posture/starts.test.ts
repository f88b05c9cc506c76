/** Whatever posture the laws accept starts a web task and a worker, and an update that comes is handled. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startWorld } from '../harness/world.ts';
import { acceptedPosture } from './accepted.ts';
import { handlesAnUpdate } from './in-process.ts';

/** By hand: `POSTURE_SEEDS=500 npm test -- starts`; one again: `POSTURE_SEED=123 POSTURE_SEEDS=1`. */
const SEEDS = Number(process.env['POSTURE_SEEDS'] ?? 30);
const FIRST = Number(process.env['POSTURE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const world = await startWorld({ after });

test('draws turn a good part of the keys, many of them to their bounds', () => {
  const turned = new Set(
    Array.from({ length: 60 }, (_, index) => acceptedPosture(index)).flatMap((one) =>
      one.turned.map((change) => change.split('=')[0]),
    ),
  );
  assert.ok(turned.size > 60, `only ${turned.size} keys are ever turned`);
});

test(`${SEEDS} random postures that the laws accept start and handle an update, from seed ${FIRST} on`, async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const { posture, turned } = acceptedPosture(seed);
    await handlesAnUpdate(world, posture, seed - FIRST + 1).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${turned.join(', ')}: ${(error as Error).message}`, { cause: error });
    });
  }
});
