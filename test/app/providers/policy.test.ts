import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPolicy, ProviderFailure, type Outcome, type Repeat } from '../../../app/providers/policy.ts';
import { resolve } from '../../../posture/resolve.ts';
import { captureLog } from '../../harness/logs.ts';
import { waitFor } from '../../harness/wait.ts';

const posture = resolve({ providers: { telegram: { attempts: 3, backoff: '10ms' } } });

test('what of a call is repeated on the spot: never, only what was surely not done, or whatever came of it', async () => {
  const calls = async (repeat: Repeat, outcome: Outcome) => {
    const policy = createPolicy('telegram', posture, captureLog().log);
    let made = 0;
    const work = async () => {
      made += 1;
      throw new ProviderFailure('no', outcome);
    };
    await assert.rejects(policy.call(work, new AbortController().signal, repeat), ProviderFailure);
    return made;
  };
  const table = {
    never: [1, 1],
    'if-not-sent': [3, 1],
    safe: [3, 3],
  };
  for (const [repeat, [notDone, unknown]] of Object.entries(table) as [Repeat, number[]][]) {
    assert.equal(await calls(repeat, 'not-done'), notDone, `${repeat}, not done`);
    assert.equal(await calls(repeat, 'unknown'), unknown, `${repeat}, unknown`);
  }
});

test('an open breaker that nobody asks reads as closed after its window; its next call is still a probe', async () => {
  const { signal } = new AbortController();
  const quick = resolve({
    providers: { telegram: { attempts: 1, breaker: { minimumCalls: 1, window: '1s', openFor: '1s' } } },
  });
  const policy = createPolicy('telegram', quick, captureLog().log);
  const fail = () => Promise.reject(new ProviderFailure('no', 'not-done'));
  const reads = (breaker: string) =>
    waitFor(() => policy.state().breaker === breaker, { what: `the breaker to read as ${breaker}` });
  while (policy.isClosed()) await assert.rejects(policy.call(fail, signal, 'never'));
  assert.equal(policy.state().breaker, 'open');
  await reads('closed');
  assert.equal(policy.isClosed(), false, 'its failures are old, not forgotten');
  await assert.rejects(policy.call(fail, signal, 'never'), ProviderFailure, 'one call may try');
  assert.equal(policy.state().breaker, 'open', 'asked again, it says what it is');
  await reads('closed');
  await policy.call(() => Promise.resolve(), signal, 'never');
  assert.equal(policy.isClosed(), true);
});
