import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { alarms, detectionTime, evaluate, SENTINEL, type Alarm } from '../../posture/alarms/index.ts';
import { silentAtZero } from '../../posture/alarms/silent.ts';
import { breaches } from '../../posture/alarms/evaluate/index.ts';
import { deployConnections } from '../../posture/alarms/database.ts';
import { connectionLimits, demand, otherConnections, usableConnections } from '../../posture/limits.ts';
import { PAYERS } from '../../posture/payers.ts';
import { resolve } from '../../posture/resolve.ts';
import { QUEUES } from '../../posture/features/index.ts';
import '../harness/remind-by-media.ts';

/** As shipped, and with everything that may be left out. */
const shipped = resolve({
  oncall: { telegramChat: '-1001234567890' },
  features: { cryptoPay: true, nowPayments: true, studio: true, subscriptions: true },
});
const root = new URL('../../', import.meta.url);

function named(list: readonly Alarm[], id: string): Alarm {
  const found = list.find((alarm) => alarm.id === id);
  assert.ok(found, `no alarm ${id}`);
  return found;
}

const thresholdOf = (values: unknown, id: string): number => named(alarms(resolve(values)), id).threshold;

test('ids are unique, and say what they are in kebab case', () => {
  const ids = alarms(shipped).map(({ id }) => id);
  assert.deepEqual(ids, [...new Set(ids)]);
  assert.deepEqual(
    ids.filter((id) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id)),
    [],
  );
});

test('each alarm has a runbook with the steps that a woken person needs, and each runbook an alarm', () => {
  const sections = ['## Look first', '## Likely causes', '## Do', '## Escalate', '## Over when'];
  for (const alarm of alarms(shipped)) {
    const path = new URL(alarm.runbook, root);
    assert.ok(existsSync(path), `${alarm.runbook} does not exist`);
    const text = readFileSync(path, 'utf8');
    assert.ok(text.startsWith(`# ${alarm.id}\n`), `${alarm.runbook} is another alarm's`);
    assert.ok(text.includes(`A **${alarm.severity}**`), `${alarm.runbook} has another severity`);
    for (const section of sections) assert.ok(text.includes(section), `${alarm.runbook} lacks "${section}"`);
  }
  const files = readdirSync(new URL('docs/runbooks/', root)).filter((file) => file !== 'README.md');
  assert.deepEqual(
    files.sort(),
    alarms(shipped)
      .map(({ id }) => `${id}.md`)
      .sort(),
  );
});

test('each queue of jobs is named in the alarms on jobs, and the runbooks say what its users miss', () => {
  const onJobs = alarms(shipped).filter(({ id }) => id.startsWith('jobs-'));
  const runbooks = readFileSync(new URL('docs/runbooks/README.md', root), 'utf8');
  for (const [queue, { what, dead }] of Object.entries(QUEUES)) {
    const naming = onJobs.filter(({ title }) => title.includes(what)).map(({ id }) => id);
    assert.deepEqual(naming, ['jobs-late', 'jobs-overdue', dead === 'page' ? 'jobs-dead-urgent' : 'jobs-dead']);
    assert.match(
      runbooks,
      new RegExp(`^\\| \`${queue}\` +\\|`, 'm'),
      `docs/runbooks/README.md says nothing of ${queue}`,
    );
  }
});

