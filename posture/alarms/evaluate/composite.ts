/** Alarms on alarms: a rule over states, and a suppressor that keeps its actions back while a larger fault is told of. */
import type { AlarmState } from './judge.ts';

export type Rule =
  | { is: AlarmState; of: string }
  | { all: readonly Rule[] }
  | { any: readonly Rule[] }
  | { not: Rule }
  | { atLeast: number; of: readonly string[]; are: AlarmState };

export type States = ReadonlyMap<string, AlarmState>;

/** Whether a rule holds; an alarm that nobody knows is in no state. */
export function holds(rule: Rule, states: States): boolean {
  if ('all' in rule) return rule.all.every((part) => holds(part, states));
  if ('any' in rule) return rule.any.some((part) => holds(part, states));
  if ('not' in rule) return !holds(rule.not, states);
  if ('atLeast' in rule) return rule.of.filter((id) => states.get(id) === rule.are).length >= rule.atLeast;
  return states.get(rule.of) === rule.is;
}

/** In CloudWatch's own language. @param nameOf name of an alarm in the account */
export function write(rule: Rule, nameOf: (id: string) => string): string {
  const inside = (part: Rule) => ('all' in part || 'any' in part ? `(${write(part, nameOf)})` : write(part, nameOf));
  if ('all' in rule) return rule.all.map(inside).join(' AND ');
  if ('any' in rule) return rule.any.map(inside).join(' OR ');
  if ('not' in rule) return `NOT ${inside(rule.not)}`;
  if ('atLeast' in rule)
    return `AT_LEAST(${rule.atLeast}, ${rule.are}, (${rule.of.map((id) => `"${nameOf(id)}"`).join(', ')}))`;
  return `${rule.is}("${nameOf(rule.of)}")`;
}

export interface Suppressor {
  /** While this alarm is in ALARM, nothing is told. */
  alarm: string;
  /** s for which a change waits for the suppressor, which may be a little slower. */
  wait: number;
  /** s after the end of the suppressor before what then is, is told. */
  extension: number;
}

/** Where a composite alarm stands. Times in seconds. */
export interface Held {
  state: AlarmState;
  /** The state that was told last. */
  told: AlarmState;
  /** Of the change that is not told yet. */
  changed?: number;
  /** When the suppressor was last seen in ALARM. */
  suppressed?: number;
}

export const quiet: Held = { state: 'OK', told: 'OK' };

/**
 * One evaluation of a composite alarm.
 * @returns where it stands, and the state that is told now, if one is: that of now, not of when the change was held back
 */
export function follow(
  rule: Rule,
  held: Held,
  states: States,
  now: number,
  suppressor?: Suppressor,
): { held: Held; tell?: AlarmState } {
  const state: AlarmState = holds(rule, states) ? 'ALARM' : 'OK';
  const next: Held = { ...held, state };
  if (state !== held.state) next.changed = now;
  if (suppressor && states.get(suppressor.alarm) === 'ALARM') next.suppressed = now;
  if (state === held.told) {
    delete next.changed;
    return { held: next };
  }
  const since = next.changed ?? now;
  const waits = suppressor !== undefined && now < since + suppressor.wait;
  const extended =
    suppressor !== undefined && next.suppressed !== undefined && now < next.suppressed + suppressor.extension;
  const active = suppressor !== undefined && states.get(suppressor.alarm) === 'ALARM';
  if (waits || active || extended) return { held: next };
  delete next.changed;
  return { held: { ...next, told: state }, tell: state };
}
