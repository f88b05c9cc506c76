/** A base backup of the embedded server with its archived log, and servers that are restored from it to an earlier point. */
import { execFile } from 'node:child_process';
import { appendFile, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { migrate } from '../../app/roles/migrate.ts';
import { startPostgres, type Postgres } from '../../local/platform/postgres.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { cleanup, type Owner } from './cleanup.ts';
import { once, openDatabase, type TestDatabase } from './database.ts';
import { captureLog } from './logs.ts';
import { waitFor } from './wait.ts';
import type { World } from './world.ts';

const run = promisify(execFile);

/** Owners and modes as they are: the server's user is another one than root. */
const copy = (from: string, to: string) => run('cp', ['-a', from, to]);

export interface Backup {
  /** A point that a server can be restored to. */
  point(name: string): Promise<void>;
  /** A server of its own that knows all up to the point, as its own history from there on; migrated by this release. */
  restore(owner: Owner, point: string): Promise<{ postgres: Postgres; database: TestDatabase }>;
}

async function start(owner: Owner, world: World, directory: string): Promise<Postgres> {
  const { posture, guard } = world;
  const postgres = await startPostgres({ posture, guard, directory, keep: false, durable: false });
  cleanup(owner)(() => postgres.stop('immediate'));
  return postgres;
}

async function migrated(postgres: Postgres, posture: Posture, name: string, server?: string): Promise<void> {
  const env = { DATABASE_URL: postgres.url('superuser', name), ...postgres.migrationPasswords() };
  await migrate({ role: 'migrate', posture, env: { ...env, DATABASE_SERVER: server } }, captureLog().log);
}

async function directoryOf(owner: Owner): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-restore-'));
  await run('chmod', ['755', directory]);
  cleanup(owner)(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Takes a base backup of the world's server, which archives its log from now on. */
export async function backUp(owner: Owner, world: World, database: TestDatabase): Promise<Backup> {
  const { postgres, posture } = world;
  const root = await directoryOf(owner);
  const { uid, gid } = await stat(join(postgres.directory, 'data'));
  const archive = join(root, 'archive');
  await mkdir(archive);
  await chown(archive, uid, gid);
  await once(postgres.url(), 'ALTER SYSTEM SET archive_mode = on');
  await once(postgres.url(), `ALTER SYSTEM SET archive_command = 'cp "%p" "${archive}/%f"'`);
  await postgres.restart('fast');

  const client = new pg.Client({ connectionString: postgres.url() });
  await client.connect();
  const base = join(root, 'base');
  try {
    await client.query(`SELECT pg_backup_start('test', true)`);
    await copy(postgres.directory, base);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop()');
    await writeFile(join(base, 'data', 'backup_label'), rows[0]!.labelfile);
  } finally {
    await client.end();
  }
  await run('sh', ['-c', `rm -rf "${base}"/data/postmaster.pid "${base}"/data/pg_wal/*`]);

  return {
    async point(name) {
      await once(postgres.url(), `SELECT pg_create_restore_point('${name}')`);
    },
    async restore(restorer, point) {
      // What was written up to the point has to be in the archive.
      const [{ file }] = (await once(postgres.url(), 'SELECT pg_walfile_name(pg_switch_wal()) AS file')) as [
        { file: string },
      ];
      await waitFor(
        () =>
          stat(join(archive, file)).then(
            () => true,
            () => false,
          ),
        { what: `${file} in the archive` },
      );
      const directory = join(await directoryOf(restorer), 'server');
      await copy(base, directory);
      const data = join(directory, 'data');
      await writeFile(join(data, 'recovery.signal'), '');
      for (const name of ['recovery.signal', 'backup_label']) await chown(join(data, name), uid, gid);
      await appendFile(
        join(data, 'postgresql.auto.conf'),
        [
          `restore_command = 'cp "${archive}/%f" "%p"'`,
          `recovery_target_name = '${point}'`,
          `recovery_target_action = 'promote'`,
          `archive_mode = off`,
          '',
        ].join('\n'),
      );
      const restored = await start(restorer, world, directory);
      await waitFor(
        async () => (await once(restored.url(), 'SELECT pg_is_in_recovery() AS still'))[0]!['still'] === false,
        { what: 'the restored server to be promoted' },
      );
      await migrated(restored, posture, database.name);
      return { postgres: restored, database: openDatabase(restored, cleanup(restorer), database.name) };
    },
  };
}

/**
 * A copy of the server's storage at this moment, as a snapshot of its volume is one: put back, it recovers from a crash, and
 * goes on under the same identifier and in the same timeline.
 */
export async function snapshot(owner: Owner, world: World): Promise<(name: string) => Promise<TestDatabase>> {
  const { postgres, posture } = world;
  const root = await directoryOf(owner);
  const taken = join(root, 'snapshot');
  // Of a server that stands still for the moment: a copy file by file is not one of a moment.
  await once(postgres.url(), 'CHECKPOINT');
  process.kill(postgres.pid!, 'SIGSTOP');
  try {
    await copy(postgres.directory, taken);
  } finally {
    process.kill(postgres.pid!, 'SIGCONT');
  }
  await rm(join(taken, 'data', 'postmaster.pid'), { force: true });
  return async (name) => {
    const directory = join(root, 'again');
    await copy(taken, directory);
    const again = await start(owner, world, directory);
    await migrated(again, posture, name);
    return openDatabase(again, cleanup(owner), name);
  };
}
