/** Figures with their goals beside them, as text for a terminal or as Markdown for the README. */
import { styleText } from 'node:util';

type Unit = 'ratio' | '/s' | 'ms' | 'µs' | 'MiB' | 'count';

export interface Row {
  name: string;
  /** Undefined: not measured here; `note` says why. */
  value: number | undefined;
  unit: Unit;
  goal?: string;
  /** Undefined where there is no goal, or nothing to hold against it. */
  met?: boolean;
  note?: string;
}

const RELATIONS = {
  '≥': (value: number, bound: number) => value >= bound,
  '≤': (value: number, bound: number) => value <= bound,
  '>': (value: number, bound: number) => value > bound,
} as const;

/** A figure and the goal that it is held against. */
export function against(row: Row, relation: keyof typeof RELATIONS, bound: number): Row & Required<Pick<Row, 'goal'>> {
  const goal = `${relation} ${show(row.unit, bound)}`;
  return row.value === undefined ? { ...row, goal } : { ...row, goal, met: RELATIONS[relation](row.value, bound) };
}

/** Undefined of nothing: what could not be measured stays out of every figure. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const ratio = (of: number | undefined, to: number | undefined): number | undefined =>
  of === undefined || to === undefined ? undefined : of / to;

/** Whoever comes second in a round meets a warmer machine: every other round goes the other way. */
export const inTurn = <T>(arms: readonly T[], round: number): readonly T[] =>
  round % 2 === 0 ? arms : arms.toReversed();

function show(unit: Unit, value: number): string {
  if (unit === 'ratio') return value.toFixed(2);
  if (unit === 'ms') return Number.isInteger(value) ? `${value} ms` : `${value.toFixed(value < 100 ? 1 : 0)} ms`;
  if (unit === 'count') return String(value);
  return `${Math.round(value).toLocaleString('en')}${unit === '/s' ? '/s' : ` ${unit}`}`;
}

const measured = ({ value, unit }: Row): string => (value === undefined ? 'not measured' : show(unit, value));
const verdict = ({ met }: Row): string => (met === undefined ? '' : met ? 'met' : 'MISSED');

/** The table; colours only on a terminal. */
export function table(rows: readonly Row[], stream: NodeJS.WriteStream): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows
    .map((row) => {
      const goal = row.goal === undefined ? '' : `goal ${row.goal.padEnd(12)} ${verdict(row)}`;
      const line = `${row.name.padEnd(width)}  ${measured(row).padStart(12)}   ${goal.padEnd(25)} ${row.note ?? ''}`;
      return row.met === undefined ? line.trimEnd() : styleText(row.met ? 'green' : 'red', line.trimEnd(), { stream });
    })
    .join('\n');
}

/** The same for the README. */
export function markdown(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.note === undefined ? row.name : `${row.name} (${row.note})`,
    measured(row),
    row.goal === undefined ? '' : `${row.goal} ${row.met === false ? '**missed**' : verdict(row)}`.trim(),
  ]);
  const cells = [['figure', 'measured', 'goal'], ['---', '---', '---'], ...lines];
  return cells.map((line) => `| ${line.join(' | ')} |`).join('\n');
}
