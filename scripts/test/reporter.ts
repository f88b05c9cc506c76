/** Runs inside a test file's process (`--test-reporter`) and tells the runner of every test on file descriptor 3. */
import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import type { TestEvent } from 'node:test/reporters';

/** One test, or a suite that was skipped as a whole. */
export interface TestResult {
  /** Its own name after those of the suites and tests that it is part of. */
  path: string[];
  state: 'passed' | 'failed' | 'skipped';
  /** ms */
  took: number;
  /** Why it was skipped, or the error with its stack. */
  why: string;
  line: number | undefined;
}

/** Stands for a suite or a test with others in it: what is in it has been told already. */
const FAILED_INSIDE = 'subtestsFailed';

const reason = (given: string | boolean | undefined) => (typeof given === 'string' ? given : 'no reason given');

/** The error itself without node:test's own around it. */
function errorText(error: (Error & { cause?: unknown; failureType?: string }) | undefined): string {
  const own = error?.cause instanceof Error ? error.cause : error;
  return inspect(own, { colors: false, depth: 6 });
}

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const open: string[] = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') open[data.nesting] = data.name;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { details, skip, todo, nesting, line } = data;
    const skipped = skip !== undefined || todo !== undefined;
    const error = type === 'test:fail' ? data.details.error : undefined;
    // A suite counts by what is in it, unless nothing of it ran.
    const stands = details.type === 'suite' ? skip !== undefined || error !== undefined : true;
    if (!stands || (error as { failureType?: string } | undefined)?.failureType === FAILED_INSIDE) continue;
    const result: TestResult = {
      path: [...open.slice(0, nesting), data.name],
      state: skipped ? 'skipped' : error ? 'failed' : 'passed',
      took: details.duration_ms,
      why: skipped
        ? `${details.type === 'suite' ? '(whole suite) ' : ''}${todo === undefined ? reason(skip) : `to do: ${reason(todo)}`}`
        : error
          ? errorText(error)
          : '',
      line,
    };
    writeSync(3, `${JSON.stringify(result)}\n`);
  }
  yield '';
}
