/** `npm start` as a process: what it prints, as it prints it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMPILE_CACHE } from '../../local/platform/compile-cache.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Ready {
  url: string;
  pid: number;
  frontDoor: string;
  telegramApiRoot: string;
  dataDirectories: string[];
  logs: string;
}

export interface Started {
  process: ChildProcess;
  /** Everything it has printed so far. */
  output(): string;
  /** Resolves with what it prints when all runs; rejects with its output when it ends before. */
  ready(): Promise<Ready>;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

/** A directory as a checkout has it, with the stack's file and nothing else. */
export async function checkout(t: TestContext): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'evenkeel-start-')));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  await copyFile(join(ROOT, 'test/fixtures/Pulumi.local.yaml'), join(directory, 'Pulumi.local.yaml'));
  return directory;
}

/** @param root of the project whose `npm start` it is */
export function start(
  t: TestContext,
  cwd: string,
  args: string[] = [],
  env: Record<string, string> = {},
  root = ROOT,
): Started {
  const child = spawn(process.execPath, [join(root, 'scripts/start.ts'), ...args], {
    cwd,
    env: { ...COMPILE_CACHE, PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  let tell: (ready: Ready) => void;
  const ready = new Promise<Ready>((known) => (tell = known));
  createInterface({ input: child.stdout }).on('line', (line) => {
    output += `${line}\n`;
    if (line.includes('"ready":true')) tell(JSON.parse(line) as Ready);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  return {
    process: child,
    output: () => output,
    ended,
    ready: () =>
      Promise.race([
        ready,
        ended.then((how) => {
          throw new Error(`npm start ended (${how}):\n${output}`);
        }),
      ]),
  };
}
