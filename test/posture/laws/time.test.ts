import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { drainFits } from '../../../posture/laws/drain-fits.ts';
import { lanesRecover, takeover } from '../../../posture/laws/lanes-recover.ts';
import { paymentFits, retriesBounded } from '../../../posture/laws/retries-bounded.ts';
import { schedulesHold } from '../../../posture/laws/schedules-hold.ts';
import { timeoutsNest } from '../../../posture/laws/timeouts-nest.ts';
import { resolve } from '../../../posture/resolve.ts';
import { anyPosture } from '../arbitrary.ts';
import { webEmpty, workerEmpty, type Busy } from '../simulate/drain.ts';
import { longestSilence, rowsLocked, takeoverTime, type Death, type Hiccup } from '../simulate/lanes.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const sums = (check: { violations: { sum: string }[] }): string[] => check.violations.map(({ sum }) => sum);

describe('timeouts.nest', () => {
  it('accepts what is shipped and names the pair that is out of order', () => {
    assert.ok(timeoutsNest.check(resolve({})).holds);
    assert.deepEqual(sums(timeoutsNest.check(resolve({ database: { timeouts: { lock: '3s' } } }))), [
      'lock 3s ≥ statement 3s',
    ]);
    assert.deepEqual(sums(timeoutsNest.check(resolve({ database: { timeouts: { connect: '2s' } } }))), [
      'connect 2s > acquire 1s',
    ]);
  });

  it('makes every inner deadline the first to strike, on any posture that it accepts', () => {
    fc.assert(
      fc.property(anyPosture, (posture) => {
        fc.pre(timeoutsNest.check(posture).holds);
        const { timeouts } = posture.database;
        for (const job of Object.values(posture.jobs)) {
          const chain = [timeouts.lock, timeouts.statement, timeouts.query, job.handler];
          assert.deepEqual(
            chain,
            [...new Set(chain)].sort((a, b) => a - b),
          );
          // A turn that begins its last update at its very end still ends before the token is taken away.
        }
      }),
    );
  });

  it('keeps the calls of a chat inside its handler, repeats and their pauses included', () => {
    assert.deepEqual(sums(timeoutsNest.check(resolve({ providers: { openrouter: { attempts: 2 } } }))), [
      'telegram 10.5s + openrouter 40.5s + rate.patience 2s + last look at an answer 1s + 2 waits for a place 0s = 54s > chat.handler 45s',
    ]);
    const whole = { chat: { stream: { by: 'whole' as const } }, providers: { openrouter: { attempts: 2 } } };
    assert.deepEqual(sums(timeoutsNest.check(resolve(whole))), [
      'telegram 10.5s + openrouter 40.5s + rate.patience 2s + 2 waits for a place 0s = 53s > chat.handler 45s',
    ]);
  });

  it('knows a silence within an answer before the whole answer is late', () => {
    assert.deepEqual(sums(timeoutsNest.check(resolve({ providers: { openrouter: { idle: '20s' } } }))), [
      'openrouter.idle 20s ≥ openrouter.timeout 20s',
    ]);
    const off = { features: { chat: false }, providers: { openrouter: { idle: '20s' } } };
    assert.ok(timeoutsNest.check(resolve(off)).holds, 'nobody asks it');
  });

  it('keeps what a payer is told inside the handler of a payment', () => {
    assert.deepEqual(sums(timeoutsNest.check(resolve({ jobs: { payment: { handler: '12s' } } }))), [
      'telegram 10.5s + rate.patience 2s + wait for a place 0s = 12.5s > payment.handler 12s',
    ]);
  });
});

describe('drain.fits', () => {
  const busy: fc.Arbitrary<Busy[]> = fc.array(fc.record({ began: share, takes: share }), { maxLength: 30 });

  it('lets every task finish what it accepted before its drain ends, and leave before SIGKILL', () => {
    fc.assert(
      fc.property(anyPosture, busy, busy, (posture, requests, updates) => {
        fc.pre(drainFits.check(posture).holds);
        assert.ok(webEmpty(posture, requests) <= posture.web.drain);
        assert.ok(workerEmpty(posture, updates) + 1000 <= posture.worker.drain);
        for (const { drain, stopTimeout } of [posture.web, posture.worker]) {
          assert.ok(drain < stopTimeout);
          assert.ok(stopTimeout <= 120_000);
        }
      }),
    );
  });

  it('refuses a drain of more than Fargate waits', () => {
    const { violations } = drainFits.check(resolve({ worker: { drain: '130s', stopTimeout: '140s' } }));
    assert.deepEqual(
      violations.map(({ sum }) => sum),
      ['worker.stopTimeout 140s > Fargate allows 120s'],
    );
  });

  it('keeps a second of the drain for closing, as the worker does', () => {
    assert.deepEqual(sums(drainFits.check(resolve({ worker: { drain: '50s' } }))), [
      'longest handler 45s + settle 4.5s + closing 1s = 50.5s > worker.drain 50s',
    ]);
  });

  it('refuses a handler longer than the drain: what takes longer is declared as steps', () => {
    assert.match(
      sums(drainFits.check(resolve({ jobs: { chat: { handler: '2m' } } })))[0]!,
      /longest handler 120s \+ settle 4\.5s/,
    );
  });
});

