/** All test files, a few at once, and once more alone those that failed. */
import { runFile, type FileResult } from './file.ts';
import type { TestResult } from './reporter.ts';

export interface Finding {
  file: string;
  test: TestResult;
}

export interface Verdict {
  files: FileResult[];
  passed: number;
  failed: Finding[];
  /** Failed, and passed when the file was repeated alone. They count as passed, and are never hidden. */
  flaky: Finding[];
  skipped: Finding[];
}

export interface RunOptions {
  /** Files at once. */
  jobs: number;
  /** Whether files that failed run once more, alone. */
  repeat: boolean;
  signal: AbortSignal;
  onFile: (result: FileResult) => void;
  onRepeat: (files: readonly string[]) => void;
}

/** When more files than this fail it is no accident, and none is repeated. */
const MOST_REPEATED = 5;

const key = ({ path }: TestResult) => path.join('\n');
const failuresOf = ({ file, results }: FileResult): Finding[] =>
  results.filter(({ state }) => state === 'failed').map((test) => ({ file, test }));

/** What failed at first and not when the file was repeated. */
export function flakyOf(first: FileResult, second: FileResult): Finding[] {
  const again = new Set(failuresOf(second).map(({ test }) => key(test)));
  return failuresOf(first).filter(({ test }) => !again.has(key(test)));
}

export async function runAll(files: readonly string[], options: RunOptions): Promise<Verdict> {
  const { signal, onFile } = options;
  const done: FileResult[] = [];
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined && !signal.aborted; file = waiting.shift()) {
      const result = await runFile(file, signal);
      if (signal.aborted) return;
      done.push(result);
      onFile(result);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));

  const flaky: Finding[] = [];
  const last = new Map(done.map((result) => [result.file, result]));
  const suspects = done.filter((result) => failuresOf(result).length > 0);
  if (options.repeat && suspects.length > 0 && suspects.length <= MOST_REPEATED && !signal.aborted) {
    options.onRepeat(suspects.map(({ file }) => file));
    for (const first of suspects) {
      const second = await runFile(first.file, signal);
      if (signal.aborted) break;
      onFile(second);
      last.set(first.file, second);
      flaky.push(...flakyOf(first, second));
    }
  }
  const findings = [...last.values()].flatMap(({ file, results }) => results.map((test) => ({ file, test })));
  const of = (state: TestResult['state']) => findings.filter(({ test }) => test.state === state);
  return { files: done, passed: of('passed').length, failed: of('failed'), flaky, skipped: of('skipped') };
}
