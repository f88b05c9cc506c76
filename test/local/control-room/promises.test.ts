/** Promises beside what was measured: what tests which, how long it took, and by what. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createPromises } from '../../../local/control-room/promises.ts';
import type { Sections } from '../../../local/control-room/wire.ts';
import { promises as promised } from '../../../posture/promises.ts';
import { resolve } from '../../../posture/resolve.ts';
import { fakePlatform } from './fakes.ts';

const posture = resolve({});

function setUp() {
  const platform = fakePlatform();
  const told: string[] = [];
  const tracker = createPromises(posture, { add: ({ text }) => void told.push(text) });
  const look = (changes: Partial<Sections> = {}) =>
    ({
      tasks: platform.tasks().map((task) => ({ ...task, frozen: false })),
      database: platform.database(),
      telegram: null,
      ...changes,
    }) as Sections;
  return {
    tracker,
    told,
    platform,
    see: (at: number, changes: Partial<Sections> = {}, takeovers: number[] = []) =>
      tracker.see(look(changes), takeovers, at),
    row: (name: string) => tracker.rows().find((one) => one.name === name)!,
  };
}

suite('promises on the page', () => {
  test('each is one of the posture, with the figure that npm run posture prints, and says what tests it', () => {
    const { tracker } = setUp();
    const figures = new Map(promised(posture).map(({ name, shown }) => [name, shown]));
    const names = tracker.rows().map(({ name }) => name);
    for (const name of [
      'ack',
      'takeover',
      'drain.web',
      'drain.worker',
      'outage.message',
      'connections.peak',
      'patience',
    ])
      assert.ok(names.includes(name), name);
    for (const { name, promised: shown, how } of tracker.rows()) {
      if (name !== 'patience') assert.equal(shown, figures.get(name), name);
      assert.ok(how.length > 5, name);
    }
  });

  test('a killed worker tests the takeover, until another one says that it has its chats', () => {
    const { tracker, see, row, told } = setUp();
    tracker.did({ what: 'kill', by: 'SIGKILL to web-1', task: { id: 'web-1', role: 'web' } }, 500);
    see(600);
    assert.equal(row('takeover').testing, null, 'a web task holds no chats');
    tracker.did({ what: 'kill', by: 'SIGKILL to worker-1', task: { id: 'worker-1', role: 'worker' } }, 1_000);
    see(2_000, {}, [400]);
    assert.deepEqual(row('takeover').testing, { by: 'SIGKILL to worker-1', since: 1_000 });
    see(5_000, {}, [400, 4_100]);
    const { last, testing } = row('takeover');
    assert.deepEqual([last?.value, last?.shown, last?.by, testing], [3_100, '3.1s', 'SIGKILL to worker-1', null]);
    assert.equal(told.at(-1), 'Promise takeover: 3.1s of 17.5s, tested by SIGKILL to worker-1');
  });

  test('a drain ends when its task is gone; one that never ends is no measurement', () => {
    const { tracker, see, row, platform } = setUp();
    const drain = (id: string, at: number) =>
      tracker.did({ what: 'drain', by: `SIGTERM to ${id}`, task: { id, role: 'worker' } }, at);
    drain('worker-1', 1_000);
    see(2_000);
    assert.equal(row('drain.worker').last, null);
    platform.list = platform.list.filter(({ id }) => id !== 'worker-1');
    see(3_500);
    assert.equal(row('drain.worker').last?.value, 2_500);
    drain('worker-2', 4_000);
    see(10_000_000);
    see(10_000_001);
    assert.deepEqual([row('drain.worker').last?.value, row('drain.worker').testing], [2_500, null]);
  });

  test('an acknowledgement is put down to what was done a moment ago, the worst one is kept, a broken one is seen', () => {
    const { tracker, see, row } = setUp();
    const acks = (count: number, last: number, longest: number) =>
      ({ telegram: { acks: { count, last, longest } } }) as unknown as Partial<Sections>;
    see(1_000, acks(1, 12, 12));
    assert.equal(row('ack').last?.by, 'everyday work');
    tracker.did({ what: 'database', by: 'the restart of the database' }, 2_000);
    see(3_000, acks(3, 40, 6_000));
    tracker.databaseIsBack(3_500);
    assert.deepEqual([row('ack').last?.shown, row('ack').worst?.shown], ['40ms', '6.0s']);
    assert.ok(row('ack').worst!.value > row('ack').limit);
    assert.equal(row('outage.message').last?.value, 1_500);
    see(100_000, acks(4, 10, 6_000));
    assert.equal(row('ack').last?.by, 'everyday work');
  });

  test('an alarm that rings tells how long it took to notice what was done', () => {
    const { tracker, see, row } = setUp();
    const ringing = (at: number, isOver = false) =>
      ({ oncall: { notices: [{ at, severity: 'ticket', isOver }] } }) as unknown as Partial<Sections>;
    see(1_000, ringing(900));
    tracker.did({ what: 'fault', by: 'Telegram answers 500' }, 10_000);
    see(20_000, ringing(900));
    assert.equal(row('detect.ticket').last, null, 'it rang before that');
    see(400_000, ringing(310_000));
    see(900_000, ringing(800_000, true));
    assert.deepEqual(
      [row('detect.ticket').last?.value, row('detect.ticket').last?.by],
      [300_000, 'Telegram answers 500'],
    );
  });

  test('what is answered late tells how long it was waited for; an open breaker becomes a promise of its own', () => {
    const { tracker, see, row, platform } = setUp();
    tracker.said(1001, 'user', 1_000);
    tracker.said(1001, 'user', 3_000);
    tracker.said(1001, 'bot', 9_000);
    tracker.said(1001, 'bot', 20_000);
    assert.equal(row('patience').last?.value, 8_000);
    const { providers } = platform.list[3]!.health!;
    providers!['openrouter']!.breaker = 'open';
    see(30_000);
    assert.equal(row('breaker.openrouter').promised, '15s or more');
    providers!['openrouter']!.breaker = 'half-open';
    see(46_000);
    assert.equal(row('breaker.openrouter').last?.value, 16_000);
  });
});