describe('lanes.recover', () => {
  const hiccups: fc.Arbitrary<Hiccup[]> = fc.array(
    fc.record({ kind: fc.constantFrom('pause' as const, 'database' as const), share }),
    { maxLength: 40 },
  );
  const death: fc.Arbitrary<Death> = fc.record({
    phase: share,
    slowRound: fc.integer({ min: 0, max: 20 }),
    slowness: share,
    poll: share,
  });

  it('never takes a lane from a live worker for one pause or one slow query', () => {
    fc.assert(
      fc.property(anyPosture, hiccups, (posture, list) => {
        fc.pre(lanesRecover.check(posture).holds);
        assert.ok(longestSilence(posture, list) < posture.lanes.heartbeat);
      }),
    );
  });

  it("takes over a dead worker's lanes within the declared time, rows that it had locked included", () => {
    fc.assert(
      fc.property(anyPosture, death, share, (posture, how, idle) => {
        fc.pre(lanesRecover.check(posture).holds);
        const took = takeoverTime(posture, how);
        assert.ok(took <= takeover(posture), `took ${took}, promised ${takeover(posture)}`);
        assert.ok(took <= posture.lanes.recoverWithin);
        assert.ok(rowsLocked(posture, idle) <= posture.lanes.recoverWithin);
      }),
    );
  });

  it('refuses a lease that a tolerated pause of the event loop outlasts', () => {
    assert.deepEqual(sums(lanesRecover.check(resolve({ watchdog: { maxLag: '8s' } }))), [
      'touch 2s + watchdog.maxLag 8s = 10s ≥ heartbeat 10s',
    ]);
  });

  it('refuses a watchdog that would kill a worker whose handlers are merely long', () => {
    assert.match(
      sums(lanesRecover.check(resolve({ watchdog: { stalledAfter: '45s' } })))[0]!,
      /watchdog\.stalledAfter 45s/,
    );
  });
});

describe('retries.bounded', () => {
  it('ends the attempts while what the queue carries is still worth an answer', () => {
    const tapsOnly = { telegram: { allowedUpdates: ['callback_query' as const] } };
    assert.deepEqual(sums(retriesBounded.check(resolve({ ...tapsOnly, jobs: { chat: { attempts: 5 } } }))), [
      "chat (5 − 1) × (handler + poll) 3m 4s + Σ backoff 30s = 3m 34s > the longest life of the chat's updates 150s",
    ]);
    // A text lives a day.
    assert.ok(retriesBounded.check(resolve({ jobs: { chat: { handler: '60s', attempts: 4 } } })).holds);
  });

  it('ends the attempts at a pre-checkout within 10 s, each found a poll late', () => {
    assert.ok(paymentFits(resolve({})).holds);
    const { holds, sum } = paymentFits(resolve({ jobs: { preCheckout: { handler: '4s' } } }));
    assert.ok(!holds);
    assert.equal(sum, "2 × poll 2s + preCheckout 2 × handler 8s + Σ backoff 500ms = 10.5s > Telegram's 10s");
  });

  it('refuses a breaker whose window is over before a hanging call is counted', () => {
    const posture = resolve({ providers: { openrouter: { breaker: { window: '15s' } } } });
    assert.match(
      sums(retriesBounded.check(posture))[0]!,
      /⌊window 15s \/ timeout 20s⌋ × concurrency 64 = 0 hanging calls < minimumCalls 5/,
    );
  });

  it('keeps processed updates for as long as Telegram may deliver them again, and not until ids begin anew', () => {
    const kept = (updates: string) => retriesBounded.check(resolve({ database: { retention: { updates } } }));
    assert.equal(kept('24h').violations.length, 1);
    assert.equal(kept('7d').violations.length, 1);
    assert.ok(kept('25h').holds && kept('167h').holds);
  });
});

describe('schedules.hold', () => {
  it('refuses a periodic job that may last longer than its interval', () => {
    assert.ok(schedulesHold.check(resolve({})).holds);
    assert.deepEqual(sums(schedulesHold.check(resolve({ sentinel: { timeout: '1m' } }))), [
      'sentinel.timeout 60s ≥ sentinel.every 60s',
    ]);
    assert.match(sums(schedulesHold.check(resolve({ lanes: { sweep: '4s' } })))[0]!, /≥ lanes\.sweep 4s/);
  });

  it('refuses windows that the managed database does not take', () => {
    const windows = (backupWindow: string, maintenanceWindow = 'sun:03:00-sun:04:00') =>
      sums(schedulesHold.check(resolve({ database: { backupWindow, maintenanceWindow } })));
    assert.deepEqual(windows('03:00-04:00'), [
      'backupWindow 03:00-04:00 overlaps maintenanceWindow sun:03:00-sun:04:00',
    ]);
    assert.deepEqual(windows('01:00-01:20'), ['half an hour 30m > the shorter window 20m']);
    for (const beside of ['02:00-03:00', '04:00-05:00', '23:30-00:30']) assert.deepEqual(windows(beside), []);
    assert.equal(windows('23:30-00:30', 'sun:23:00-mon:00:00').length, 1);
    assert.equal(windows('00:00-01:00', 'sun:23:30-mon:00:30').length, 1);
    for (const wrong of ['sunday-morning', '3:00-4:00', '03:00-25:00'])
      assert.throws(() => windows(wrong), /database\.backupWindow: ".*" is not accepted: a daily window in UTC/);
    assert.throws(() => windows('01:00-02:00', 'sunday-morning'), /maintenanceWindow.*a weekly window in UTC/);
  });

  it('refuses in production what no schedule of whole minutes can express', () => {
    const every = { sentinel: { every: '90s' } };
    assert.ok(schedulesHold.check(resolve(every)).holds);
    assert.ok(!schedulesHold.check(resolve({ ...every, stage: 'production' })).holds);
  });
});
