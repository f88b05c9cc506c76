/** Where a running platform's database is, for `npm run ops` on the same machine: a file that only its user may read. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Posture } from '../../posture/schema/index.ts';
import { isRunning } from './process.ts';

export interface Whereabouts {
  /** Login of the operator. */
  databaseUrl: string;
  posture: Posture;
}

interface Written extends Whereabouts {
  pid: number;
}

const FILE = 'ops.json';
/** Where `npm start` keeps its data, with --keep and without. */
const KEPT = '.evenkeel';
const TEMPORARY = /^evenkeel-\w+$/;

/** @returns what takes it back */
export async function sayWhere(dataDirectory: string, where: Whereabouts): Promise<() => Promise<void>> {
  const file = join(dataDirectory, FILE);
  const written: Written = { pid: process.pid, ...where };
  // What an end without clean-up left may belong to another mode.
  await rm(file, { force: true });
  await writeFile(file, JSON.stringify(written), { mode: 0o600, flag: 'wx' });
  return () => rm(file, { force: true });
}

async function read(directory: string): Promise<(Written & { directory: string })[]> {
  try {
    const written = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Written;
    return isRunning(written.pid) ? [{ ...written, directory }] : [];
  } catch {
    // Not there, another user's, or half written by one that starts.
    return [];
  }
}

/** Every platform of this user that runs from this folder or keeps nothing. */
export async function findRunning(cwd = process.cwd(), temporary = tmpdir()) {
  const names = await readdir(temporary).catch(() => []);
  const directories = names.filter((name) => TEMPORARY.test(name)).map((name) => join(temporary, name));
  return (await Promise.all([join(cwd, KEPT), ...directories].map(read))).flat();
}
