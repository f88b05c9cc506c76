/** A copy of the project that a test may change: every file that git would take, and the packages of this one. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Owner } from './cleanup.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

export interface Clone {
  directory: string;
  /** Runs a program of Node's in it; resolves to its exit code and to all that it said. */
  node(...args: string[]): Promise<{ code: number; output: string }>;
}

export async function cloneProject(owner: Owner): Promise<Clone> {
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-clone-'));
  owner.after(() => rm(directory, { recursive: true, force: true }));
  const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of listed.stdout.split('\0').filter(Boolean)) {
    const target = join(directory, file);
    await mkdir(dirname(target), { recursive: true });
    // One that is deleted and not committed yet is still listed.
    await cp(join(root, file), target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  return {
    directory,
    async node(...args) {
      try {
        const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: '1' };
        const { stdout, stderr } = await run(process.execPath, args, { cwd: directory, env, maxBuffer: 2 ** 26 });
        return { code: 0, output: stdout + stderr };
      } catch (error) {
        const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
        return { code, output: stdout + stderr };
      }
    },
  };
}
