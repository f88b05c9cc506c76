import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, type Decision } from '../../../app/lanes/decide.ts';
import { HandlerTimeout, Hopeless, LaneLost, RetryLater, Unreachable, UnknownSend } from '../../../app/outcome.ts';
import { resolve } from '../../../posture/resolve.ts';

const { chat } = resolve({
  jobs: { chat: { attempts: 4, patience: '24h', backoff: { first: '2s', max: '30s' } } },
}).jobs;
const sql = (code: string) => Object.assign(new Error(code), { code });
const HOUR = 3_600_000;

const again = (after: number, counted: boolean): Decision => ({ kind: 'again', after, counted });
const DONE: Decision = { kind: 'done', unknown: false };

/** What failed; attempts before it, age in ms; what follows. */
const TABLE: [string, unknown, { attempts?: number; age?: number }, Decision][] = [
  ['nothing', undefined, {}, DONE],
  ['nobody there', new Unreachable('blocked'), {}, DONE],
  ['a send that nobody knows of', new UnknownSend('no answer'), {}, { kind: 'done', unknown: true }],
  ['what no repetition mends', new Hopeless('400'), {}, { kind: 'park' }],
  ['a lane that was taken over', new LaneLost('gone'), { age: 48 * HOUR }, again(0, false)],
  ['asked to wait', new RetryLater(5_000, '429'), {}, again(5_000, false)],
  ['asked to wait, the last attempt before', new RetryLater(5_000, '429'), { attempts: 3 }, again(5_000, false)],
  [
    'asked to wait for longer than patience lasts',
    new RetryLater(HOUR, '429'),
    { age: 24 * HOUR - 7 },
    again(7, false),
  ],
  ['asked to wait after its patience', new RetryLater(HOUR, '429'), { age: 24 * HOUR }, again(2_000, true)],
  ['… as the last attempt', new RetryLater(HOUR, '429'), { age: 24 * HOUR, attempts: 3 }, { kind: 'park' }],
  ['a server that shuts down', sql('57P01'), {}, again(1_000, false)],
  ['a disk that is full', sql('53100'), {}, again(1_000, false)],
  ['a network that is gone', sql('ECONNREFUSED'), {}, again(1_000, false)],
  ['… for a day', sql('ECONNREFUSED'), { age: 24 * HOUR }, again(2_000, true)],
  ['a statement that takes too long', sql('57014'), {}, again(2_000, true)],
  ['a lock that is not free', sql('55P03'), { attempts: 1 }, again(4_000, true)],
  ['a serialization failure', sql('40001'), { attempts: 2 }, again(8_000, true)],
  ['a constraint', sql('23505'), { attempts: 3 }, { kind: 'park' }],
  ['a deadline', new HandlerTimeout('45 s'), {}, again(2_000, true)],
  ['anything that is thrown', 'text', {}, again(2_000, true)],
];

for (const [what, failure, { attempts = 0, age = 0 }, expected] of TABLE)
  test(`${what}: ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(decide(failure, { attempts, age }, chat), expected);
  });

test('pauses double up to the longest', () => {
  const patient = { ...chat, attempts: 20 };
  const pauses = Array.from({ length: 6 }, (_, attempts) => decide('x', { attempts, age: 0 }, patient));
  assert.deepEqual(
    pauses.map((decision) => decision.kind === 'again' && decision.after),
    [2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
  );
});
