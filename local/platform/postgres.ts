/** A real PostgreSQL server on loopback, with the parameters that the posture gives the one in the cloud. */
import { randomBytes } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { platform } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { serverParameters } from '../../posture/server-parameters.ts';
import type { Role } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { Guard } from './guard.ts';
import { freePort } from './ports.ts';
import { prepareHome, type ServerHome } from './postgres-data.ts';
import { describeExit, endChild, startChild, type Child } from './process.ts';

/** Who may log in: the server's administrator, and the roles that the migration gives a password. */
export type DatabaseRole = 'superuser' | MigratedRole;
type MigratedRole = 'owner' | 'operator' | Role;

export interface PostgresOptions {
  posture: Posture;
  /** For the cluster, its log and the superuser's password; see `Postgres.directory`. */
  directory: string;
  guard: Guard;
  /** Default: a free one. */
  port?: number;
  /** Leave `directory` where it is after `stop`, to be used again. */
  keep: boolean;
  /** Where nothing is yet: `directory` of a server that was stopped, to begin with a copy of it. */
  copyOf?: string | undefined;
  /** False only for unit tests: no fsync, so a crash of the machine loses data. Default true. */
  durable?: boolean;
  /** Parameters beside the posture's, which win. */
  parameters?: Record<string, string>;
  /** Called when the server ended by itself; it is started again. */
  onCrash?: (how: string) => void;
}

export interface Postgres {
  readonly port: number;
  /** Of the postmaster; undefined while it is down. */
  readonly pid: number | undefined;
  readonly state: 'up' | 'restarting' | 'down';
  readonly log: string;
  /** Where everything of the server is: as asked for, or where root's server may go instead. */
  readonly directory: string;
  /** Of the roles that the migration makes, new at each start. */
  password(role: DatabaseRole): string;
  url(role?: DatabaseRole, database?: string): string;
  /** Those passwords as the migration is told them. */
  migrationPasswords(): Record<`${Uppercase<MigratedRole>}_DATABASE_PASSWORD`, string>;
  /** Returns the superuser's URL of the new database. An existing one is left as it is. */
  createDatabase(name: string): Promise<string>;
  /** `immediate` is a crash: no checkpoint, every session cut, recovery from the log at the next start. */
  restart(mode: 'immediate' | 'fast'): Promise<void>;
  stop(mode?: 'immediate' | 'fast'): Promise<void>;
}

const START_WITHIN = 60_000;
/** A fast stop ends the sessions and writes a checkpoint. */
const STOP_WITHIN = 15_000;
const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
const NOT_DURABLE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** What the server wrote since `offset` that explains why it did not start. */
async function lastWords(log: string, offset: number): Promise<string> {
  const written = (await readFile(log)).subarray(offset).toString().trimEnd().split('\n');
  const telling = written.filter((line) => /FATAL|PANIC|WARNING|ERROR|already in use/.test(line));
  const lines = telling.length > 0 ? telling : written;
  return lines
    .slice(-3)
    .map((line) => line.replace(/^[\d-]+ [\d:.]+ \w+ \[\d+\] /, ''))
    .join(' / ');
}

/** The postmaster writes its process id in the first line of its lock file, and `ready` in the eighth. */
async function isReady(data: string, pid: number): Promise<boolean> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

