/** The laptop's cloud: database, migration, supervised tasks, front door, from the same posture as the real one. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ofRoles, rolesOf, type OfRoles } from '../../posture/limits.ts';
import { spellOut } from '../../posture/resolve.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { PlatformView } from '../contract/index.ts';
import { startFrontDoor } from './front-door.ts';
import { watchConnections } from './gauge.ts';
import { startGuard } from './guard.ts';
import { migrate } from './migrate.ts';
import { ownDirectory } from './owner.ts';
import { sayWhere } from './whereabouts.ts';
import { startPostgres, type Postgres } from './postgres.ts';
import { superviseTasks, type Supervisor } from './supervisor.ts';

export interface PlatformOptions {
  posture: Posture;
  /** For the database and the logs; made when it is missing. */
  dataDirectory: string;
  /** Leave the data directory after `stop`. */
  keep: boolean;
  /** The outside world as the tasks are told of it: BOT_TOKEN, TELEGRAM_API_ROOT, OPENROUTER_API_KEY, … */
  env: Readonly<Record<string, string>>;
  /** Tasks of each role. Default: the posture's minimum. */
  roles?: Readonly<OfRoles<number>>;
  /** Of the front door. Default 0: any free one. */
  port?: number;
  /** Of the database. Default: any free one. */
  databasePort?: number;
  /** False only for unit tests: no fsync. Default true. */
  durable?: boolean;
  /** Server parameters beside the posture's, which they override. */
  parameters?: Record<string, string>;
  /** The app's script. Default: app/main.ts. */
  app?: string;
  /** One line for the console: crashes, replacements, warnings and errors of tasks. Default: nothing is said. */
  say?: (line: string) => void;
  /** Called after each step of the start with what it did and how long that took, ms. */
  onStep?: (done: string, took: number) => void;
  /** Aborted: what has been started is ended, and the start rejects. */
  signal?: AbortSignal;
}

export interface Platform extends PlatformView {
  /** Of the front door. */
  readonly url: string;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  readonly operatorToken: string;
  readonly logs: string;
  /** Where the data are; two places when PostgreSQL's user may not enter the first. */
  readonly dataDirectories: readonly string[];
  readonly postgres: Postgres;
  readonly supervisor: Supervisor;
  /** Of the bot's database, as the superuser. */
  readonly databaseUrl: string;
  /** Of the same, as its operator. */
  readonly operatorUrl: string;
  /** Rolling replacement of one task. */
  replace(taskId: string): Promise<void>;
  /** Drains in the order web, those that do the work, database, each under its deadline, and leaves nothing that is not to be kept. */
  stop(): Promise<void>;
  /** Ends everything at once; what the tasks were doing is taken up by the next start, when the data are kept. */
  end(): Promise<void>;
}

const APP = fileURLToPath(new URL('../../app/main.ts', import.meta.url));
const DATABASE = 'evenkeel';
/** Beyond healthGrace: a migration has run and nothing has to be pulled, so a task that is later than this is broken. */
const READY_MARGIN = 10_000;

const inWords = (parts: readonly string[]): string => `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)!}`;
const isWithin = (directory: string, path: string) => !relative(directory, path).startsWith('..');
const secret = () => randomBytes(24).toString('base64url');

/** What a container gets by itself: nothing of the user's environment but what finding programs needs. */
const BASE_ENV = {
  NODE_ENV: 'production',
  TZ: 'UTC',
  HOST: '127.0.0.1',
  // A line an update and a line a send: the story of a message is made of them.
  LOG_LEVEL: 'debug',
  PATH: process.env['PATH'] ?? '',
};

