/** Random postures as people might write them: sound ones and broken ones, near the limits of the laws. */
import fc from 'fast-check';
import { resolve } from '../../posture/resolve.ts';
import type { Posture } from '../../posture/schema/index.ts';

const seconds = (min: number, max: number) => fc.integer({ min, max }).map((value) => `${value}s`);
const milliseconds = (min: number, max: number) => fc.integer({ min, max }).map((value) => `${value}ms`);
const percent = (min: number, max: number) => fc.integer({ min, max }).map((value) => `${value}%`);
const count = (min: number, max: number) => fc.integer({ min, max });

const tasks = fc.tuple(count(1, 12), count(0, 8)).map(([min, more]) => ({ min, max: Math.min(200, min + more) }));

const written = fc.record(
  {
    stage: fc.constantFrom('production' as const, 'development' as const),
    telegram: fc.record({ maxConnections: count(1, 100), ackDeadline: seconds(3, 16), retryAfter: seconds(1, 11) }),
    web: fc.record({
      tasks,
      pool: count(1, 10),
      maxInFlight: count(8, 200),
      gather: milliseconds(0, 50),
      stopTimeout: seconds(20, 125),
      drain: seconds(10, 115),
    }),
    worker: fc.record({
      tasks,
      pool: count(2, 20),
      stopTimeout: seconds(40, 125),
      drain: seconds(30, 118),
    }),
    rollout: fc.record({
      surge: percent(100, 300),
      minimumHealthy: percent(40, 100),
      overlap: count(0, 3),
      boot: seconds(1, 40),
      healthGrace: seconds(10, 120),
    }),
    network: fc.record({ zones: count(1, 3) }),
    ingress: fc.record({ deregistrationDelay: seconds(0, 40) }),
    watchdog: fc.record({ maxLag: seconds(1, 8) }),
    database: fc.record({
      instance: fc.constantFrom('db.t4g.small', 'db.t4g.medium', 'db.m7g.large', 'db.m7g.2xlarge'),
      maxConnections: count(100, 1500),
      timeouts: fc.record({
        acquire: milliseconds(200, 2000),
        statement: milliseconds(500, 3500),
        query: milliseconds(600, 4500),
        idleInTransaction: seconds(3, 14),
      }),
    }),
    lanes: fc.record({
      heartbeat: seconds(10, 20),
      touch: seconds(1, 6),
      poll: milliseconds(200, 3000),
      recoverWithin: seconds(15, 40),
    }),
    jobs: fc.record({
      chat: fc.record({ handler: seconds(31, 60), turn: seconds(5, 40) }),
      preCheckout: fc.record({ handler: milliseconds(3000, 9000), perSecond: count(1, 6), lanes: count(4, 40) }),
    }),
  },
  { requiredKeys: [] },
);

/** Any posture that the schema accepts; whether the laws do is for the test to ask. */
export const anyPosture: fc.Arbitrary<Posture> = written.map((values) => resolve(values));
