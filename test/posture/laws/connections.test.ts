import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { connectionsFit } from '../../../posture/laws/connections-fit.ts';
import { poolShares } from '../../../posture/laws/pool-shares.ts';
import { rolloutConverges } from '../../../posture/laws/rollout-converges.ts';
import {
  connectionLimits,
  connectionsPerTask,
  otherConnections,
  peakConnections,
  peakTasks,
  ROLES,
  type Role,
} from '../../../posture/limits.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { anyPosture } from '../arbitrary.ts';
import { simulateRollout, type RolloutEvent } from '../simulate/rollout.ts';

/** Simulating a deploy of a hundred tasks second by second is slow: enough runs to find what is wrong, no more. */
const RUNS = { numRuns: 300 };

/**
 * What the law promises to bear: scaling at any time, a deploy at the maximum, and beside it one misfortune, either as
 * many further deploys as `overlap` says, at any moment, or a lost zone, or lost hosts.
 */
function misfortunes(posture: Posture, role: Role): fc.Arbitrary<RolloutEvent[]> {
  const { max, min } = posture[role].tasks;
  const { overlapping, lost } = peakTasks(posture, role);
  const at = fc.integer({ min: 1, max: 150 });
  const first = fc.constant<RolloutEvent>({ at: 1, kind: 'deploy' });
  const scaling = fc.record({
    at,
    kind: fc.constant('scale' as const),
    to: fc.integer({ min: Math.max(min, 1), max }),
  });
  const growth = fc.constant<RolloutEvent>({ at: 0, kind: 'scale', to: max });
  const deploys = fc.array(fc.record({ at, kind: fc.constant('deploy' as const) }), {
    minLength: posture.rollout.overlap,
    maxLength: posture.rollout.overlap,
  });
  const zone = fc.record({ at, kind: fc.constant('zone' as const) }).map((event) => [event]);
  const crash = fc
    .record({
      at,
      kind: fc.constant('crash' as const),
      tasks: fc.integer({ min: 1, max: Math.max(1, overlapping, lost) }),
    })
    .map((event) => [event]);
  const misfortune = fc.oneof(deploys, crash, ...(posture.network.zones > 1 ? [zone] : []));
  return fc.oneof(
    fc.tuple(growth, first, misfortune).map(([a, b, more]) => [a, b, ...more]),
    fc.tuple(scaling, first).map(([a, b]) => [a, b]),
  );
}

const scenario = (role: Role) =>
  anyPosture
    .filter((posture) => posture.rollout.surge >= 1 && rolloutStarts(posture))
    .chain((posture) =>
      fc.record({
        posture: fc.constant(posture),
        desired: fc.integer({ min: Math.max(1, posture[role].tasks.min), max: posture[role].tasks.max }),
        events: misfortunes(posture, role),
        boot: fc.integer({ min: 1, max: 60 }),
        stop: fc.integer({ min: 0, max: posture[role].stopTimeout / 1000 }),
      }),
    );

/** Deploys that can never begin have their own law; they show nothing here. */
const rolloutStarts = (posture: Posture): boolean =>
  rolloutConverges.check(posture).violations.every(({ wanted }) => !wanted.includes('can start or stop'));

describe('connections.fit', () => {
  for (const role of ROLES) {
    it(`bounds what ${role} holds through deploys, scaling, lost zones and crashes`, () => {
      fc.assert(
        fc.property(scenario(role), ({ posture, ...rest }) => {
          const held = simulateRollout({ posture, role, ...rest });
          assert.ok(held <= peakConnections(posture, role), `held ${held}, limit ${peakConnections(posture, role)}`);
        }),
        RUNS,
      );
    });
  }

  it('is not wasteful: two back-to-back deploys at the maximum reach the limit', () => {
    const posture = resolve({});
    for (const role of ROLES) {
      const held = simulateRollout({
        posture,
        role,
        desired: posture[role].tasks.max,
        events: [
          { at: 1, kind: 'deploy' },
          { at: 30, kind: 'deploy' },
        ],
        boot: 20,
        stop: 60,
      });
      assert.equal(held, peakConnections(posture, role));
    }
  });

  it('bears a lost zone where deploys are serialised', () => {
    const posture = resolve({ rollout: { overlap: 0 } });
    const held = simulateRollout({
      posture,
      role: 'web',
      desired: 4,
      events: [
        { at: 1, kind: 'deploy' },
        { at: 30, kind: 'zone' },
      ],
      boot: 20,
      stop: 60,
    });
    assert.equal(held, (4 + 4 + 2) * connectionsPerTask(posture, 'web'));
    assert.ok(held <= peakConnections(posture, 'web'));
  });

  it('counts two sets even where the surge is small: stopping tasks of earlier steps still hold theirs', () => {
    const posture = resolve({ rollout: { surge: '150%', overlap: 0 }, network: { zones: 1 } });
    const held = simulateRollout({
      posture,
      role: 'web',
      desired: 4,
      events: [{ at: 1, kind: 'deploy' }],
      boot: 5,
      stop: 60,
    });
    assert.equal(held, 2 * 4 * connectionsPerTask(posture, 'web'));
    assert.ok(held <= peakConnections(posture, 'web'));
  });

  it('accepts only what leaves every connection a place', () => {
    fc.assert(
      fc.property(anyPosture, (posture) => {
        fc.pre(connectionsFit.check(posture).holds);
        const { web, worker } = connectionLimits(posture);
        const { maxConnections, superuserReserved, serviceReserved } = posture.database;
        assert.ok(web + worker + otherConnections(posture) + superuserReserved + serviceReserved <= maxConnections);
      }),
    );
  });

  it('writes the sum out', () => {
    const posture = resolve({
      worker: { tasks: { max: 8 }, pool: 12 },
      web: { tasks: { max: 6 }, pool: 6 },
    });
    const [violation] = connectionsFit.check(posture).violations;
    assert.equal(
      violation?.sum,
      'web 12×7 + 6×7 stopping = 126, worker 16×13 + 8×13 stopping = 312, migrate 2 + sentinel 2 + operators 5 = 9: 447 > 185 usable of 200 − 3 superuser − 12 service',
    );
    assert.ok(violation?.prevents.includes('pool-exhaustion'));
  });

  it("refuses more backends than the instance's memory bears", () => {
    const [violation] = connectionsFit.check(resolve({ database: { maxConnections: 400 } })).violations;
    assert.match(
      violation?.sum ?? '',
      /400 × 5 MiB = 2\.5 GiB > 75 % of 2 GiB of db\.t4g\.small = 1\.5 GiB; above RDS's own default of 225/,
    );
  });
});

describe('pool.shares', () => {
  it('refuses a pool for which a burst over all lanes waits too long', () => {
    assert.ok(poolShares.check(resolve({})).holds);
    const { violations } = poolShares.check(resolve({ worker: { pool: 2 }, jobs: { chat: { lanes: 1000 } } }));
    assert.equal(violations.length, 1);
    assert.match(violations[0]!.sum, /⌈\(1032 lanes \+ 35 jobs\) \/ worker\.pool 2⌉ = 534 rounds/);
  });

  it('refuses fewer connections than a web task uses at once', () => {
    assert.equal(poolShares.check(resolve({ web: { pool: 2 } })).violations.length, 1);
  });
});
