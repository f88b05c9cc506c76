/** `npm test [-- pattern…]`: every test by node:test, and the static checks beside them. */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { sep } from 'node:path';
import { parseArgs } from 'node:util';
import { runChecks } from './test/checks.ts';
import { CLUSTER, prepareCluster } from './test/cluster.ts';
import { changedSince, defaultBase, isCommit, projectFiles } from './test/git.ts';
import { printCheck, printEnd, printFile, printRepeat } from './test/print.ts';
import { runAll } from './test/run.ts';

/** Test files at once: each starts real servers and processes, and waits for them more than half of its time. */
const JOBS = Math.min(6, availableParallelism() + 2);

/** So many files print each of their tests, and make a server each: one to copy would not pay. */
const FEW = 3;

const HELP = `npm test [-- [PATTERN…] [options]]

Runs every test and, beside them, tsc, oxlint and oxfmt. With patterns only the test files run whose path contains
one of them; a pattern with * is a glob. A file that failed runs once more, alone: what passes then is listed as FLAKY
and does not fail the run.

  --changed [REF]  only test files that what changed since REF concerns, by their imports (default: since this branch
                   left the main one), uncommitted and new files included
  --no-checks      the tests alone
  --only-checks    the static checks alone
  --no-repeat      nothing runs twice: what fails, fails the run
  --jobs N         test files at once (default here: ${JOBS})
  --verbose        a line for every test (default with up to three files)
  --help           this

Exit code 0: all passed; 1: a test or a check failed; 2: the options are wrong; 130: interrupted. The last line is
"N passed, N failed, N skipped".`;

class UsageError extends Error {}

const isGlob = (pattern: string) => /[*?[{]/.test(pattern);
const withSlashes = (path: string) => path.split(sep).join('/');

function matching(all: readonly string[], patterns: readonly string[]): string[] {
  if (patterns.length === 0) return [...all];
  const wanted = new Set(
    patterns.flatMap((p) => (isGlob(p) ? globSync(p).map(withSlashes) : all.filter((file) => file.includes(p)))),
  );
  return [...wanted].sort();
}

/** `--changed` alone or with a commit after it: an option whose value may be missing, which parseArgs does not know. */
function takeChanged(args: string[]): { rest: string[]; base: string | undefined } {
  const at = args.findIndex((arg) => arg === '--changed' || arg.startsWith('--changed='));
  if (at < 0) return { rest: args, base: undefined };
  const [, given] = args[at]!.split('=', 2);
  const next = args[at + 1];
  const follows = given === undefined && next !== undefined && !next.startsWith('-') && isCommit(next);
  const base = given ?? (follows ? next : defaultBase());
  if (!isCommit(base)) throw new UsageError(`--changed=${base}: git knows no such commit`);
  return { rest: args.toSpliced(at, follows ? 2 : 1), base };
}

function options(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        'no-checks': { type: 'boolean', default: false },
        'only-checks': { type: 'boolean', default: false },
        'no-repeat': { type: 'boolean', default: false },
        jobs: { type: 'string', default: String(JOBS) },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0]);
  }
}

/** Aborts at the first Ctrl-C or the like; the second one ends this program as it always does. */
function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => {
      console.error(`\n${name}: ending the tests`);
      interrupted.abort();
    });
  return interrupted.signal;
}

async function concernedBy(base: string, files: readonly string[]): Promise<string[]> {
  // Here and not above: it loads TypeScript's parser.
  const { affectedTests } = await import('./test/changed.ts');
  const concerned = new Set(affectedTests(changedSince(base), projectFiles()));
  const chosen = files.filter((file) => concerned.has(file));
  console.log(`${chosen.length} of ${files.length} test files are concerned by what changed since ${base}`);
  return chosen;
}

async function main(): Promise<number> {
  const { rest, base } = takeChanged(process.argv.slice(2));
  const { values, positionals } = options(rest);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) throw new UsageError(`--jobs ${values.jobs}: wants a number from 1`);
  const all = globSync('test/**/*.test.ts').map(withSlashes).sort();
  const files = values['only-checks'] ? [] : matching(all, positionals);
  if (files.length === 0 && !values['only-checks'])
    throw new UsageError(
      `no test file matches ${positionals.map((p) => `"${p}"`).join(', ')}; they are in test/**/*.test.ts`,
    );
  const chosen = base === undefined ? files : await concernedBy(base, files);

  const signal = interruption();
  const began = performance.now();
  const each = values.verbose || chosen.length <= FEW;
  await using cluster = chosen.length > FEW ? await prepareCluster() : undefined;
  if (cluster) process.env[CLUSTER] = cluster.directory;
  const [verdict, checks] = await Promise.all([
    runAll(chosen, {
      jobs,
      repeat: !values['no-repeat'],
      signal,
      onFile: (result) => printFile(result, each),
      onRepeat: printRepeat,
    }),
    values['no-checks'] ? [] : runChecks(signal, printCheck),
  ]);
  if (signal.aborted) console.log('\ninterrupted: the rest did not run');
  printEnd(verdict, checks, performance.now() - began);
  if (signal.aborted) return 130;
  return verdict.failed.length === 0 && checks.every(({ good }) => good) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}; npm test -- --help lists the options`);
  process.exitCode = 2;
}
