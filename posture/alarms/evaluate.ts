/** How a list of values makes an alarm: the rules of CloudWatch, for where there is no CloudWatch. */
import type { Alarm, Comparison } from './alarm.ts';

export type AlarmState = 'OK' | 'ALARM';

const COMPARE: Record<Comparison, (value: number, threshold: number) => boolean> = {
  '<': (value, threshold) => value < threshold,
  '<=': (value, threshold) => value <= threshold,
  '>': (value, threshold) => value > threshold,
  '>=': (value, threshold) => value >= threshold,
};

/** Does a value breach the threshold? */
export const breaches = (alarm: Pick<Alarm, 'comparison' | 'threshold'>, value: number): boolean =>
  COMPARE[alarm.comparison](value, alarm.threshold);

/**
 * The state after the newest of `values`, one for each period, oldest first; undefined where a period has no value.
 * As CloudWatch does, it looks two periods further back for real values before it fills in missing ones.
 */
export function evaluate(alarm: Alarm, values: readonly (number | undefined)[]): AlarmState {
  const range = values.slice(-(alarm.periods + 2));
  const real = range.filter((value) => value !== undefined).slice(-alarm.periods);
  const filled = alarm.missing === 'breaching' ? alarm.periods - real.length : 0;
  const breaching = real.filter((value) => breaches(alarm, value)).length + filled;
  return breaching >= alarm.datapoints ? 'ALARM' : 'OK';
}
