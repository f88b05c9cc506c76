/** CloudWatch's rules: its published tables, every short series against a second reading of its prose, time, and what is told. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alarms, type Alarm } from '../../posture/alarms/index.ts';
import {
  begin,
  datapoint,
  follow,
  holds,
  judge,
  look,
  quiet,
  rangeAt,
  wantedSamples,
  write,
  type AlarmState,
  type Held,
  type Judged,
  type Missing,
  type Notice,
  type Rule,
  type Sample,
} from '../../posture/alarms/evaluate/index.ts';
import { resolve } from '../../posture/resolve.ts';

const TREATMENTS: readonly Missing[] = ['missing', 'ignore', 'breaching', 'notBreaching'];
const STATES: readonly AlarmState[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

const of = (datapoints: number, periods: number, missing: Missing): Judged => ({
  comparison: '>',
  threshold: 0,
  datapoints,
  periods,
  missing,
});

/** `0` good, `X` bad, `-` missing, the newest on the right. */
const series = (text: string): (number | undefined)[] =>
  text.split(' ').map((one) => (one === '-' ? undefined : Number(one === 'X')));

describe('the tables that AWS publishes, for three periods', () => {
  const ID = 'INSUFFICIENT_DATA';
  const [A, K] = ['ALARM', 'keep'];
  for (const [datapoints, points, wanted] of [
    [3, '0 - X - X', ['OK', 'OK', 'OK', 'OK']],
    [3, '0 - - - -', ['OK', 'OK', 'OK', 'OK']],
    [3, '- - - - -', [ID, K, A, 'OK']],
    [3, '0 X X - X', [A, A, A, A]],
    [3, '- - X - -', [A, K, A, 'OK']],
    [3, '- - - - X', [ID, K, A, 'OK']],
    [3, 'X - - - -', [A, K, A, 'OK']],
    [2, '0 - X - X', [A, A, A, A]],
    [2, '0 0 X 0 X', [A, A, A, A]],
    [2, '0 - X - -', ['OK', 'OK', A, 'OK']],
    [2, '- - - - 0', ['OK', 'OK', A, 'OK']],
    [2, '- - - X -', [A, K, A, 'OK']],
  ] as [number, string, string[]][])
    test(`${datapoints} of 3: ${points}`, () => {
      for (const [at, missing] of TREATMENTS.entries())
        for (const prior of STATES) {
          const expected = wanted[at] === 'keep' ? prior : wanted[at];
          assert.equal(
            judge(of(datapoints, 3, missing), series(points), prior).state,
            expected,
            `${missing}, ${prior}`,
          );
        }
    });
});

/** The prose of the user guide once more, period by period and without a thought for speed. */
function naive({ datapoints, periods, missing }: Judged, range: readonly (number | undefined)[], prior: AlarmState) {
  const newestFirst = range.toReversed();
  const seen: { bad: boolean; age: number }[] = [];
  for (const [at, value] of newestFirst.entries())
    if (value !== undefined && seen.length < periods) seen.push({ bad: value > 0, age: at + 1 });
  const bad = seen.filter((one) => one.bad);
  if (seen.length === periods) return bad.length >= datapoints ? 'ALARM' : 'OK';
  const stand = Array.from({ length: periods - seen.length }, () => missing === 'breaching');
  if (missing === 'breaching' || missing === 'notBreaching')
    return [...seen.map((one) => one.bad), ...stand].filter(Boolean).length >= datapoints ? 'ALARM' : 'OK';
  if (seen.length === 0) return missing === 'ignore' ? prior : 'INSUFFICIENT_DATA';
  if (bad.length >= datapoints) return 'ALARM';
  if (bad.length < seen.length) return 'OK';
  if (missing === 'ignore') return prior;
  return bad.at(-1)!.age >= datapoints ? 'ALARM' : 'INSUFFICIENT_DATA';
}

/** All series of a length. */
function* everySeries(length: number): Generator<(number | undefined)[]> {
  if (length === 0) yield [];
  else for (const rest of everySeries(length - 1)) for (const value of [0, 1, undefined]) yield [...rest, value];
}

