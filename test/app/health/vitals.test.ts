import assert from 'node:assert/strict';
import { once, EventEmitter } from 'node:events';
import { test } from 'node:test';
import { pino } from 'pino';
import { countOpenFiles, startVitals, vitals } from '../../../app/health/vitals.ts';
import { alarms, TASK, TASK_METRICS } from '../../../posture/alarms/index.ts';
import { resolve } from '../../../posture/resolve.ts';

import '../../harness/remind-by-media.ts';

const log = pino({ level: 'silent' });

const media = { listener: { connected: 1 }, disk: { used: 3, size: 4 } };

const worker = {
  lanes: {},
  listener: { connected: 0 },
  leases: { lost: 2 },
  lineage: { held: 1 },
  money: { uncredited: 1, parked: 2, refundsStuck: 3, reconciledSeconds: 4, mismatches: 5, takenBack: 6 },
  providers: {
    telegram: { breaker: 'closed', failures: 0 },
    openrouter: { breaker: 'half-open', failures: 3, balanceEmpty: 1 },
  },
};

const receiver = { inFlight: 0, maxInFlight: 20, accepted: 9, refused: 0, unsigned: 0, forged: 9, lastAt: 0 };
const web = {
  intake: {},
  callbacks: { cryptoPay: { ...receiver, forgedLately: 2 }, nowPayments: { ...receiver, forgedLately: 1 } },
};

test('a task says of itself what cannot be seen from outside', () => {
  assert.deepEqual(
    vitals('worker', worker, 42).map(({ name, value, dimensions }) => [name, value, dimensions]),
    [
      ['Heartbeat', 1, { Role: 'worker' }],
      ['OpenFiles', 42, { Role: 'worker' }],
      ['ListenerDown', 1, { Role: 'worker' }],
      ['LanesLost', 2, { Role: 'worker' }],
      ['HeldAfterRestore', 1, {}],
      ['PaymentsUncredited', 1, {}],
      ['PaymentsParked', 2, {}],
      ['RefundsStuck', 3, {}],
      ['ReconciledSeconds', 4, {}],
      ['MoneyMismatches', 5, {}],
      ['PaymentsTakenBack', 6, {}],
      ['BreakerOpen', 0, { Provider: 'telegram' }],
      ['BreakerOpen', 0.5, { Provider: 'openrouter' }],
      ['ProviderBalanceEmpty', 1, { Provider: 'openrouter' }],
    ],
  );
  assert.deepEqual(
    vitals('web', web, undefined).map(({ name, value }) => [name, value]),
    [
      ['Heartbeat', 1],
      ['CallbacksForged', 3],
    ],
  );
});

test('every metric of a task that an alarm reads is one that a task emits', () => {
  const read = new Set(
    alarms(resolve({ web: { pool: 3 } })).flatMap(({ metric }) => (metric.namespace === TASK ? [metric.name] : [])),
  );
  const emitted = new Set(
    [...vitals('worker', worker, 1), ...vitals('web', web, 1), ...vitals('media', media, 1)].map(({ name }) => name),
  );
  assert.deepEqual([...read].sort(), [...emitted].sort());
  assert.deepEqual([...emitted].sort(), Object.values(TASK_METRICS).sort());
});

test('a task emits its metrics at once and then again, until it is stopped', async () => {
  const written = new EventEmitter();
  const vital = startVitals({
    stack: 'laptop',
    role: 'worker',
    posture: resolve({}),
    details: () => worker,
    log,
    every: 5,
    write: (line) => void written.emit('line', line),
  });
  const [first] = (await once(written, 'line')) as [string];
  await once(written, 'line');
  await vital.stop();
  const parsed = JSON.parse(first) as { _aws: { CloudWatchMetrics: unknown }; Stack: string };
  assert.equal(parsed.Stack, 'laptop');
  assert.ok(Array.isArray(parsed._aws.CloudWatchMetrics));
});

test('open files are counted where the system tells', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  assert.ok((countOpenFiles() ?? 0) > 2);
});
