/** A real PgBouncer before a real PostgreSQL, where it is installed. */
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../local/platform/ports.ts';
import { serverUser } from '../../local/platform/postgres-binaries.ts';
import type { DatabaseRole } from '../../local/platform/postgres.ts';
import { endChild, startChild } from '../../local/platform/process.ts';
import { cleanup, type Owner } from './cleanup.ts';
import { waitFor } from './wait.ts';
import type { World } from './world.ts';

const PROGRAM = [
  '/usr/sbin/pgbouncer',
  '/usr/bin/pgbouncer',
  '/usr/local/bin/pgbouncer',
  '/opt/homebrew/bin/pgbouncer',
].find((path) => existsSync(path));

/** For a test's `skip`: false, or why it cannot run here. */
export const noPgBouncer: string | false = PROGRAM === undefined && 'PgBouncer is not installed';

export interface PgBouncer {
  /** The same database and role, through it. */
  url(direct: string): string;
}

export async function startPgBouncer(
  owner: Owner,
  { guard, postgres }: Pick<World, 'guard' | 'postgres'>,
  settings: Record<string, string>,
): Promise<PgBouncer> {
  const undo = cleanup(owner);
  const user = await serverUser();
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-pgbouncer-'));
  undo(() => rm(directory, { recursive: true, force: true }));
  await chmod(directory, 0o755);
  const write = async (name: string, text: string) => {
    const path = join(directory, name);
    await writeFile(path, text, { mode: 0o600 });
    if (user) await chown(path, user.uid, user.gid);
    return path;
  };
  const name = (role: DatabaseRole) => (role === 'superuser' ? 'postgres' : role);
  const users = (['superuser', 'web', 'worker'] as const).map(
    (role) => `"${name(role)}" "${postgres.password(role)}"\n`,
  );
  const port = await freePort();
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'trust',
    auth_file: await write('users.txt', users.join('')),
    ...settings,
  };
  const ini = Object.entries(all).map(([key, value]) => `${key} = ${value}\n`);
  const config = await write(
    'pgbouncer.ini',
    `[databases]\n* = host=127.0.0.1 port=${postgres.port}\n[pgbouncer]\n${ini.join('')}`,
  );
  const child = await startChild(PROGRAM!, ['-q', config], {
    guard,
    lastSignal: 'SIGKILL',
    stdio: 'ignore',
    cwd: '/',
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  undo(() => endChild(child, 'SIGKILL', 1000));
  const answers = () =>
    new Promise<boolean>((answer) => {
      const socket = connect(port, '127.0.0.1', () => answer(true)).on('error', () => answer(false));
      socket.on('connect', () => socket.destroy());
    });
  await waitFor(async () => !child.running || (await answers()), { within: 30_000, what: 'PgBouncer to listen' });
  if (!child.running) throw new Error(`PgBouncer ended: try ${PROGRAM} ${config}`);
  return {
    url: (direct) => Object.assign(new URL(direct), { host: `127.0.0.1:${port}` }).toString(),
  };
}