test('every series of up to seven periods, under every treatment and from every state, as a second reading of the prose has it', () => {
  let cases = 0;
  for (let periods = 1; periods <= 5; periods += 1)
    for (const range of everySeries(periods + 2))
      for (let datapoints = 1; datapoints <= periods; datapoints += 1)
        for (const missing of TREATMENTS)
          for (const prior of STATES) {
            const alarm = of(datapoints, periods, missing);
            const { state } = judge(alarm, range, prior);
            cases += 1;
            if (state !== naive(alarm, range, prior))
              assert.fail(
                `${datapoints} of ${periods}, ${missing}, ${prior}: ${range.map(String).join(' ')}: ${state}`,
              );
          }
  assert.ok(cases > 100_000, `${cases} cases`);
});

test('a reason says which values decided', () => {
  const three = { ...of(3, 3, 'breaching'), comparison: '>=', threshold: 5 } as const;
  assert.equal(
    judge(three, [5, 6, 7]).reason,
    'Threshold Crossed: 3 out of the last 3 datapoints [5, 6, 7] were greater than or equal to the threshold (5)',
  );
  assert.equal(
    judge(three, [7]).reason,
    'Threshold Crossed: 3 out of the last 3 datapoints [7], 2 of them missing were greater than or equal to the threshold (5)',
  );
  assert.equal(
    judge(three, [5, 1, 7]).reason,
    'Threshold Crossed: 1 out of the last 3 datapoints [5, 1, 7] was not greater than or equal to the threshold (5)',
  );
  assert.equal(judge(of(1, 1, 'missing'), []).reason, 'Insufficient Data: 1 datapoint was unknown');
});

describe('from samples to datapoints', () => {
  test('statistics', () => {
    const values = [4, 1, 3, 2];
    const wanted = { Sum: 10, Average: 2.5, Minimum: 1, Maximum: 4, SampleCount: 4, p50: 2.5, p100: 4 } as const;
    for (const [name, value] of Object.entries(wanted)) assert.equal(datapoint(name as 'Sum', values), value, name);
    for (const name of Object.keys(wanted)) assert.equal(datapoint(name as 'Sum', []), undefined, `${name} of nothing`);
  });

  test('a percentile wants so many samples', () => {
    assert.deepEqual([0.99, 0.9, 0.5, 0.1].map(wantedSamples), [1000, 100, 20, 100]);
  });

  const alarm: Alarm = {
    ...alarms(resolve({})).find(({ id }) => id === 'web-latency')!,
    periods: 1,
    datapoints: 1,
    statistic: 'Maximum',
  };
  const at = (second: number, value: number, late = 0): Sample => ({ at: second, arrives: second + late, value });

  test('longer periods slide on by a minute: they are not those of the clock', () => {
    const slow = { ...alarm, period: 300 };
    const samples = [at(30, 9)];
    const newest = (now: number) => rangeAt(slow, samples, now).values.at(-1);
    assert.deepEqual([60, 299, 300, 359, 360].map(newest), [9, 9, 9, 9, undefined]);
    assert.equal(rangeAt(slow, samples, 360).values.at(-2), 9, 'it is in the period before');
  });

  test('what has not arrived yet is not there, and changes the past when it comes', () => {
    const samples = [at(10, 1), at(50, 9, 70)];
    assert.deepEqual(rangeAt(alarm, samples, 60).values, [undefined, undefined, 1]);
    assert.deepEqual(rangeAt(alarm, samples, 120).values, [undefined, 9, undefined]);
  });

  test('a second that is not over yet is in no period', () => {
    assert.equal(rangeAt(alarm, [at(61, 9)], 119).values.at(-1), undefined);
    assert.equal(rangeAt(alarm, [at(61, 9)], 120).values.at(-1), 9);
  });
});

/** Looks at an alarm each minute, with one sample a minute; undefined is none. */
function story(alarm: Alarm, values: readonly (number | undefined)[], watching = { made: 0, warmUp: 0 }): Notice[] {
  const samples = values.flatMap((value, minute) =>
    value === undefined ? [] : [{ at: minute * 60 + 1, arrives: minute * 60 + 2, value }],
  );
  const told: Notice[] = [];
  let standing = begin(watching);
  for (let minute = 1; minute <= values.length; minute += 1) {
    const seen = look(alarm, standing, samples, minute * 60, watching);
    standing = seen.standing;
    if (seen.notice) told.push(seen.notice);
  }
  return told;
}

