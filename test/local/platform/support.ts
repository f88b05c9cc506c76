/** What the platform's tests share: temporary directories, waiting for a condition, looking at processes. */
import { execFileSync, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGuard, type Guard } from '../../../local/platform/guard.ts';
import { resolve } from '../../../posture/resolve.ts';
import type { Posture, PostureInput } from '../../../posture/schema/index.ts';

/** Waits until `look` gives something, and says what was waited for when it does not. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  within = 60_000,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + within;
  for (;;) {
    const seen = await look();
    if (seen) return seen as Exclude<T, false | null | undefined>;
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await sleep(20);
  }
}

export async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-test-'));
  // As root, PostgreSQL's user has to pass through it.
  await chmod(directory, 0o711);
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

export async function guardFor(t: TestContext): Promise<Guard> {
  const guard = await startGuard();
  t.after(() => guard.stop());
  return guard;
}

/** The first line that a program prints; rejects when it ends without one. */
export async function firstLine(program: ChildProcess): Promise<string> {
  const lines = createInterface({ input: program.stdout! });
  for await (const line of lines) return line;
  throw new Error('the program ended without a word');
}

/**
 * A posture whose periods are short enough for a test; those in which a process has to start, answer or end by itself
 * are long enough for a busy machine.
 */
export function quickPosture(extra: PostureInput = {}): Posture {
  return resolve({
    ...extra,
    web: { stopTimeout: '20s', ...extra.web },
    worker: { stopTimeout: '20s', ...extra.worker },
    rollout: { healthGrace: '1m', ...extra.rollout },
    ingress: {
      deregistrationDelay: '1s',
      healthCheck: { interval: '100ms', timeout: '1s', healthy: 2, unhealthy: 2 },
      ...extra.ingress,
    },
  });
}

/** Command lines of all processes that mention a text, by process id. */
export function processesMentioning(text: string): { pid: number; command: string }[] {
  return execFileSync('ps', ['-ww', '-A', '-o', 'pid=,stat=,command='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter((match) => !match[2]!.startsWith('Z') && match[3]!.includes(text) && Number(match[1]) !== process.pid)
    .map((match) => ({ pid: Number(match[1]), command: match[3]! }));
}
