/** What a verb answers with: tables, and sentences beside them. Names and numbers, never what a person wrote. */
export type Cell = string | number | boolean | null;
export type Row = Readonly<Record<string, Cell>>;

export interface Table {
  title: string;
  rows: readonly Row[];
}

export interface Outcome {
  tables: readonly Table[];
  said: readonly string[];
  /** False where what was asked for could not be done, or a check found something. Default true. */
  ok?: boolean;
}

/** A cell of whatever the database gave. */
export function cell(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'object') return JSON.stringify(value);
  return value as Cell;
}

export const table = (title: string, rows: readonly Record<string, unknown>[]): Table => ({
  title,
  rows: rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cell(value)]))),
});
