/** Which metrics need not be sent while they are 0: CloudWatch bills a metric for each hour in which it is told a value. */
import type { Posture } from '../schema/index.ts';
import type { Alarm } from './alarm.ts';
import { breaches } from './evaluate/index.ts';
import { alarms } from './index.ts';
import { SCALED_BY } from './metrics.ts';

/**
 * Whether 0 and silence are the same to an alarm: neither breaches. An average would be another without its zeros, and a
 * count of samples is about nothing else. As CloudWatch looks two periods further back for real values, such an alarm may
 * end two periods later than with zeros between, and count a fault that pauses for so long as one; a lasting fault is
 * noticed at the same moment.
 */
export const heedsNoZero = (alarm: Pick<Alarm, 'missing' | 'statistic' | 'comparison' | 'threshold'>): boolean =>
  alarm.missing === 'notBreaching' && /^(Maximum|Minimum|Sum)$/.test(alarm.statistic) && !breaches(alarm, 0);

/** Says of a metric of this posture whether no alarm on it would be another if its zeros were left out. */
export function silentAtZero(posture: Posture): (metric: { namespace: string; name: string }) => boolean {
  const nameOf = ({ namespace, name }: { namespace: string; name: string }) => `${namespace} ${name}`;
  const heeded = new Set(
    alarms(posture)
      .filter((alarm) => !heedsNoZero(alarm))
      .map(({ metric }) => nameOf(metric)),
  );
  return (metric) => !heeded.has(nameOf(metric)) && !SCALED_BY.includes(metric.name);
}
