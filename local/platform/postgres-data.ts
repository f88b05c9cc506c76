/** PostgreSQL's data directory: created once, then reused; what a dead server left in it is cleared away. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { binaries, canEnter, serverUser, type ServerUser } from './postgres-binaries.ts';
import { isRunning } from './process.ts';

const run = promisify(execFile);

const PASSWORD_FILE = 'superuser-password';

/** Where a server lives: programs, data, log, and who runs it. */
export interface ServerHome {
  /** Everything of the server is in here. */
  directory: string;
  /** Directory of the programs. */
  bin: string;
  data: string;
  log: string;
  user: ServerUser | undefined;
  superuserPassword: string;
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Makes a directory that the server's user owns, or a file that this user alone may read. */
async function own(path: string, user: ServerUser | undefined): Promise<void> {
  if (user) await chown(path, user.uid, user.gid);
}

async function password(file: string, user: ServerUser | undefined): Promise<string> {
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known) return known.trim();
  const fresh = randomBytes(24).toString('base64url');
  await writeFile(file, `${fresh}\n`, { mode: 0o600 });
  await own(file, user);
  return fresh;
}

async function initialise(home: ServerHome, passwordFile: string): Promise<void> {
  await mkdir(home.data, { recursive: true, mode: 0o700 });
  await own(home.data, home.user);
  const args = ['--pgdata', home.data, '--username', 'postgres', '--pwfile', passwordFile];
  // The cluster is worth nothing until it has been used: its creation needs no fsync, the server itself keeps fsync on.
  args.push('--no-sync', '--no-instructions', '--auth', 'scram-sha-256', '--encoding', 'UTF8');
  args.push('--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8');
  const ids = home.user ? { uid: home.user.uid, gid: home.user.gid } : {};
  await run(join(home.bin, 'initdb'), args, { ...ids, cwd: '/', env: { LC_ALL: 'C', TZ: 'UTC' } }).catch(
    async (error: unknown) => {
      await rm(home.data, { recursive: true, force: true });
      const said = (error as { stderr?: string }).stderr?.trim() || String(error);
      throw new Error(`PostgreSQL's initdb failed in ${home.data}: ${said.split('\n').pop()}`);
    },
  );
}

const commandOf = (pid: number) =>
  run('ps', ['-ww', '-p', String(pid), '-o', 'command=']).then(
    ({ stdout }) => stdout,
    () => '',
  );

/**
 * Ends a server that a dead owner left behind, and removes a lock file whose process is gone or, after a reboot or in
 * a new container, another program altogether: PostgreSQL itself would refuse to start beside any live process id.
 */
async function clearStale(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid');
  const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const deadline = Date.now() + 15_000;
  while (isRunning(pid) && (await commandOf(pid)).includes(data)) {
    if (Date.now() > deadline) throw new Error(`PostgreSQL ${pid} still runs on ${data}: end it with kill -INT ${pid}`);
    process.kill(pid, 'SIGINT');
    await sleep(100);
  }
  await rm(lock, { force: true });
}

/** A new directory that the server's user may pass through whatever the umask; one that is there stays as it is. */
async function makePassable(directory: string): Promise<void> {
  if (await mkdir(directory, { recursive: true })) await chmod(directory, 0o711);
}

/**
 * The directory itself, or, where the server's user may not enter it (root's home, a private temporary directory), one
 * of a fixed name in the system's lasting temporary directory, found again at the next start.
 */
async function reachable(directory: string, user: ServerUser | undefined): Promise<string> {
  await makePassable(directory);
  if (await canEnter(user, directory)) return directory;
  const name = createHash('sha256')
    .update(await realpath(directory))
    .digest('hex')
    .slice(0, 16);
  const instead = `/var/tmp/evenkeel-postgres-${name}`;
  await makePassable(instead);
  const { uid } = await stat(instead);
  if (uid !== process.getuid?.()) throw new Error(`${instead} belongs to user ${uid}: remove it, then start again`);
  return instead;
}

/**
 * Prepares `directory` for a server: programs, password, an initialised cluster, nothing stale.
 * @param copyOf `directory` of a server that was stopped: what it holds is copied where nothing is yet
 * @throws one line when the directory cannot be used
 */
export async function prepareHome(wanted: string, copyOf?: string): Promise<ServerHome> {
  const user = await serverUser();
  const directory = await reachable(wanted, user);
  const passwordFile = join(directory, PASSWORD_FILE);
  const data = join(directory, 'data');
  if (copyOf !== undefined && !(await exists(data)))
    await run('cp', ['-Rp', ...[PASSWORD_FILE, 'data'].map((name) => join(copyOf, name)), directory]);
  const home: ServerHome = {
    directory,
    bin: await binaries(user, join(directory, 'programs')),
    data,
    log: join(directory, 'postgres.log'),
    user,
    superuserPassword: await password(passwordFile, user),
  };
  if (await exists(join(data, 'PG_VERSION'))) await clearStale(data);
  else await initialise(home, passwordFile);
  return home;
}
