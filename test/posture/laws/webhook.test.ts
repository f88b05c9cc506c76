import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ackInTime } from '../../../posture/laws/ack-in-time.ts';
import { answeredInTime, preCheckoutInTime } from '../../../posture/laws/pre-checkout-in-time.ts';
import { webhookAbsorbs } from '../../../posture/laws/webhook-absorbs.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { Posture } from '../../../posture/schema/index.ts';
import { anyPosture } from '../arbitrary.ts';
import { simulateIntake, type Stall } from '../simulate/intake.ts';
import { longestPreCheckout, type Query } from '../simulate/lanes.ts';

const REQUESTS = 400;
const share = fc.double({ min: 0, max: 1, noNaN: true });
const stalls: fc.Arbitrary<Stall[]> = fc.array(fc.record({ acquire: share, query: share }), {
  minLength: 1,
  maxLength: 12,
});
const lossAt = fc.integer({ min: 0, max: REQUESTS });

describe('webhook.absorbs', () => {
  it('refuses no request for want of room, whatever the database does and with a zone lost in a deploy', () => {
    fc.assert(
      fc.property(anyPosture, stalls, lossAt, (posture, stall, loss) => {
        fc.pre(webhookAbsorbs.check(posture).holds);
        assert.equal(simulateIntake(posture, stall, REQUESTS, loss).refused, 0);
      }),
    );
  });

  it('asks one web task of a development stack to bear no loss', () => {
    assert.ok(webhookAbsorbs.check(resolve({ web: { tasks: { min: 1, max: 1 } } })).holds);
  });

  it('refuses one connection more than the fewest tasks accept', () => {
    const at = (maxConnections: number) =>
      webhookAbsorbs.check(
        resolve({ stage: 'production', telegram: { maxConnections }, web: { tasks: { min: 3 }, maxInFlight: 20 } }),
      );
    assert.ok(at(20).holds);
    assert.equal(
      at(21).violations[0]?.sum,
      'telegram.maxConnections 21 > (3 − ⌈3 / 2 zones⌉) × web.maxInFlight 20 = 20',
    );
  });

  it('is needed: a posture that it refuses does turn requests away in the simulation', () => {
    const posture = resolve({ stage: 'production', telegram: { maxConnections: 65 } });
    assert.ok(!webhookAbsorbs.check(posture).holds);
    assert.ok(simulateIntake(posture, [{ acquire: 0.5, query: 0.9 }], REQUESTS, 0).refused > 0);
  });

  it('counts the tasks that a deploy keeps, not those that are declared', () => {
    const posture = resolve({
      stage: 'production',
      telegram: { maxConnections: 64 },
      web: { tasks: { min: 4 } },
      rollout: { minimumHealthy: '50%' },
    });
    assert.match(webhookAbsorbs.check(posture).arithmetic[0]!, /\(2 − ⌈2 \/ 2 zones⌉\) \(of 4, 2 kept by a deploy\)/);
  });
});

describe('ack.in.time', () => {
  it('leaves a batch that is written at once its whole time, margin included', () => {
    fc.assert(
      fc.property(anyPosture, stalls, lossAt, (posture, stall, loss) => {
        fc.pre(ackInTime.check(posture).holds && webhookAbsorbs.check(posture).holds);
        const { longestDirect } = simulateIntake(posture, stall, REQUESTS, loss);
        assert.ok(longestDirect + 250 <= posture.telegram.ackDeadline);
      }),
    );
  });

  it('bounds by the client, not the server: a server that vanished sends no timeout', () => {
    const posture = resolve({ database: { timeouts: { query: '3900ms' } } });
    assert.equal(
      ackInTime.check(posture).violations[0]?.sum,
      'gather 1ms + acquire 1s + query 3.9s + margin 250ms = 5.151s > ackDeadline 5s',
    );
  });

  it('keeps the order of idle timeouts: the balancer must never reuse a socket that Node has closed', () => {
    const { violations } = ackInTime.check(resolve({ ingress: { keepAlive: '50s' } }));
    assert.deepEqual(
      violations.map(({ sum }) => sum),
      ['ALB idle 60s ≥ keep-alive 50s'],
    );
  });

  it('keeps Retry-After under what an update can spare, by the type that lives shortest', () => {
    assert.equal(ackInTime.check(resolve({ telegram: { retryAfter: '11s' } })).violations.length, 1);
    const inline = resolve({
      telegram: { allowedUpdates: ['message', 'inline_query'], ackDeadline: '15s', retryAfter: '15s' },
    });
    assert.ok(
      ackInTime
        .check(inline)
        .violations.some(({ sum }) => sum === 'ackDeadline 15s + retryAfter 15s = 30s ≥ lifetime of inline_query 30s'),
    );
  });
});

describe('precheckout.in.time', () => {
  const query: fc.Arbitrary<Query> = fc.record({
    gap: fc.integer({ min: 0, max: 1500 }),
    handler: share,
    poll: share,
  });

  const holds = (posture: Posture) => answeredInTime(posture).every((one) => one.holds);

  it('wants nothing while nothing is for sale', () => {
    const one = resolve({ stage: 'production', worker: { tasks: { min: 1 } }, features: { wallet: false } });
    assert.deepEqual(preCheckoutInTime.check(one).arithmetic, ['nothing is for sale: no pre-checkout query comes']);
  });

  it('answers every query in time in any rhythm of the declared rate, with a worker or zone lost', () => {
    fc.assert(
      fc.property(anyPosture, fc.array(query, { minLength: 1, maxLength: 120 }), (posture, queries) => {
        fc.pre(holds(posture));
        assert.ok(longestPreCheckout(posture, queries) <= 10_000);
      }),
    );
  });

  it('answers in time when every query is as slow as allowed and its notification lost', () => {
    fc.assert(
      fc.property(anyPosture, (posture) => {
        fc.pre(holds(posture));
        const worst = Array.from({ length: 200 }, (): Query => ({ gap: 0, handler: 1, poll: 1 }));
        assert.ok(longestPreCheckout(posture, worst) <= 10_000);
      }),
    );
  });

  it('refuses when no worker would be left', () => {
    const [lanes] = answeredInTime(resolve({ stage: 'production', worker: { tasks: { min: 1 } } }));
    assert.match(lanes!.sum, /= 8 at once > 16 lanes × 0 workers that are left = 0/);
  });

  it('is needed: with fewer lanes than it asks for, queries run out of time', () => {
    const posture = resolve({ stage: 'production', jobs: { preCheckout: { lanes: 4 } } });
    assert.ok(!holds(posture));
    const worst = Array.from({ length: 200 }, (): Query => ({ gap: 0, handler: 1, poll: 1 }));
    assert.ok(longestPreCheckout(posture, worst) > 10_000);
  });
});
