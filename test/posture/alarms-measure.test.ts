/** The law alarms.measure: what an alarm asks of its metric, and what the metric can tell. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarms, type Alarm } from '../../posture/alarms/index.ts';
import { metricsOf, unmeasured } from '../../posture/alarms/measured.ts';
import { prove } from '../../posture/laws/index.ts';
import { resolve } from '../../posture/resolve.ts';
import '../harness/remind-by-media.ts';

const everything = resolve({
  oncall: { telegramChat: '-1001234567890' },
  features: { cryptoPay: true, nowPayments: true, studio: true, subscriptions: true },
});

/** The alarms with one of them changed. */
const withChanged = (id: string, change: Partial<Alarm>): Alarm[] => {
  const list = alarms(everything);
  assert.ok(
    list.some((alarm) => alarm.id === id),
    id,
  );
  return list.map((alarm) => (alarm.id === id ? { ...alarm, ...change } : alarm));
};

test('as they stand, all alarms of any posture can ring, and say what they know', () => {
  const postures = [
    resolve({}),
    everything,
    resolve({ sentinel: { every: '5m' }, oncall: { detectWithin: { page: '30m', ticket: '1h' } } }),
    resolve({ database: { instance: 'db.m7g.large' }, worker: { tasks: { min: 0 } } }),
  ];
  for (const posture of postures) assert.deepEqual(unmeasured(posture, alarms(posture)), []);
});

test('each metric is told of once, and one alarm at most tells of each silence', () => {
  const names = metricsOf(everything).map((metric) => `${metric.namespace} ${metric.name} ${metric.dimensions.join()}`);
  assert.deepEqual(names, [...new Set(names)]);
  const silences = alarms(everything).filter(({ missing }) => missing === 'breaching');
  assert.deepEqual(
    silences.map(({ id }) => id),
    ['web-no-healthy-host', 'worker-heartbeat', 'database-silent', 'bot-details-missing', 'sentinel-silent'],
  );
});

for (const [what, id, change, said] of [
  [
    'a minute of a metric that comes every five',
    'database-credits',
    { period: 60, periods: 5, datapoints: 5 },
    'database-credits has periods of 60 s, and CPUCreditBalance has a value every 300 s',
  ],
  [
    'a percentile of a level',
    'database-write-latency',
    { statistic: 'p90' },
    'database-write-latency asks for p90 of WriteLatency, which is a gauge',
  ],
  [
    'a percentile that is ignored on quiet days',
    'web-latency',
    { fewSamples: 'ignore' },
    'web-latency takes no notice of p99 while few requests come',
  ],
  [
    'a metric that Container Insights alone has',
    'web-tasks',
    {
      metric: { namespace: 'ECS/ContainerInsights', name: 'RunningTaskCount', dimensions: ['cluster', 'webService'] },
    },
    'web-tasks: nobody emits ECS/ContainerInsights RunningTaskCount by cluster, webService',
  ],
  [
    'a title that silence would make a lie',
    'webhook-pending',
    { missing: 'breaching' },
    'webhook-pending takes silence of WebhookPending for a breach, which says that telegram is silent and nothing else',
  ],
  [
    'a metric by another dimension',
    'lane-chat-age',
    { metric: { namespace: 'Evenkeel/Sentinel', name: 'QueueAge', dimensions: ['stack'] } },
    'lane-chat-age: nobody emits Evenkeel/Sentinel QueueAge by stack',
  ],
  [
    'a unit that is not the metric’s',
    'database-storage',
    { unit: 'Percent' },
    'database-storage compares Percent with FreeStorageSpace, which is in Bytes',
  ],
  [
    'a count that is averaged',
    'alb-5xx',
    { statistic: 'Average' },
    'alb-5xx asks for Average of HTTPCode_ELB_5XX_Count, which is a count',
  ],
  [
    'too little of what is silent at none',
    'task-crash',
    { comparison: '<' },
    'task-crash waits for too little of Fatal, which has no value where there is none',
  ],
] as [string, string, Partial<Alarm>, string][])
  test(`refused: ${what}`, () => {
    assert.deepEqual(unmeasured(everything, withChanged(id, change)), [said]);
  });

test('refused: two alarms for one silence', () => {
  const second = { ...alarms(everything).find(({ id }) => id === 'database-silent')!, id: 'database-gone' };
  assert.deepEqual(unmeasured(everything, [...alarms(everything), second]), [
    'database-gone takes silence of database for a breach, as database-silent does',
  ]);
});

test('the law is one of those that a posture is proven by', () => {
  const { laws } = prove(everything);
  const law = laws.find(({ name }) => name === 'alarms.measure');
  assert.match(law?.arithmetic.join('\n') ?? '', /^\d+ alarms ask \d+ metrics for what they can tell/);
});
