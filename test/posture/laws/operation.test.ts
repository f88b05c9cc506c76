import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { alarms, detectionTime } from '../../../posture/alarms/index.ts';
import { deployConnections, connectionsThreshold } from '../../../posture/alarms/database.ts';
import { alarmsDetect } from '../../../posture/laws/alarms-detect.ts';
import { connectionsFit } from '../../../posture/laws/connections-fit.ts';
import { ownerNamed } from '../../../posture/laws/owner-named.ts';
import { recoveryDeclared } from '../../../posture/laws/recovery-declared.ts';
import { rollbackTerms, rolloutConverges } from '../../../posture/laws/rollout-converges.ts';
import { demand, ROLES, rolesOf } from '../../../posture/limits.ts';
import { resolve } from '../../../posture/resolve.ts';
import '../../harness/remind-by-media.ts';
import { anyPosture } from '../arbitrary.ts';
import { simulateRollback } from '../simulate/rollback.ts';

const sums = (check: { violations: { sum: string }[] }): string[] => check.violations.map(({ sum }) => sum);

describe('rollout.converges', () => {
  const shares = fc.oneof(
    fc.constant([1]),
    fc.array(fc.double({ min: 0.05, max: 1, noNaN: true }), { minLength: 1, maxLength: 10 }),
  );

  it('has a bad deploy rolled back in the declared time, at every desired count', () => {
    fc.assert(
      fc.property(anyPosture, fc.constantFrom(...ROLES), shares, fc.nat(), (posture, role, list, pick) => {
        fc.pre(rolloutConverges.check(posture).holds && rolesOf(posture).includes(role));
        const { min, max } = posture[role].tasks;
        const desired = min + (pick % (max - min + 1));
        const took = simulateRollback({ posture, role, desired, shares: list });
        const promised = Object.values(rollbackTerms(posture, role)).reduce((sum, term) => sum + term, 0);
        assert.ok(took <= promised, `took ${took}, promised ${promised}`);
        assert.ok(promised <= posture.rollout.rollbackWithin);
      }),
    );
  });

  it('refuses a deploy that can neither start nor stop a task', () => {
    assert.deepEqual(sums(rolloutConverges.check(resolve({ rollout: { surge: '125%' } }))), [
      'web of 2: surge runs 2 ≤ 2 kept',
      'worker of 2: surge runs 2 ≤ 2 kept',
      'media of 1: surge runs 1 ≤ 1 kept',
    ]);
  });

  it('refuses a deploy in production during which the loss of a zone would leave no task', () => {
    assert.ok(
      sums(rolloutConverges.check(resolve({ stage: 'production', rollout: { minimumHealthy: '50%' } }))).includes(
        'web: a deploy keeps 1 of 2, of which 0 are left without one of 2 zones: 0 < 1',
      ),
    );
  });

  it('accepts one task of each role in development, and two over three zones in production', () => {
    const one = { tasks: { min: 1, max: 1 } };
    assert.ok(rolloutConverges.check(resolve({ web: one, worker: one })).holds);
    assert.ok(rolloutConverges.check(resolve({ stage: 'production', network: { zones: 3 } })).holds);
  });

  it('refuses a grace that a healthy task does not survive', () => {
    assert.match(
      sums(rolloutConverges.check(resolve({ rollout: { healthGrace: '30s' } })))[0]!,
      /boot 20s \+ 2 × 10s healthy 20s = 40s > healthGrace 30s/,
    );
  });
});

describe('owner.named', () => {
  it('asks for somebody where production sells, and for nobody else', () => {
    const selling = { stage: 'production' };
    assert.match(sums(ownerNamed.check(resolve(selling)))[0]!, /nobody in people\.owners/);
    assert.ok(ownerNamed.check(resolve({ ...selling, people: { owners: [5_000_000_001] } })).holds);
    assert.ok(
      !ownerNamed.check(resolve({ ...selling, people: { support: [5_000_000_001] } })).holds,
      'support may not refund all',
    );
    assert.ok(ownerNamed.check(resolve({ ...selling, features: { wallet: false } })).holds);
    assert.ok(ownerNamed.check(resolve({})).holds);
  });
});

describe('recovery.declared', () => {
  const shipped = { stage: 'production', oncall: { emails: ['oncall@example.com'] } };

  it('asks of a production stack what a development stack may leave out', () => {
    const bare = { multiAz: false, backups: '1d', deletionProtection: false, finalSnapshot: false };
    assert.ok(recoveryDeclared.check(resolve(shipped)).holds);
    assert.ok(recoveryDeclared.check(resolve({ database: bare })).holds);
    assert.equal(recoveryDeclared.check(resolve({ ...shipped, database: bare })).violations.length, 4);
  });

  it('refuses one zone in production, and more backups than RDS keeps anywhere', () => {
    assert.equal(recoveryDeclared.check(resolve({ ...shipped, network: { zones: 1 } })).violations.length, 1);
    assert.equal(recoveryDeclared.check(resolve({ database: { backups: '36d' } })).violations.length, 1);
  });
});

describe('alarms.detect', () => {
  it('has every alarm go off in its declared time', () => {
    fc.assert(
      fc.property(anyPosture, (posture) => {
        fc.pre(alarmsDetect.check(posture).holds);
        for (const alarm of alarms(posture))
          assert.ok(detectionTime(alarm) <= posture.oncall.detectWithin[alarm.severity], alarm.id);
      }),
    );
  });

  it('has the alarm on connections between an ordinary deploy and the budget', () => {
    fc.assert(
      fc.property(anyPosture, (posture) => {
        fc.pre(alarmsDetect.check(posture).holds && connectionsFit.check(posture).holds);
        assert.ok(deployConnections(posture) <= connectionsThreshold(posture));
        assert.ok(connectionsThreshold(posture) < demand(posture));
      }),
    );
  });

  it('refuses a time that no alarm can keep, and names the slowest', () => {
    const [sum] = sums(alarmsDetect.check(resolve({ oncall: { detectWithin: { page: '1m' } } })));
    assert.match(sum!, /^slowest page of \d+, [a-z0-9-]+: .* > detectWithin\.page 60s$/);
  });

  it('refuses a production stack that wakes nobody', () => {
    assert.ok(alarmsDetect.check(resolve({})).holds);
    assert.deepEqual(sums(alarmsDetect.check(resolve({ stage: 'production' }))), [
      '0 recipients of pages',
      '0 recipients of tickets',
    ]);
    const pagesAlone = resolve({ stage: 'production', oncall: { telegramChat: '@oncall' } });
    assert.deepEqual(sums(alarmsDetect.check(pagesAlone)), ['0 recipients of tickets']);
    const apart = { page: { https: ['https://pager.my.domain'] }, ticket: { emails: ['team@my.domain'] } };
    assert.ok(alarmsDetect.check(resolve({ stage: 'production', oncall: apart })).holds);
  });
});
