/** The static checks. They run beside the tests, one after the other and at low priority: they fill idle moments. */
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';

const CACHE = 'node_modules/.cache/evenkeel';

interface Check {
  name: string;
  /** In `node_modules`, run by this Node. */
  program: string;
  args: string[];
}

const CHECKS: readonly Check[] = [
  {
    name: 'tsc',
    // TypeScript in Go. The other one stays for who calls it as a library: Pulumi, for resources that are code, and tests.
    program: 'typescript-7/bin/tsc',
    // On several threads it takes twice the time of the processors, which the tests want.
    args: ['--noEmit', '--singleThreaded', '--incremental', '--tsBuildInfoFile', `${CACHE}/tsc.json`],
  },
  { name: 'oxlint', program: 'oxlint/bin/oxlint', args: ['--threads=1'] },
  {
    name: 'oxfmt',
    program: 'oxfmt/bin/oxfmt',
    args: ['--check', '.'],
  },
];

export interface CheckResult {
  name: string;
  good: boolean;
  /** ms */
  took: number;
  output: string;
}

function check({ name, program, args }: Check, signal: AbortSignal): Promise<CheckResult> {
  const began = performance.now();
  return new Promise((done) => {
    const child = spawn(process.execPath, [join('node_modules', program), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    if (child.pid) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    const end = () => child.kill('SIGTERM');
    signal.addEventListener('abort', end);
    let output = '';
    const finish = (good: boolean) => {
      signal.removeEventListener('abort', end);
      done({ name, good, took: performance.now() - began, output: output.trimEnd() });
    };
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.once('error', ({ message }) => {
      output += message;
      finish(false);
    });
    child.once('close', (code) => finish(code === 0));
  });
}

/** @param told of each check when it is done, in their order */
export async function runChecks(signal: AbortSignal, told: (result: CheckResult) => void): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const each of CHECKS) {
    if (signal.aborted) break;
    const result = await check(each, signal);
    if (!signal.aborted) told(result);
    results.push(result);
  }
  return results;
}