async function launch(home: ServerHome, args: string[], options: PostgresOptions): Promise<Child> {
  const log = await open(home.log, 'a');
  const { size } = await log.stat();
  const ids = home.user ? { uid: home.user.uid, gid: home.user.gid } : {};
  try {
    const server = await startChild(join(home.bin, 'postgres'), args, {
      ...ids,
      guard: options.guard,
      lastSignal: options.keep ? SIGNALS.fast : SIGNALS.immediate,
      cwd: '/',
      env: { LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', log.fd, log.fd],
    });
    const deadline = Date.now() + START_WITHIN;
    while (!(await isReady(home.data, server.pid))) {
      if (!server.running) throw new Error(`PostgreSQL did not start: ${await lastWords(home.log, size)}`);
      if (Date.now() > deadline) {
        await endChild(server, 'SIGQUIT', 2000);
        throw new Error(`PostgreSQL was not ready within ${START_WITHIN / 1000} s: see ${home.log}`);
      }
      await sleep(20);
    }
    return server;
  } finally {
    await log.close();
  }
}

function serverArgs(home: ServerHome, port: number, options: PostgresOptions): string[] {
  const parameters: Record<string, string | number> = {
    ...Object.fromEntries(serverParameters(options.posture).map(({ name, value }) => [name, value])),
    // Only Linux has TCP_USER_TIMEOUT; elsewhere the server refuses any other value.
    ...(platform === 'linux' ? {} : { tcp_user_timeout: 0 }),
    ...(options.durable === false ? NOT_DURABLE : {}),
    ...options.parameters,
    listen_addresses: '127.0.0.1',
    port,
    // A path in a deep checkout would be longer than a socket's 107 bytes; everything here speaks TCP.
    unix_socket_directories: '',
    cluster_name: 'evenkeel',
    logging_collector: 'off',
  };
  return ['-D', home.data, ...Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/**
 * Initialises the cluster when there is none yet and starts the server. One that ends by itself is started again.
 * @throws one line that says why the server does not run
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const home = await prepareHome(options.directory, options.copyOf);
  if (!options.keep) options.guard.removeAfterwards(home.directory);
  let port = options.port ?? (await freePort());
  const passwords: Record<DatabaseRole, string> = {
    superuser: home.superuserPassword,
    owner: randomBytes(24).toString('base64url'),
    web: randomBytes(24).toString('base64url'),
    worker: randomBytes(24).toString('base64url'),
    media: randomBytes(24).toString('base64url'),
    operator: randomBytes(24).toString('base64url'),
  };
  let state: Postgres['state'] = 'down';
  let server: Child | undefined;
  /** Starts and stops follow one another; a crash is only one that nobody asked for. */
  let turn: Promise<unknown> = Promise.resolve();
  let wanted = true;

  const url = (role: DatabaseRole = 'superuser', database = 'postgres') =>
    `postgresql://${role === 'superuser' ? 'postgres' : role}:${passwords[role]}@127.0.0.1:${port}/${database}`;

  async function up(): Promise<void> {
    const started = await launch(home, serverArgs(home, port, options), options);
    server = started;
    state = 'up';
    void started.exited.then((exit) => {
      if (server !== started) return;
      server = undefined;
      state = 'restarting';
      options.onCrash?.(describeExit(exit));
      void inTurn(revive);
    });
  }

  async function down(mode: 'immediate' | 'fast'): Promise<void> {
    const ending = server;
    server = undefined;
    if (!ending) return;
    ending.signal(SIGNALS[mode]);
    const timer = setTimeout(() => void endChild(ending, 'SIGQUIT', 5000), STOP_WITHIN);
    await ending.exited.finally(() => clearTimeout(timer));
  }

  /** Backends of a killed postmaster hold its shared memory for a moment longer, so the first attempts may fail. */
  async function revive(): Promise<void> {
    for (let pause = 100; wanted && !server; pause = Math.min(pause * 2, 2000)) {
      await sleep(pause);
      if (wanted) await up().catch((error: unknown) => options.onCrash?.((error as Error).message));
    }
  }

  function inTurn(step: () => Promise<void>): Promise<void> {
    const mine = turn.then(step);
    turn = mine.catch(() => undefined);
    return mine;
  }

  const clear = async () => {
    if (options.keep) return;
    for (const path of [home.directory, options.directory])
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
  };

  /** A port that was free a moment ago may have been taken since, unless it was asked for. */
  async function first(attempts: number): Promise<void> {
    try {
      await up();
    } catch (error) {
      if (options.port || attempts === 1 || !/already in use/.test((error as Error).message)) throw error;
      port = await freePort();
      await first(attempts - 1);
    }
  }

  try {
    await first(3);
  } catch (error) {
    await clear();
    throw error;
  }
  return {
    get port() {
      return port;
    },
    log: home.log,
    directory: home.directory,
    get pid() {
      return server?.pid;
    },
    get state() {
      return state;
    },
    password: (role) => passwords[role],
    migrationPasswords: () => ({
      OWNER_DATABASE_PASSWORD: passwords.owner,
      WEB_DATABASE_PASSWORD: passwords.web,
      WORKER_DATABASE_PASSWORD: passwords.worker,
      MEDIA_DATABASE_PASSWORD: passwords.media,
      OPERATOR_DATABASE_PASSWORD: passwords.operator,
    }),
    url,
    async createDatabase(name) {
      const client = new pg.Client({ connectionString: url() });
      await client.connect();
      try {
        const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
        if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
      } finally {
        await client.end();
      }
      return url('superuser', name);
    },
    restart: (mode) =>
      inTurn(async () => {
        state = 'restarting';
        await down(mode);
        await up();
      }),
    async stop(mode = 'fast') {
      wanted = false;
      await inTurn(async () => {
        await down(mode);
        state = 'down';
      });
      await clear();
    },
  };
}
