/** What state the datapoints of an alarm give it: the rules of CloudWatch, for where there is no CloudWatch. */
import type { Alarm, Comparison } from '../alarm.ts';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** What a period without a value counts as: two of them in our alarms, all four in CloudWatch. */
export type Missing = Alarm['missing'] | 'missing' | 'ignore';

/** What of an alarm decides over its state. */
export type Judged = Pick<Alarm, 'comparison' | 'threshold' | 'periods' | 'datapoints'> & { missing: Missing };

/** A state with its reason, in CloudWatch's words. */
export interface Verdict {
  state: AlarmState;
  reason: string;
}

/**
 * Periods beyond its own to which CloudWatch looks back for real values before it fills in missing ones, so that it takes
 * silence for a breach only when the last five of three periods are silent (CloudWatch user guide, "alarms and missing
 * data", evaluation range). Of other numbers than three it says nothing; people have measured three silent periods for one.
 */
export const FURTHER_PERIODS = 2;

const COMPARE: Record<Comparison, (value: number, threshold: number) => boolean> = {
  '<': (value, threshold) => value < threshold,
  '<=': (value, threshold) => value <= threshold,
  '>': (value, threshold) => value > threshold,
  '>=': (value, threshold) => value >= threshold,
};

const WORDS: Record<Comparison, string> = {
  '<': 'less than',
  '<=': 'less than or equal to',
  '>': 'greater than',
  '>=': 'greater than or equal to',
};

/** Does a value breach the threshold? */
export const breaches = (alarm: Pick<Alarm, 'comparison' | 'threshold'>, value: number): boolean =>
  COMPARE[alarm.comparison](value, alarm.threshold);

type Found = { alarm: Judged; real: number[]; breaching: number; filled: number };

function reasonOf(state: AlarmState, { alarm, real, breaching, filled }: Found): string {
  const datapoints = (count: number) => `${count} datapoint${count === 1 ? '' : 's'}`;
  if (state === 'INSUFFICIENT_DATA')
    return `Insufficient Data: ${datapoints(filled)} ${filled === 1 ? 'was' : 'were'} unknown`;
  const crossed = state === 'ALARM';
  const counted = crossed === (alarm.missing === 'breaching') ? filled : 0;
  const count = (crossed ? breaching : real.length - breaching) + counted;
  const which = crossed ? '' : 'not ';
  const unknown = filled > 0 ? `, ${filled} of them missing` : '';
  return (
    `Threshold Crossed: ${count} out of the last ${datapoints(alarm.periods)} [${real.join(', ')}]${unknown} ` +
    `${count === 1 ? 'was' : 'were'} ${which}${WORDS[alarm.comparison]} the threshold (${alarm.threshold})`
  );
}

/**
 * Where real values are too few and all of them bad. Half a fault is not told of as a whole one: not before the oldest
 * of them is as old as the fault would have to be, so that those to come cannot change it any more.
 */
function premature({ datapoints }: Judged, range: readonly (number | undefined)[]): boolean {
  const oldest = range.findIndex((value) => value !== undefined);
  return range.length - oldest >= datapoints;
}

function stateOf({ alarm, real, breaching, filled }: Found, range: readonly (number | undefined)[], prior: AlarmState) {
  const enough = breaching >= alarm.datapoints;
  if (filled === 0 || alarm.missing === 'notBreaching') return enough ? 'ALARM' : 'OK';
  if (alarm.missing === 'breaching') return breaching + filled >= alarm.datapoints ? 'ALARM' : 'OK';
  if (enough) return 'ALARM';
  if (breaching < real.length) return 'OK';
  if (alarm.missing === 'ignore') return prior;
  return real.length > 0 && premature(alarm, range) ? 'ALARM' : 'INSUFFICIENT_DATA';
}

/**
 * The state after the newest of `values`, one for each period, oldest first; undefined where a period has no value.
 * @param prior the state until now, which is kept where a missing value is ignored
 */
export function judge(
  alarm: Judged,
  values: readonly (number | undefined)[],
  prior: AlarmState = 'INSUFFICIENT_DATA',
): Verdict {
  const range = values.slice(-(alarm.periods + FURTHER_PERIODS));
  const real = range.filter((value) => value !== undefined).slice(-alarm.periods);
  const breaching = real.filter((value) => breaches(alarm, value)).length;
  const found = { alarm, real, breaching, filled: alarm.periods - real.length };
  const state = stateOf(found, range, prior);
  return { state, reason: reasonOf(state, found) };
}

/** {@link judge}, the state alone. */
export const evaluate = (alarm: Judged, values: readonly (number | undefined)[]): AlarmState =>
  judge(alarm, values).state;
