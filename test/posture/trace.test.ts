import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectionsFit } from '../../posture/laws/connections-fit.ts';
import { valueAt } from '../../posture/path.ts';
import { resolve, spellOut } from '../../posture/resolve.ts';
import { leafPaths, traced } from '../../posture/trace.ts';

describe('a recorded posture', () => {
  it('is the posture, and knows which of its leaves were read', () => {
    const plain = resolve({});
    const { posture, read } = traced(plain);
    const { acquire } = posture.database.timeouts;
    assert.equal(acquire, plain.database.timeouts.acquire);
    assert.deepEqual([...posture.oncall.emails], []);
    assert.deepEqual([...read], ['database.timeouts.acquire', 'oncall.emails']);
    assert.deepEqual(posture, plain);
  });

  it('records whoever goes over a whole section', () => {
    const { posture, read } = traced(resolve({}));
    assert.equal(Object.values(posture.jobs).length, 3);
    assert.equal(read.size, 0);
    for (const { handler } of Object.values(posture.jobs)) assert.ok(handler > 0);
    assert.deepEqual([...read], ['jobs.chat.handler', 'jobs.preCheckout.handler', 'jobs.payment.handler']);
  });

  it('is not read by being written down, nor by being recorded once more', () => {
    const { posture, read } = traced(resolve({}));
    assert.deepEqual(spellOut(posture), spellOut(resolve({})));
    const again = traced(posture);
    assert.equal(again.posture.worker.pool, 8);
    assert.equal(read.size, 0);
    assert.deepEqual([...again.read], ['worker.pool']);
  });

  it('gives a law its keys', () => {
    const { posture, read } = traced(resolve({}));
    connectionsFit.check(posture);
    for (const key of ['worker.pool', 'web.tasks.max', 'rollout.overlap', 'database.instance'])
      assert.ok(read.has(key), key);
    for (const path of read) assert.notEqual(valueAt(posture, path), undefined);
  });

  it('has every leaf of the schema that has a value', () => {
    const paths = leafPaths(resolve({}));
    assert.ok(paths.length > 100);
    assert.ok(paths.includes('providers.telegram.breaker.failureRate'));
    assert.ok(paths.includes('telegram.allowedUpdates'));
  });
});
