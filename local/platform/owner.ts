/** Who uses a data directory: one platform at a time. */
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isRunning } from './process.ts';

/** `ps` writes times in the caller's language and zone; the owner may have started in other ones. */
const ENV = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };

/** When a process began: tells it from a later one that got the same id, after a reboot or in a new container. */
const startOf = (pid: number) =>
  promisify(execFile)('ps', ['-p', String(pid), '-o', 'lstart='], { env: ENV }).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );

/**
 * Writes our process id into the directory.
 * @returns what gives the directory free again
 * @throws one line when another process that runs has it
 */
export async function ownDirectory(directory: string): Promise<() => Promise<void>> {
  const file = join(directory, 'owner');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await writeFile(file, `${process.pid} ${await startOf(process.pid)}`, { flag: 'wx' });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [, id, start] = /^(\d+) (.*)$/.exec(await readFile(file, 'utf8').catch(() => '')) ?? [];
    const owner = Number(id);
    if (owner > 0 && isRunning(owner) && (await startOf(owner)) === start) throw new Error(inUse(directory, owner));
    await rm(file, { force: true });
  }
  throw new Error(`the data in ${directory} are being taken by another process: start again`);
}

const inUse = (directory: string, owner: number) =>
  `the data in ${directory} are in use by process ${owner}: end it, or start without keeping data`;
