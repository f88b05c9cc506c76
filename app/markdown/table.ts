/** A table in columns of equal width, as a monospaced text shows it. Pure. */

/** Wider columns would wrap on a phone whatever is done. */
const WIDEST = 24;

/** @param rows cells by row, the heading first */
export function tableLines(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.min(WIDEST, Math.max(0, ...rows.map((row) => row[column]?.length ?? 0))),
  );
  const line = (row: readonly string[]) =>
    widths
      .map((width, column) => (row[column] ?? '').padEnd(width))
      .join(' | ')
      .trimEnd();
  const [heading = [], ...body] = rows;
  return [line(heading), widths.map((width) => '-'.repeat(width)).join('-|-'), ...body.map(line)].join('\n');
}
