/** Figures with their goals beside them. */
import { styleText } from 'node:util';

export interface Row {
  name: string;
  value: number;
  unit: 'ratio' | '/s' | 'ms' | 'MiB' | 'count';
  goal?: string;
  met?: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const show = ({ value, unit }: Row): string => {
  if (unit === 'ratio') return value.toFixed(2);
  if (unit === 'ms') return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
  if (unit === 'count') return String(value);
  return `${Math.round(value).toLocaleString('en')}${unit === '/s' ? '/s' : ` ${unit}`}`;
};

/** The table; colours only on a terminal. */
export function table(rows: readonly Row[], stream: NodeJS.WriteStream): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows
    .map((row) => {
      const goal = row.goal === undefined ? '' : `goal ${row.goal.padEnd(10)} ${row.met ? 'met' : 'MISSED'}`;
      const line = `${row.name.padEnd(width)}  ${show(row).padStart(12)}   ${goal}`.trimEnd();
      if (row.goal === undefined) return line;
      return styleText(row.met ? 'green' : 'red', line, { stream });
    })
    .join('\n');
}
