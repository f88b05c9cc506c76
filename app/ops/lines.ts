/**
 * An outcome on its way through a log: one line a row, each short enough that no log driver cuts it, and a last one that
 * says how many there were. Whoever reads it knows whether all of it came.
 */
import type { Outcome, Row } from './outcome.ts';

type Line =
  | { ops: 'row'; table: number; title: string; row: Row }
  | { ops: 'table'; table: number; title: string }
  | { ops: 'said'; text: string }
  | { ops: 'end'; lines: number; ok: boolean };

export function toLines({ tables, said, ok = true }: Outcome): string[] {
  const lines: Line[] = tables.flatMap(({ title, rows }, table): Line[] => [
    { ops: 'table', table, title },
    ...rows.map((row): Line => ({ ops: 'row', table, title, row })),
  ]);
  lines.push(...said.map((text): Line => ({ ops: 'said', text })));
  lines.push({ ops: 'end', lines: lines.length, ok });
  return lines.map((line) => JSON.stringify(line));
}

function read(text: string): Line | undefined {
  if (!text.startsWith('{"ops":')) return undefined;
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}

/** The outcome that stands in a log between other lines; undefined where not all of it is there (yet). */
export function fromLines(texts: readonly string[]): Outcome | undefined {
  const lines = texts.flatMap((text) => read(text.trim()) ?? []);
  const end = lines.find((line) => line.ops === 'end');
  if (!end || lines.length - 1 !== end.lines) return undefined;
  const tables: { title: string; rows: Row[] }[] = [];
  const said: string[] = [];
  for (const line of lines) {
    if (line.ops === 'table') tables[line.table] = { title: line.title, rows: [] };
    else if (line.ops === 'row') tables[line.table]!.rows.push(line.row);
    else if (line.ops === 'said') said.push(line.text);
  }
  return { tables, said, ok: end.ok };
}
