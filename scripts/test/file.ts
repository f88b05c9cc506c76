/** One test file in a process of its own, which nothing outlives. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { COMPILE_CACHE } from '../../local/platform/compile-cache.ts';
import type { TestResult } from './reporter.ts';

export interface FileResult {
  file: string;
  results: TestResult[];
  /** ms */
  took: number;
  /** What the file printed. */
  output: string;
}

/** No test and no file takes this long on any machine, ms; what does hangs. */
const TEST_TIMEOUT = 480_000;
const FILE_TIMEOUT = 600_000;
/** But where more random choices are wanted of it than `npm test` makes: so much for each, ms. */
const SEED_TIMEOUT = 120_000;
/** How long a file may clean up after it was told to end, ms. */
const GRACE = 10_000;

const REPORTER = new URL('reporter.ts', import.meta.url).href;

/**
 * @param signal ends the file, first politely
 * @returns also when the file fails; a file that fails without a failed test has one that bears its name
 */
export async function runFile(file: string, signal: AbortSignal): Promise<FileResult> {
  const began = performance.now();
  const results: TestResult[] = [];
  let output = '';
  // In a group of its own: Ctrl-C in a terminal reaches the runner alone, which then ends the files.
  const child = spawn(
    process.execPath,
    [`--test-reporter=${REPORTER}`, '--test-reporter-destination=stdout', `--test-timeout=${TEST_TIMEOUT}`, file],
    { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], detached: true, env: { ...process.env, ...COMPILE_CACHE } },
  );
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) =>
    results.push(JSON.parse(line) as TestResult),
  );

  const limit = FILE_TIMEOUT + Number(process.env['SEEDS'] ?? 0) * SEED_TIMEOUT;
  let late = false;
  let lastWord: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill('SIGTERM');
    lastWord ??= setTimeout(() => child.kill('SIGKILL'), GRACE);
  };
  const watch = setTimeout(() => {
    late = true;
    end();
  }, limit);
  signal.addEventListener('abort', end);
  const how = await new Promise<string>((ended) => {
    child.once('error', ({ message }) => ended(message));
    child.once('close', (code, by) => ended(code === 0 ? '' : (by ?? `exit code ${code}`)));
  });
  clearTimeout(watch);
  clearTimeout(lastWord);
  signal.removeEventListener('abort', end);

  const took = performance.now() - began;
  if (how !== '' && !results.some(({ state }) => state === 'failed')) {
    const why = late ? `did not end within ${limit / 1000} s` : `ended by ${how}, and no test of it failed`;
    results.push({ path: [file], state: 'failed', took, why, line: undefined });
  }
  return { file, results, took, output };
}