/**
 * Starts everything in order and resolves when every task is healthy.
 * @throws one line (with a log's last lines where a program failed) after ending what had been started
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { posture, dataDirectory, keep, signal } = options;
  const say = options.say ?? (() => undefined);
  const app = options.app ?? APP;
  const logs = join(dataDirectory, 'logs');
  const webhookSecret = secret();
  const operatorToken = secret();
  const undo = new AsyncDisposableStack();
  /** Set when what still runs is to be ended and not drained. */
  let ending = false;

  async function step<T>(name: (result: T) => string, run: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const began = performance.now();
    const result = await run();
    options.onStep?.(name(result), performance.now() - began);
    return result;
  }

  try {
    const guard = await startGuard();
    undo.defer(() => guard.stop());
    await mkdir(logs, { recursive: true });
    // As root, PostgreSQL's own user has to pass through it.
    await chmod(dataDirectory, 0o711);
    undo.defer(await ownDirectory(dataDirectory));
    if (!keep) {
      guard.removeAfterwards(dataDirectory);
      undo.defer(() => rm(dataDirectory, { recursive: true, force: true, maxRetries: 5 }));
    }

    const postgres = await step(
      ({ port }) => `PostgreSQL on port ${port}`,
      () =>
        startPostgres({
          posture,
          directory: join(dataDirectory, 'postgres'),
          guard,
          keep,
          ...(options.databasePort ? { port: options.databasePort } : {}),
          ...(options.parameters ? { parameters: options.parameters } : {}),
          durable: options.durable ?? true,
          onCrash: (how) => say(`the database ended (${how}); starting it again`),
        }),
    );
    undo.defer(() => postgres.stop(ending ? 'immediate' : 'fast'));
    const databaseUrl = await postgres.createDatabase(DATABASE);
    const gauge = watchConnections(postgres.url());
    undo.defer(() => gauge.stop());

    const door = await step(
      ({ url }) => `front door at ${url}`,
      () => startFrontDoor({ posture, host: '127.0.0.1', port: options.port ?? 0 }),
    );
    undo.defer(() => door.stop());

    const common = {
      ...BASE_ENV,
      POSTURE: JSON.stringify(spellOut(posture)),
      WEBHOOK_SECRET: webhookSecret,
      OPERATOR_TOKEN: operatorToken,
      PUBLIC_URL: door.url,
      ...options.env,
    };
    await step(
      () => 'schema migrated',
      () =>
        migrate({
          app,
          logs,
          guard,
          ...(signal ? { signal } : {}),
          env: {
            ...common,
            DATABASE_URL: databaseUrl,
            ...postgres.migrationPasswords(),
          },
        }),
    );

    const roles = options.roles ?? ofRoles(posture, (role) => posture[role].tasks.min);
    const scratch = join(dataDirectory, 'scratch');
    // What a task that was killed has left.
    await rm(scratch, { recursive: true, force: true });
    const supervisor = await step(
      () => `${inWords(Object.entries(roles).map(([role, count]) => `${count} ${role}`))} tasks healthy`,
      async () => {
        const started = await superviseTasks({
          posture,
          roles,
          env: (role) => ({
            ...common,
            ...(role === 'media' && { SCRATCH: scratch }),
            DATABASE_URL: postgres.url(role, DATABASE),
          }),
          operatorToken,
          logs,
          guard,
          say,
          app,
          onChange: (tasks) => door.serve(tasks.filter(({ role, state }) => role === 'web' && state === 'healthy')),
          deregister: (task) => door.drained(task.id),
        });
        undo.defer(() => drain(started));
        const within = posture.rollout.healthGrace + READY_MARGIN;
        await Promise.all(rolesOf(posture).map((role) => started.ready(role, within, signal)));
        return started;
      },
    );

    const operatorUrl = postgres.url('operator', DATABASE);
    undo.defer(await sayWhere(dataDirectory, { databaseUrl: operatorUrl, posture }));

    return {
      url: door.url,
      webhookUrl: `${door.url}/telegram/webhook`,
      webhookSecret,
      operatorToken,
      logs,
      dataDirectories: [dataDirectory, ...(isWithin(dataDirectory, postgres.directory) ? [] : [postgres.directory])],
      postgres,
      supervisor,
      databaseUrl,
      operatorUrl,
      tasks: () => supervisor.views(),
      takeovers: () => supervisor.takeovers(),
      about: (updateId) => supervisor.about(updateId),
      kill: (taskId, what) => supervisor.kill(taskId, what),
      replace: (taskId) => supervisor.replace(taskId),
      restartDatabase: () => postgres.restart('immediate'),
      database: () => ({
        state: postgres.state,
        connections: gauge.connections(),
        maxConnections: posture.database.maxConnections,
      }),
      frontDoor: () => ({ url: door.url, ...door.counts() }),
      stop: () => undo.disposeAsync(),
      async end() {
        ending = true;
        await supervisor.endAll();
        await undo.disposeAsync();
      },
    };
  } catch (error) {
    ending = true;
    await undo.disposeAsync();
    throw error;
  }

  /** Accepted updates are stored before the workers leave, and these finish what they have begun. */
  async function drain(supervisor: Supervisor): Promise<void> {
    if (ending) return supervisor.endAll();
    await supervisor.stopRole('web');
    await supervisor.stopAll();
  }
}
