/** From samples to the datapoints of an alarm: statistics, windows, and what has not arrived yet. */
import type { Alarm, Statistic } from '../alarm.ts';
import { FURTHER_PERIODS } from './judge.ts';

/** A value that somebody reported. Times in seconds, of one clock. */
export interface Sample {
  at: number;
  /** From when on CloudWatch has it: a line of a log, and what AWS measures itself, come later than they tell of. */
  arrives: number;
  value: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Between the two values that it lies between, as CloudWatch gives it for what it has all values of.
 * @param share 0 to 1
 */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}

/** Values that a percentile wants at least, p99: 1,000 (CloudWatch user guide, "percentiles with low samples"). */
export const wantedSamples = (share: number): number => Math.ceil(10 / (share >= 0.5 ? 1 - share : share) - 1e-9);

/** @returns undefined where there is no value: nothing is counted as 0 by nobody, a count of samples included */
export function datapoint(statistic: Statistic, values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  if (statistic === 'SampleCount') return values.length;
  if (statistic === 'Sum') return sum(values);
  if (statistic === 'Average') return sum(values) / values.length;
  if (statistic === 'Minimum') return Math.min(...values);
  if (statistic === 'Maximum') return Math.max(...values);
  return percentile(values, Number(statistic.slice(1)) / 100);
}

/** Of a percentile that fewer values have come for than it wants, where the alarm does not look at such. */
export const tooFew = ({ statistic, fewSamples }: Pick<Alarm, 'statistic' | 'fewSamples'>, count: number): boolean =>
  fewSamples === 'ignore' && statistic.startsWith('p') && count < wantedSamples(Number(statistic.slice(1)) / 100);

/** How often CloudWatch looks, s: each minute, and of finer periods every ten seconds. */
export const stepOf = ({ period }: Pick<Alarm, 'period'>): number => (period < 60 ? 10 : 60);

/** An evaluation range. */
export interface Range {
  /** One for each period, oldest first. */
  values: (number | undefined)[];
  /** A percentile of too few values is among them: the state is kept. */
  few: boolean;
}

/**
 * What an alarm sees at `now`. Its periods end with the last whole minute, and so slide on by a minute where they are
 * longer than one: five minutes are not those of the clock.
 */
export function rangeAt(alarm: Alarm, samples: readonly Sample[], now: number): Range {
  const step = stepOf(alarm);
  const end = Math.floor(now / step) * step;
  const windows = Array.from({ length: alarm.periods + FURTHER_PERIODS }, (_, back) => {
    const until = end - back * alarm.period;
    const from = until - alarm.period;
    return samples.filter(({ at, arrives }) => at >= from && at < until && arrives <= now).map(({ value }) => value);
  }).toReversed();
  return {
    values: windows.map((values) => datapoint(alarm.statistic, values)),
    few: windows.slice(-alarm.periods).some((values) => values.length > 0 && tooFew(alarm, values.length)),
  };
}
