/** A folder of its own for each file that is fetched, removed whatever becomes of it (fault disk). */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'evenkeel-fetch-';

/** What was left by processes that were killed: of this machine, or of this container before it was started again. */
async function removeLeft(root: string): Promise<void> {
  const names = await readdir(root);
  for (const name of names) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(root, name), { recursive: true, force: true });
  }
}

/** True for a process that is not ours, too. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Runs `work` with a folder, which is gone when it has ended, well or not. */
export async function inOwnDirectory<T>(work: (directory: string) => Promise<T>, root = tmpdir()): Promise<T> {
  await removeLeft(root);
  const directory = await mkdtemp(join(root, `${PREFIX}${process.pid}-`));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
