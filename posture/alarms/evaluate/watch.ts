/** An alarm over time: its states, and what it tells whom when they change. */
import type { Alarm } from '../alarm.ts';
import { judge, type AlarmState, type Verdict } from './judge.ts';
import { rangeAt, type Sample } from './series.ts';

/** Where an alarm stands. Times in seconds. */
export interface Standing extends Verdict {
  since: number;
}

/** Something that on-call is told: an alarm has begun, or is over. */
export interface Notice extends Standing {
  id: string;
  from: AlarmState;
}

export interface Watching {
  /** When the alarm was made, s: until its first evaluation it knows nothing. */
  made: number;
  /** s after `made` in which it tells nobody and knows nothing; it ends early when all periods have values. */
  warmUp?: number;
}

export const UNKNOWN: AlarmState = 'INSUFFICIENT_DATA';

export const begin = ({ made }: Watching): Standing => ({
  state: UNKNOWN,
  since: made,
  reason: 'Unchecked: Initial alarm creation',
});

/** The end is told as the beginning is, but not where nothing was known before: "recovered" of what never rang. */
const tells = (from: AlarmState, to: AlarmState): boolean => to === 'ALARM' || (to === 'OK' && from === 'ALARM');

/**
 * One evaluation.
 * @param now s; whoever calls does so each `stepOf(alarm)`
 * @returns the standing, and what is told of its change; a state that stays tells nothing
 */
export function look(
  alarm: Alarm,
  standing: Standing,
  samples: readonly Sample[],
  now: number,
  { made, warmUp = 0 }: Watching,
): { standing: Standing; notice?: Notice } {
  const { values, few } = rangeAt(alarm, samples, now);
  const full = values.slice(-alarm.periods).every((value) => value !== undefined);
  const warming = standing.state === UNKNOWN && now < made + warmUp && !full;
  if (warming || few) return { standing };
  const verdict = judge(alarm, values, standing.state);
  if (verdict.state === standing.state) return { standing };
  const changed = { ...verdict, since: now };
  if (!tells(standing.state, verdict.state)) return { standing: changed };
  return { standing: changed, notice: { ...changed, id: alarm.id, from: standing.state } };
}
