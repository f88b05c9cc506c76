/** What `npm run cost` prints: a table for a terminal, the same for the guide. */
import { between } from '../marks.ts';
import { styled, table } from '../posture/table.ts';
import type { Estimate } from './estimate.ts';

const usd = (amount: number): string => amount.toFixed(2);
const whole = (amount: number): string => String(Math.round(amount));

const said = ({ prices, region }: Estimate): string =>
  `Estimate in USD for a quiet month of 730 hours, without tax. Prices of ${prices.region}, copied ${prices.date} from ${prices.source}.${
    region === prices.region ? '' : ` ${region} asks others.`
  }`;

export function report(name: string, estimate: Estimate): string {
  const rows = estimate.lines.map(({ what, sum, amount }) => [what, usd(amount).padStart(7), styled('dim', sum)]);
  return [
    styled('bold', `Stack ${name}, a month`),
    table(['line', 'USD'.padStart(7), 'arithmetic'], [...rows, ['together', whole(estimate.total).padStart(7), '']]),
    table(
      ['beside it', 'USD'.padStart(7)],
      estimate.beside.map(({ what, amount }) => [what, whole(amount).padStart(7)]),
    ),
    said(estimate),
  ].join('\n\n');
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => (at === head.length - 1 ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === head.length - 1 ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Two tables as they stand in the guide, formatted as Prettier would. */
export const markdown = ({ lines, total, beside }: Estimate): string =>
  [
    markdownTable(
      ['line', 'arithmetic, USD', 'a month'],
      [...lines.map(({ what, sum, amount }) => [what, sum, usd(amount)]), ['**together**', '', `**${whole(total)}**`]],
    ),
    markdownTable(
      ['beside it', 'a month'],
      beside.map(({ what, amount }) => [what, whole(amount)]),
    ),
  ].join('\n\n');

/** The guide with its tables replaced. */
export const withTables = (text: string, tables: string): string =>
  between(text, 'npm run -s cost -- prod --write docs/production.md', tables);