describe('what is told', () => {
  const [depth, silent] = ['lane-chat-depth', 'sentinel-silent'].map((id) =>
    alarms(resolve({})).find((alarm) => alarm.id === id),
  ) as [Alarm, Alarm];
  const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);
  const words = (told: Notice[]) => told.map(({ id, from, state, since }) => `${since / 60} ${id} ${from} → ${state}`);

  test('the beginning once and the end once, however long it lasts', () => {
    const values = [...times(5, 0), ...times(30, 9999), ...times(5, 0)];
    assert.deepEqual(words(story(depth, values)), ['10 lane-chat-depth OK → ALARM', '36 lane-chat-depth ALARM → OK']);
  });

  test('no "recovered" for what never rang', () => {
    assert.deepEqual(story(depth, times(10, 0)), []);
  });

  test('silence, once CloudWatch believes in it, and its end', () => {
    const values = [...times(5, 1), ...times(6, undefined), ...times(2, 1)];
    assert.deepEqual(words(story(silent, values)), ['8 sentinel-silent OK → ALARM', '12 sentinel-silent ALARM → OK']);
  });

  test('the first hour of a stack rings for nobody, but ends when the data are there', () => {
    const watching = { made: 0, warmUp: 3600 };
    assert.deepEqual(story(silent, times(50, undefined), watching), []);
    assert.deepEqual(words(story(silent, [...times(5, undefined), 1, ...times(6, undefined)], watching)), [
      '9 sentinel-silent OK → ALARM',
    ]);
    assert.deepEqual(words(story(silent, times(62, undefined), watching)), [
      '60 sentinel-silent INSUFFICIENT_DATA → ALARM',
    ]);
  });

  test('a percentile of few requests keeps its state where they are ignored', () => {
    const latency = { ...alarms(resolve({})).find(({ id }) => id === 'web-latency')!, fewSamples: 'ignore' } as const;
    assert.deepEqual(story(latency, times(10, 9)), []);
    assert.equal(story({ ...latency, fewSamples: 'evaluate' }, times(10, 9)).length, 1);
  });
});

describe('alarms on alarms', () => {
  const is = (id: string, state: AlarmState = 'ALARM'): Rule => ({ is: state, of: id });
  const states = (...ringing: string[]) => new Map<string, AlarmState>(ringing.map((id) => [id, 'ALARM']));

  test('rules', () => {
    const rule: Rule = { all: [{ any: [is('a'), is('b')] }, { not: is('c') }] };
    assert.deepEqual(
      [[], ['a'], ['b', 'c'], ['a', 'b']].map((ringing) => holds(rule, states(...ringing))),
      [false, true, false, true],
    );
    assert.equal(
      write(rule, (id) => `s-${id}`),
      '(ALARM("s-a") OR ALARM("s-b")) AND NOT ALARM("s-c")',
    );
    const two: Rule = { atLeast: 2, of: ['a', 'b', 'c'], are: 'ALARM' };
    assert.deepEqual([holds(two, states('a')), holds(two, states('a', 'c'))], [false, true]);
    assert.equal(
      write(two, (id) => id),
      'AT_LEAST(2, ALARM, ("a", "b", "c"))',
    );
    assert.equal(holds(is('a', 'INSUFFICIENT_DATA'), states()), false, 'nobody knows it');
  });

  /** Ten seconds a step: which of the two ring, and what was told by when. */
  function told(steps: readonly string[], suppressor?: { wait: number; extension: number }): string[] {
    let held: Held = quiet;
    return steps.flatMap((ringing, at) => {
      const seen = follow(
        is('symptom'),
        held,
        states(...ringing.split('+')),
        at * 10,
        suppressor && { alarm: 'cause', ...suppressor },
      );
      held = seen.held;
      return seen.tell ? [`${at * 10}s ${seen.tell}`] : [];
    });
  }
  const minute = { wait: 60, extension: 60 };
  const steps = (count: number, ringing: string): string[] => Array<string>(count).fill(ringing);

  test('without a suppressor each change is told at once', () => {
    assert.deepEqual(told(['', 'symptom', 'symptom', '']), ['10s ALARM', '30s OK']);
  });

  test('a change waits for the suppressor, which may be slower; then it is told', () => {
    assert.deepEqual(told(['', ...steps(8, 'symptom')], minute), ['70s ALARM']);
  });

  test('while a larger fault is told of, its symptoms are not, and a minute after its end what still is', () => {
    const both = ['', ...steps(3, 'symptom'), ...steps(10, 'symptom+cause')];
    assert.deepEqual(told([...both, ...steps(4, 'symptom'), ...steps(9, '')], minute), [], 'both ended');
    assert.deepEqual(told([...both, ...steps(9, 'symptom')], minute), ['190s ALARM']);
  });
});
