/** What a run says: a line a file while it goes, and at the end everything that must not be overlooked. */
import { styleText } from 'node:util';
import type { CheckResult } from './checks.ts';
import type { FileResult } from './file.ts';
import type { Finding, Verdict } from './run.ts';

/** Files that are named as the slowest. */
const SLOWEST = 10;
/** Last lines of what a failed file printed. */
const OUTPUT_LINES = 60;

type Style = Parameters<typeof styleText>[0];

/** Colours on a terminal only, and by the usual variables. */
const styled = (style: Style, text: string) => styleText(style, text, { stream: process.stdout });
const say = (text = '') => process.stdout.write(`${text}\n`);
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const indent = (text: string) => text.replace(/^(?=.)/gm, '    ');
const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

const MARKS = { passed: styled('green', '✔'), failed: styled('red', '✖'), skipped: styled('yellow', '﹣') };

const titled = ({ file, test }: Finding) =>
  `${file}${test.line === undefined ? '' : `:${test.line}`}${test.path[0] === file ? '' : ` ${test.path.join(' › ')}`}`;

function failure(finding: Finding): void {
  say(`${MARKS.failed} ${titled(finding)}`);
  say(indent(finding.test.why));
}

/** @param each whether every test has a line */
export function printFile({ file, results, took, output }: FileResult, each: boolean): void {
  const failed = results.filter(({ state }) => state === 'failed');
  const skipped = results.filter(({ state }) => state === 'skipped').length;
  const state = failed.length > 0 ? 'failed' : skipped > 0 && skipped === results.length ? 'skipped' : 'passed';
  const counts = [
    plural(results.length, 'test'),
    failed.length > 0 ? `${failed.length} failed` : '',
    skipped > 0 ? `${skipped} skipped` : '',
  ].filter(Boolean);
  say(`${MARKS[state]} ${file} ${styled('gray', `(${counts.join(', ')}; ${seconds(took)})`)}`);
  if (each)
    for (const test of results)
      say(`  ${MARKS[test.state]} ${test.path.join(' › ')} ${styled('gray', `(${seconds(test.took)})`)}`);
  for (const test of failed) failure({ file, test });
  const lines = output.trimEnd().split('\n');
  if (output.trim() === '' || (failed.length === 0 && !each)) return;
  if (lines.length > OUTPUT_LINES) say(indent(`… ${lines.length - OUTPUT_LINES} lines before`));
  say(indent(lines.slice(-OUTPUT_LINES).join('\n')));
}

export function printCheck({ name, good, took, output }: CheckResult): void {
  say(`${good ? MARKS.passed : MARKS.failed} ${name} ${styled('gray', `(${seconds(took)})`)}`);
  if (!good) say(indent(output));
}

export function printRepeat(files: readonly string[]): void {
  say(`\nonce more, alone: ${files.join(', ')}`);
}

/** @param took ms */
export function printEnd(verdict: Verdict, checks: readonly CheckResult[], took: number): void {
  const { files, failed, flaky, skipped, passed } = verdict;
  if (files.length > 1) {
    say('\nslowest files:');
    const slowest = files.toSorted((a, b) => b.took - a.took).slice(0, SLOWEST);
    for (const { file, took: each } of slowest) say(`  ${seconds(each).padStart(7)}  ${file}`);
  }
  if (skipped.length > 0) say('\nskipped:');
  for (const finding of skipped) say(`  ${MARKS.skipped} ${titled(finding)}: ${finding.test.why}`);
  // A single file's are on the screen.
  if (files.length > 1 && failed.length > 0) {
    say('\nfailed:');
    failed.forEach(failure);
  }
  for (const check of checks.filter(({ good }) => !good)) {
    say();
    printCheck(check);
  }
  if (flaky.length > 0) say();
  for (const finding of flaky) {
    say(styled(['bold', 'yellow'], `FLAKY (failed, passed when repeated): ${titled(finding)}`));
    say(indent(finding.test.why.split('\n')[0]!));
  }
  const bad = checks.filter(({ good }) => !good).map(({ name }) => name);
  say(
    `\n${plural(files.length, 'file')} in ${seconds(took)}${bad.length > 0 ? `; failed checks: ${bad.join(', ')}` : ''}`,
  );
  say(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
}
