/** What every part of the bench stands on: a durable PostgreSQL with the posture's parameters, and processes beside it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startGuard } from '../../local/platform/guard.ts';
import { freePort } from '../../local/platform/ports.ts';
import { startPostgres } from '../../local/platform/postgres.ts';
import { heapLimit } from '../../posture/limits.ts';
import { resolve, spellOut } from '../../posture/resolve.ts';
import type { Posture, PostureInput } from '../../posture/schema/index.ts';
import { cpuTime } from './cpu.ts';

export const WEBHOOK_SECRET = 'bench-secret';
const OPERATOR_TOKEN = 'bench-operator';
const MAIN = fileURLToPath(new URL('../../app/main.ts', import.meta.url));
/** What only a hang reaches, ms: on a busy machine a start takes long. */
const READY_WITHIN = 120_000;

/** The posture of the bench: the defaults, with room for the load generator's 100 connections and no AI provider. */
export const benchPosture = (changes: PostureInput = {}): Posture =>
  resolve({
    web: { maxInFlight: 128, memory: '1GiB' },
    telegram: { maxConnections: 100 },
    features: { chat: false },
    // The limiter is at work, and never the bound: what is measured is everything else.
    providers: { telegram: { rate: { global: 100_000, chat: 100_000, group: 100_000 } } },
    ...changes,
  });

export interface Child {
  pid: number;
  stop: () => Promise<void>;
}

export interface Running extends Child {
  url: string;
  /** Start to ready, ms. */
  readyAfter: number;
  /** Resident memory now, bytes (Linux; undefined elsewhere). */
  memory(): Promise<number | undefined>;
}

export interface Stage {
  posture: Posture;
  directory: string;
  /** CPU time of the whole server since its start, µs; undefined where there is no /proc. */
  postgresCpu: () => Promise<number | undefined>;
  /** Superuser's URL of a new database, empty or migrated. */
  database(migrated: boolean): Promise<string>;
  /** Starts a program that ends with the stage. @throws where there is no such program */
  spawn(command: string, args: string[]): Promise<Child>;
  /** Starts a script or a role of the app and waits until `path` answers 200. */
  start(script: string, args: string[], env: Record<string, string>, path: string): Promise<Running>;
  role(role: 'web' | 'worker', env: Record<string, string>): Promise<Running>;
  stop(): Promise<void>;
}

export async function openStage(posture: Posture): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-bench-'));
  await chmod(directory, 0o755);
  const guard = await startGuard();
  guard.removeAfterwards(directory);
  const postgres = await startPostgres({
    posture,
    directory: join(directory, 'postgres'),
    guard,
    keep: false,
  });
  const children = new Set<ChildProcess>();
  let databases = 0;

  /** Ends with the stage, and with this process at the latest. */
  function keep(child: ChildProcess): Child['stop'] {
    const pid = child.pid!;
    children.add(child);
    guard.watch(pid, 'SIGKILL');
    const exited = once(child, 'exit').finally(() => {
      children.delete(child);
      guard.release(pid);
    });
    return async () => {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited.finally(() => clearTimeout(killer));
    };
  }

  async function start(script: string, args: string[], env: Record<string, string>, path: string): Promise<Running> {
    const port = await freePort();
    const started = performance.now();
    const child = spawn(process.execPath, [script, ...args], {
      env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: String(port), LOG_LEVEL: 'warn', ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const stop = keep(child);
    const url = `http://127.0.0.1:${port}`;
    while (!(await answers(`${url}${path}`))) {
      if (child.exitCode !== null)
        throw new Error(`${script} ${args.join(' ')} ended with ${child.exitCode} before it was ready`);
      if (performance.now() - started > READY_WITHIN)
        throw new Error(`${script} was not ready within ${READY_WITHIN} ms`);
      await new Promise((done) => setTimeout(done, 10));
    }
    return {
      pid: child.pid!,
      url,
      readyAfter: performance.now() - started,
      memory: () => residentMemory(child.pid!),
      stop,
    };
  }

  const roleEnv = { POSTURE: JSON.stringify(spellOut(posture)), WEBHOOK_SECRET, OPERATOR_TOKEN };
  return {
    posture,
    directory,
    postgresCpu: async () => (postgres.pid === undefined ? undefined : cpuTime(postgres.pid)),
    async spawn(command, args) {
      const child = spawn(command, args, { stdio: 'ignore' });
      await once(child, 'spawn');
      return { pid: child.pid!, stop: keep(child) };
    },
    async database(migrated) {
      const url = await postgres.createDatabase(`bench_${++databases}`);
      if (migrated) await run(MAIN, ['migrate'], { ...roleEnv, DATABASE_URL: url });
      return url;
    },
    start,
    role: (role, env) => {
      const heap = `--max-old-space-size=${heapLimit(posture, role) / 2 ** 20}`;
      return start(MAIN, [role], { ...roleEnv, NODE_OPTIONS: heap, ...env }, '/ready');
    },
    async stop() {
      for (const child of children) child.kill('SIGKILL');
      await postgres.stop();
      await guard.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function run(script: string, args: string[], env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env['PATH'], LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
}

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(1000) }).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );

async function residentMemory(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Runs one statement as the superuser. */
export async function query<T extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(text, values)).rows;
  } finally {
    await client.end();
  }
}
