/** The alarms of the posture at home: fed by what this machine measures, rung by CloudWatch's rules and as late as there. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Metric } from '../../contract/metric.ts';
import { alarms, type Alarm, type Severity } from '../../posture/alarms/index.ts';
import { begin, breaches, look, rangeAt, type Sample, type Standing } from '../../posture/alarms/evaluate/index.ts';
import { fromOutside, fromPlatform, fromTasks, isMeasured, keyOfAlarm, keyOfMetric, type Measured } from './measure.ts';

/** s, as in infra/aws/alarms: until then an alarm that has never had all its values rings for nobody. */
const WARM_UP = 3600;
/** Between two evaluations, s. */
const STEP = 10;
/** Samples are kept for so long, s: longer than any alarm looks back. */
const KEPT = 3600;
const NOTICES = 50;

/** What on-call is told, as the relay and the incident tools have it. */
export interface OncallNotice {
  /** Unix time, ms. */
  at: number;
  id: string;
  severity: Severity;
  title: string;
  isOver: boolean;
  reason: string;
  runbook: string;
}

export interface OncallAlarm extends Omit<OncallNotice, 'isOver' | 'reason'> {
  reason: string;
}

/** Values breach, but not for long enough yet. */
export interface RisingAlarm {
  id: string;
  severity: Severity;
  title: string;
  breaching: number;
  datapoints: number;
}

export interface OncallView {
  open: OncallAlarm[];
  rising: RisingAlarm[];
  /** The latest first. */
  notices: OncallNotice[];
  /** How many alarms there are, and how many of them only AWS can measure. */
  watched: number;
  elsewhere: number;
}

export interface Oncall {
  view(): OncallView;
  stop(): Promise<void>;
}

export interface OncallOptions extends Measured {
  /** Real ms that pass for a minute of the alarms. Default: a minute. */
  minute?: number;
  say?: (notice: OncallNotice) => void;
}

export function startOncall(options: OncallOptions): Oncall {
  const { posture, minute = 60_000, say = () => undefined } = options;
  const perSecond = minute / 60;
  const began = Date.now();
  const clock = (): number => (Date.now() - began) / perSecond;
  const all = alarms(posture);
  const watched = all.filter((alarm) => isMeasured(alarm, options));
  const watching = { made: 0, warmUp: WARM_UP };
  const standings = new Map<string, Standing>(watched.map(({ id }) => [id, begin(watching)]));
  const series = new Map<string, { at: number; value: number }[]>();
  let notices: OncallNotice[] = [];
  let seen: OncallView = { open: [], rising: [], notices, watched: all.length, elsewhere: all.length - watched.length };
  let errors = options.platform.frontDoor().errors;
  const stopping = new AbortController();

  function take(metrics: readonly Metric[]): void {
    const at = clock();
    for (const metric of metrics) {
      const key = keyOfMetric(metric);
      const kept = (series.get(key) ?? []).filter((sample) => sample.at > at - KEPT);
      series.set(key, [...kept, { at, value: metric.value }]);
    }
  }

  const samplesOf = (alarm: Alarm): Sample[] =>
    (series.get(keyOfAlarm(alarm)) ?? []).map((sample) => ({ ...sample, arrives: sample.at + alarm.delay }));

  const told = (alarm: Alarm, { reason, since }: Standing): OncallAlarm => ({
    at: Math.round(began + since * perSecond),
    id: alarm.id,
    severity: alarm.severity,
    title: alarm.title,
    reason,
    runbook: alarm.runbook,
  });

  function evaluate(now: number): void {
    for (const alarm of watched) {
      const { standing, notice } = look(alarm, standings.get(alarm.id)!, samplesOf(alarm), now, watching);
      standings.set(alarm.id, standing);
      if (!notice) continue;
      const words = { ...told(alarm, standing), isOver: standing.state !== 'ALARM' };
      notices = [words, ...notices].slice(0, NOTICES);
      say(words);
    }
  }

  /** The sentinel and the tasks speak once a minute, the balancer counts all the time; nothing waits for a look that hangs. */
  async function turn(count: number): Promise<void> {
    const { errors: sum } = options.platform.frontDoor();
    take(fromPlatform(options, sum - errors));
    errors = sum;
    if (count % (60 / STEP) === 0) {
      take(fromTasks(options));
      take(await fromOutside(options, stopping.signal));
    }
    const now = clock();
    evaluate(now);
    seen = see(now);
  }

  async function run(): Promise<void> {
    for (let count = 0; !stopping.signal.aborted; count += 1) {
      await turn(count);
      const next = began + (count + 1) * STEP * perSecond;
      await sleep(Math.max(0, next - Date.now()), undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  function see(now: number): OncallView {
    const standing = (alarm: Alarm) => standings.get(alarm.id)!;
    return {
      open: watched
        .filter((alarm) => standing(alarm).state === 'ALARM')
        .map((alarm) => told(alarm, standing(alarm)))
        .toSorted((a, b) => (a.severity === b.severity ? a.at - b.at : a.severity === 'page' ? -1 : 1)),
      rising: watched
        .filter((alarm) => standing(alarm).state !== 'ALARM')
        .flatMap((alarm) => {
          const values = rangeAt(alarm, samplesOf(alarm), now).values.slice(-alarm.periods);
          const breaching = values.filter((value) => value !== undefined && breaches(alarm, value)).length;
          const { id, severity, title, datapoints } = alarm;
          return breaching === 0 ? [] : [{ id, severity, title, breaching, datapoints }];
        }),
      notices,
      watched: all.length,
      elsewhere: all.length - watched.length,
    };
  }

  const running = run();
  return {
    view: () => seen,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
