/** `npm test [-- pattern…]`: the static checks, then node's own test runner. */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

const HELP = `npm test [-- [PATTERN…] [--no-checks] [--only-checks]]

Runs tsc, eslint and prettier, then every test. With patterns only the test files whose path contains one of them run.
A pattern with * is a glob.`;

/** Test files at once: each starts real servers and processes, so more than the cores only makes them wait. */
const CONCURRENCY = Math.max(1, Math.min(4, availableParallelism()));
/** No file takes this long, ms; one that does hangs. */
const FILE_TIMEOUT = 180_000;

const CHECKS = [
  ['tsc', '--noEmit'],
  ['eslint', '.'],
  ['prettier', '--check', '--log-level', 'warn', '.'],
] as const;

interface Outcome {
  code: number;
  output: string;
}

function run(program: string, args: readonly string[], show: boolean): Promise<Outcome> {
  return new Promise((done) => {
    const child = spawn(program, args, { stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.once('error', ({ message }) => done({ code: 127, output: `${message}\n` }));
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}

/** One line a check, and what it found when it failed. They run side by side and report in their order. */
async function allChecks(): Promise<boolean> {
  const running = CHECKS.map(async ([program, ...args]) => {
    const began = performance.now();
    const outcome = await run(program, args, false);
    const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    return { ...outcome, line: `${program} ${args.join(' ')} (${took})` };
  });
  let good = true;
  for (const check of running) {
    const { code, output, line } = await check;
    console.log(code === 0 ? `✔ ${line}` : `✖ ${line}\n${output.trimEnd()}`);
    good &&= code === 0;
  }
  return good;
}

const isGlob = (pattern: string) => /[*?[{]/.test(pattern);

function testFiles(patterns: readonly string[]): string[] {
  const all = globSync('test/**/*.test.ts').sort();
  if (patterns.length === 0) return all;
  const wanted = new Set(patterns.flatMap((p) => (isGlob(p) ? globSync(p) : all.filter((file) => file.includes(p)))));
  return [...wanted].sort();
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'no-checks': { type: 'boolean', default: false },
      'only-checks': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const files = testFiles(positionals);
  if (files.length === 0) {
    console.error(`no test file matches ${positionals.map((p) => `"${p}"`).join(', ')}; they are in test/**/*.test.ts`);
    return 1;
  }
  const good = values['no-checks'] || (await allChecks());
  if (values['only-checks']) return good ? 0 : 1;
  const { code } = await run(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${CONCURRENCY}`,
      `--test-timeout=${FILE_TIMEOUT}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      ...files,
    ],
    true,
  );
  return code === 0 && good ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const [what] = (error as Error).message.split('. ');
  console.error(`${what}; npm test -- --help lists the options`);
  process.exitCode = 1;
}
