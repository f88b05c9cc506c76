/** Text for a terminal: tables, wrapped lines, colour only where it is wanted (`NO_COLOR`, pipes). */
import { styleText, stripVTControlCharacters } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours a text where the output is a terminal and nobody asked for none. */
export const styled = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout });

const width = (text: string): number => [...stripVTControlCharacters(text)].length;
const pad = (text: string, to: number): string => text + ' '.repeat(Math.max(0, to - width(text)));

/** Rows under a dimmed head, columns as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = head.map((name, column) => Math.max(width(name), ...rows.map((row) => width(row[column] ?? ''))));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, column) => pad(cell, columns[column]!)).join('  ')}`.trimEnd();
  return [styled('dim', line(head)), ...rows.map(line)].join('\n');
}

/** Entries in lines of at most `columns` characters, the lines after the first indented as far as the first. */
export function wrapped(title: string, entries: readonly string[], columns = 110): string {
  const indent = ' '.repeat(width(title));
  const lines: string[] = [];
  let line = title;
  for (const entry of entries) {
    const joined = line === title || line === indent ? line + entry : `${line} · ${entry}`;
    if (width(joined) <= columns || line === title || line === indent) line = joined;
    else {
      lines.push(line);
      line = indent + entry;
    }
  }
  return [...lines, line].join('\n');
}