test('links between the runbooks lead somewhere', () => {
  const folder = new URL('docs/runbooks/', root);
  for (const file of readdirSync(folder))
    for (const [, target] of readFileSync(new URL(file, folder), 'utf8').matchAll(/\]\(([^)#]+)\)/g))
      assert.ok(existsSync(new URL(target!, folder)), `${file}: ${target} does not exist`);
});

/** Rows of the fault table: id → ids of the alarms in its alarm column; faults of features to come have none. */
function faultTable(): Map<string, string[]> {
  const text = readFileSync(new URL('docs/faults.md', root), 'utf8');
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const faults = rows.filter((cells) => cells.length >= 6 && /^[a-z][a-z0-9-]*$/.test(cells[1]!) && cells[1] !== 'id');
  return new Map(faults.map((cells) => [cells[1]!, cells.length === 8 ? cells[5]!.split(', ') : []]));
}

test('the fault table names for each fault exactly the alarms that name it', () => {
  const table = faultTable();
  assert.ok(table.size > 40, `only ${table.size} faults were read`);
  const list = alarms(shipped);
  const unknown = list.flatMap(({ id, faults }) =>
    faults.filter((fault) => !table.has(fault)).map((f) => `${id}: ${f}`),
  );
  assert.deepEqual(unknown, [], 'faults without a row');
  for (const [fault, names] of table) {
    const wanted = list.filter(({ faults }) => faults.includes(fault)).map(({ id }) => id);
    assert.deepEqual(
      names.filter((name) => name !== '–'),
      wanted,
      `alarms of ${fault}`,
    );
  }
});

test('every role, queue and provider of the posture and the database are watched', () => {
  const dimensions = new Set(alarms(shipped).flatMap(({ metric }) => metric.dimensions));
  for (const part of ['webService', 'workerService', 'mediaService', 'database', 'alb', 'webTargetGroup'] as const)
    assert.ok(dimensions.has(part), part);
  for (const queue of Object.keys(shipped.jobs)) assert.ok(dimensions.has(`queue:${queue}` as never), queue);
  for (const provider of Object.keys(shipped.providers))
    assert.ok(dimensions.has(`provider:${provider}` as never), provider);
  for (const payer of PAYERS) assert.ok(dimensions.has(`provider:${payer}`), payer);
});

test('a shipped posture notices each fault in time', () => {
  for (const alarm of alarms(shipped)) {
    const limit = shipped.oncall.detectWithin[alarm.severity];
    assert.ok(detectionTime(alarm) <= limit, `${alarm.id} takes ${detectionTime(alarm) / 1000} s`);
  }
});

/** A value on the good or the bad side of an alarm's threshold. */
const bad = (alarm: Alarm): number =>
  [alarm.threshold - 1, alarm.threshold, alarm.threshold + 1].find((v) => breaches(alarm, v))!;
const good = (alarm: Alarm): number => [alarm.threshold - 1, alarm.threshold + 1].find((v) => !breaches(alarm, v))!;

/** Seconds from the fault to ALARM, for a fault at second `phase` of a period whose value it cannot turn any more. */
function simulate(alarm: Alarm, phase: number, faulty: number | undefined): number {
  const values: (number | undefined)[] = Array.from({ length: alarm.periods + 3 }, () => good(alarm));
  const ripe = phase + (faulty === undefined ? 0 : alarm.onset);
  for (let period = 0; period < 100; period++) {
    const starts = period * alarm.period;
    values.push(starts >= ripe ? faulty : good(alarm));
    if (evaluate(alarm, values) === 'ALARM') return starts + alarm.period + alarm.delay - phase;
  }
  throw new Error(`${alarm.id} never fired`);
}

test('no fault is noticed later than computed, simulated from any second of a minute: bad values, and silence where too little is the fault', () => {
  fc.assert(
    fc.property(fc.constantFrom(...alarms(shipped)), fc.integer({ min: 1, max: 60 }), (alarm, phase) => {
      assert.ok(simulate(alarm, phase, bad(alarm)) * 1000 <= detectionTime(alarm), `${alarm.id} by values`);
      if (alarm.missing === 'breaching' && alarm.comparison === '<')
        assert.ok(simulate(alarm, phase, undefined) * 1000 <= detectionTime(alarm), `${alarm.id} by silence`);
    }),
  );
});

test('good values never alarm, and one bad minute does not where several are asked for', () => {
  for (const alarm of alarms(shipped)) {
    const quiet = Array.from({ length: 20 }, () => good(alarm));
    assert.equal(evaluate(alarm, quiet), 'OK', alarm.id);
    assert.equal(evaluate(alarm, [...quiet, bad(alarm)]), alarm.datapoints === 1 ? 'ALARM' : 'OK', alarm.id);
    assert.equal(evaluate(alarm, [...quiet, bad(alarm), ...quiet]), 'OK', alarm.id);
  }
});

test('a shorter detectWithin shortens the periods, down to one', () => {
  const hurried = alarms(resolve({ oncall: { detectWithin: { page: '4m', ticket: '6m' } } }));
  for (const alarm of hurried) {
    assert.ok(alarm.datapoints >= 1 && alarm.periods >= alarm.datapoints, alarm.id);
    const limit = alarm.severity === 'page' ? 240_000 : 360_000;
    assert.ok(detectionTime(alarm) <= limit || alarm.datapoints === 1, alarm.id);
  }
  assert.deepEqual(
    [named(hurried, 'web-target-5xx').datapoints, named(hurried, 'web-target-5xx').periods],
    [2, 4],
    '3 of 5 becomes 2 of 4',
  );
});

test('a sentinel that looks less often has longer periods: a period without a look would be silence', () => {
  const slow = resolve({ sentinel: { every: '5m' }, oncall: { detectWithin: { page: '30m', ticket: '1h' } } });
  assert.equal(named(alarms(slow), 'sentinel-silent').period, 300);
  assert.equal(named(alarms(slow), 'lane-chat-age').period, 300);
  assert.equal(named(alarms(slow), 'web-target-5xx').period, 60);
});

test('thresholds follow the posture', () => {
  assert.equal(thresholdOf({ telegram: { maxConnections: 80 } }, 'webhook-pending'), 100);
  assert.equal(thresholdOf({ telegram: { ackDeadline: '10s' } }, 'web-latency'), 4);
  assert.equal(
    thresholdOf({ web: { tasks: { min: 3, max: 6 } } }, 'web-tasks'),
    1,
    'of what is wanted, one is missing',
  );
  assert.equal(thresholdOf({ scaling: { cpu: '70%' } }, 'web-cpu'), 85);
  assert.equal(thresholdOf({ worker: { nofile: 10_000 } }, 'worker-open-files'), 7000);
  assert.equal(thresholdOf({ database: { storage: { size: '100GiB' } } }, 'database-storage'), 5 * 2 ** 30);
  assert.equal(thresholdOf({ database: { instance: 'db.m7g.large' } }, 'database-memory'), Math.floor(0.8 * 2 ** 30));
  assert.equal(thresholdOf({ jobs: { chat: { handler: '90s' } } }, 'lane-chat-age'), 110);
  assert.equal(thresholdOf({ jobs: { chat: { handler: '5s' } } }, 'lane-chat-age'), 60);
  assert.equal(thresholdOf({}, 'lane-pre-checkout-age'), 10, 'Telegram cancels after ten seconds');
  assert.equal(thresholdOf({ lanes: { claimBatch: 20 } }, 'lane-chat-depth'), 2000);
  assert.equal(
    thresholdOf({ database: { timeouts: { idleInTransaction: '20s' } } }, 'database-oldest-transaction'),
    600,
  );
});

test('alarms come and go with what the posture declares', () => {
  const ids = (values: unknown): string[] => alarms(resolve(values)).map(({ id }) => id);
  assert.ok(ids({}).includes('database-credits'));
  assert.ok(!ids({}).includes('oncall-relay'), 'without a chat there is no relay');
  assert.ok(!ids({ database: { instance: 'db.m7g.large' } }).includes('database-credits'));
  assert.ok(!ids({ features: { chat: false } }).includes('provider-openrouter-breaker'));
  assert.ok(ids({ worker: { tasks: { min: 0 } } }).includes('worker-tasks'), 'it is against what is wanted');
  assert.ok(!ids({ worker: { tasks: { min: 0 } } }).includes('worker-heartbeat'));
});

test('the connections alarm lies above any ordinary deploy and below the sum of the limits', () => {
  const postures = fc.record({
    web: fc.record({ pool: fc.integer({ min: 1, max: 20 }), max: fc.integer({ min: 2, max: 20 }) }),
    worker: fc.record({ pool: fc.integer({ min: 2, max: 20 }), max: fc.integer({ min: 2, max: 20 }) }),
    surge: fc.integer({ min: 100, max: 200 }),
    overlap: fc.integer({ min: 0, max: 2 }),
    operators: fc.integer({ min: 0, max: 20 }),
  });
  fc.assert(
    fc.property(postures, ({ web, worker, surge, overlap, operators }) => {
      const posture = resolve({
        web: { pool: web.pool, tasks: { max: web.max } },
        worker: { pool: worker.pool, tasks: { max: worker.max } },
        rollout: { surge: `${surge}%`, overlap, operators },
        database: { maxConnections: 5000 },
      });
      fc.pre(demand(posture) <= usableConnections(posture));
      const { threshold } = named(alarms(posture), 'database-connections');
      const limits = connectionLimits(posture);
      assert.ok(threshold >= deployConnections(posture), 'a deploy would set it off');
      const all = limits.web + limits.worker + limits.media! + otherConnections(posture);
      assert.ok(threshold < all, 'it would never go off');
    }),
  );
});

test('a deploy is rolled back by what a bad release brings about, and by nothing that it may be the cure of', () => {
  const of = (role: 'web' | 'worker') =>
    alarms(shipped)
      .filter(({ rollback }) => rollback.includes(role))
      .map(({ id }) => id)
      .sort();
  assert.deepEqual(of('web'), ['alb-5xx', 'task-crash', 'web-latency', 'web-target-5xx', 'web-unhealthy-host']);
  assert.deepEqual(of('worker'), ['task-crash']);
});

test('silence never rolls a deploy back: before the first task there is nothing else', () => {
  for (const { id, rollback, missing } of alarms(shipped))
    assert.ok(rollback.length === 0 || missing === 'notBreaching', id);
});

test('zeros that are left out change no alarm: a lasting fault is noticed at the same moment, and its end soon after', () => {
  const silent = silentAtZero(resolve({}));
  const quiet = alarms(resolve({})).filter(({ metric }) => silent(metric));
  assert.ok(quiet.length > 25, `${quiet.length} alarms`);
  for (const alarm of quiet) {
    const bad = alarm.threshold + 1;
    const silence = Array<undefined>(alarm.periods + 2).fill(undefined);
    const zeros = silence.map(() => 0);
    assert.equal(evaluate(alarm, silence), 'OK', alarm.id);
    for (let length = 1; length <= alarm.periods; length++) {
      const fault = Array<number>(length).fill(bad);
      assert.equal(evaluate(alarm, [...silence, ...fault]), evaluate(alarm, [...zeros, ...fault]), alarm.id);
    }
    assert.equal(evaluate(alarm, [bad, bad, ...silence]), 'OK', `${alarm.id} ends`);
  }
  for (const name of ['Look', 'DatabaseOldestTransaction', 'QueueAge'])
    assert.ok(!silent({ namespace: SENTINEL, name }), `${name} says by its silence that something is wrong`);
});
