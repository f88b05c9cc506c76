/** An outcome for people: tables whose columns stand under each other. */
import type { Cell, Outcome, Row, Table } from '../../app/ops/outcome.ts';

const WIDEST = 120;

function text(value: Cell | undefined): string {
  const plain = value === null || value === undefined ? '' : String(value);
  return plain.length > WIDEST ? `${plain.slice(0, WIDEST - 1)}…` : plain;
}

function lines({ title, rows }: Table): string[] {
  if (rows.length === 0) return [title, '  none'];
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const isNumber = (name: string) => rows.every((row) => typeof row[name] === 'number' || row[name] === null);
  const width = (name: string) => Math.max(name.length, ...rows.map((row) => text(row[name]).length));
  const line = (of: (name: string) => string) =>
    `  ${names.map((name) => (isNumber(name) ? of(name).padStart(width(name)) : of(name).padEnd(width(name)))).join('  ')}`.trimEnd();
  return [title, line((name) => name), ...rows.map((row: Row) => line((name) => text(row[name])))];
}

export const render = ({ tables, said }: Outcome): string =>
  [...tables.map((one) => lines(one).join('\n')), ...(said.length > 0 ? [said.join('\n')] : [])].join('\n\n');
