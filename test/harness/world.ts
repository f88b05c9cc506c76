/**
 * A small world for the tests of the app: a real PostgreSQL, the simulated Telegram and OpenRouter, and roles of the app
 * as real processes. What a whole file shares is started with `{ after }` of node:test, what one test needs with its
 * context; all of it ends with its owner, and with the test process however that dies.
 */
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from '../../app/config.ts';
import type {
  NovitaOptions,
  SimulatedAccess,
  SimulatedMedia,
  SimulatedNovita,
  SimulatedObjects,
  SimulatedProvider,
  SimulatedTelegram,
  TelegramOptions,
} from '../../local/contract/index.ts';
import { startGuard, type Guard } from '../../local/platform/guard.ts';
import { startPostgres, type Postgres } from '../../local/platform/postgres.ts';
import { startAccess } from '../../local/world/access/index.ts';
import { startMedia } from '../../local/world/media/index.ts';
import { startNovita } from '../../local/world/novita/index.ts';
import { storeEnvironment } from '../../local/world/objects/environment.ts';
import { startObjects } from '../../local/world/objects/index.ts';
import { startOpenRouter } from '../../local/world/provider/index.ts';
import { startTelegram } from '../../local/world/telegram/index.ts';
import { hasMedia } from '../../posture/limits.ts';
import { resolve, spellOut } from '../../posture/resolve.ts';
import type { Posture, PostureInput } from '../../posture/schema/index.ts';
import { CLUSTER, prepareTemplate } from '../../scripts/test/cluster.ts';
import { cleanup, type Owner } from './cleanup.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { OPERATOR_TOKEN, startTaskProcess, type TaskProcess } from './task.ts';

export const WEBHOOK_SECRET = 'secret-of-the-tests';

export interface WorldOptions {
  posture?: PostureInput;
  telegram?: TelegramOptions;
  /** Default: a render takes a quarter of a second. */
  novita?: NovitaOptions;
  /**
   * Telegram's limits of messages a second, in the posture and in the simulated Telegram. Default `raised`: most tests
   * are about something else, and at 30 a second would only wait. `telegram`: those of the posture, 30 a second.
   */
  rates?: 'raised' | 'telegram';
  /** True: the server keeps fsync, for tests that crash it. Default false. */
  durable?: boolean;
}

export interface World {
  posture: Posture;
  guard: Guard;
  postgres: Postgres;
  telegram: SimulatedTelegram;
  openrouter: SimulatedProvider;
  novita: SimulatedNovita;
  access: SimulatedAccess;
  /** Websites, hostile ones among them. */
  media: SimulatedMedia;
  /** Where files lie that are too large for a chat. */
  objects: SimulatedObjects;
  botId: number;
  /** The world's own migrated database; tasks use it where no other is given. */
  database: TestDatabase;
  /** Another one, for a test that must not share. */
  freshDatabase(owner: Owner): Promise<TestDatabase>;
  /** The environment of a role by the container contract. */
  env(role: Role, database?: TestDatabase): Record<string, string>;
  /** Starts a role as a process, on a free port; it ends with `owner`. */
  startTask(owner: Owner, role: Role, options?: StartOptions): Promise<TaskProcess>;
  /** Calls Telegram's API as the bot's operator. */
  callTelegram(method: string, params: object): Promise<unknown>;
  /** Points the simulated Telegram at this web task. */
  setWebhook(web: TaskProcess, maxConnections?: number): Promise<void>;
}

export interface StartOptions {
  database?: TestDatabase;
  posture?: PostureInput;
  env?: Record<string, string>;
  node?: string[];
  /** The program, where it is not this release's. */
  main?: string;
}

/** Of the posture; the simulated Telegram then has no limits at all. */
const RAISED = { global: 100_000, chat: 100_000, group: 100_000 };

/** A posture whose rates are raised, where it does not say its own. */
export const raised = (posture: PostureInput): PostureInput => {
  const telegram = posture.providers?.telegram;
  return {
    ...posture,
    providers: { ...posture.providers, telegram: { ...telegram, rate: { ...RAISED, ...telegram?.rate } } },
  };
};

export async function startWorld(owner: Owner, options: WorldOptions = {}): Promise<World> {
  const undo = cleanup(owner);
  const rated = options.rates === 'telegram' ? (input: PostureInput) => input : raised;
  const posture = resolve(rated(options.posture ?? {}));
  const guard = await startGuard();
  undo(() => guard.stop());
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-'));
  // As root, PostgreSQL's user has to pass through it.
  await chmod(directory, 0o755);
  const postgres = await startPostgres({
    posture,
    directory,
    guard,
    keep: false,
    durable: options.durable ?? false,
    copyOf: process.env[CLUSTER],
  });
  undo(() => postgres.stop('immediate'));
  const limits = options.rates === 'telegram' ? {} : { limits: {} };
  const telegram = await startTelegram({ ...limits, ...options.telegram });
  undo(() => telegram.stop());
  const openrouter = await startOpenRouter();
  undo(() => openrouter.stop());
  const novita = await startNovita({ takes: { image: 250, video: 250 }, ...options.novita });
  undo(() => novita.stop());
  const access = await startAccess();
  undo(() => access.stop());
  const media = await startMedia();
  undo(() => media.stop());
  const objects = await startObjects();
  undo(() => objects.stop());
  await prepareTemplate(postgres, posture);
  const database = await freshDatabase(postgres, undo);

  function env(role: Role, on: TestDatabase = database): Record<string, string> {
    return {
      POSTURE: JSON.stringify(spellOut(posture)),
      DATABASE_URL: on.url(role === 'migrate' ? 'superuser' : role),
      BOT_TOKEN: telegram.botToken,
      WEBHOOK_SECRET,
      OPERATOR_TOKEN,
      TELEGRAM_API_ROOT: telegram.apiRoot,
      OPENROUTER_API_KEY: openrouter.apiKey,
      OPENROUTER_BASE_URL: openrouter.baseUrl,
      NOVITA_API_KEY: novita.apiKey,
      NOVITA_BASE_URL: novita.baseUrl,
      ACCESS_API_KEY: access.apiKey,
      ACCESS_BASE_URL: access.baseUrl,
      SIMULATED_SITES: media.address,
      SIMULATED_NAMES: media.names,
      // Its library is large: only where something is put there.
      ...(hasMedia(posture) && storeEnvironment(objects)),
      ...postgres.migrationPasswords(),
      HOST: '127.0.0.1',
      PORT: '0',
    };
  }

  async function startTask(taskOwner: Owner, role: Role, start: StartOptions = {}): Promise<TaskProcess> {
    const own = start.posture ? { POSTURE: JSON.stringify(rated(start.posture)) } : {};
    const task = await startTaskProcess(role, {
      guard,
      env: { ...env(role, start.database), ...own, ...start.env },
      node: start.node ?? [],
      ...(start.main ? { main: start.main } : {}),
    });
    const end = async () => {
      task.signal('SIGKILL');
      await task.exited;
    };
    taskOwner.after(end);
    // A file's own hooks run in the order in which they were registered: its tasks must end before this world does.
    undo(end);
    return task;
  }

  async function callTelegram(method: string, params: object): Promise<unknown> {
    const response = await fetch(`${telegram.apiRoot}/bot${telegram.botToken}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(params),
    });
    const answer = (await response.json()) as {
      ok: boolean;
      result: unknown;
      description?: string;
      parameters?: { retry_after?: number };
    };
    const pause = answer.parameters?.retry_after;
    if (pause !== undefined) {
      await sleep(pause * 1000);
      return callTelegram(method, params);
    }
    if (!answer.ok) throw new Error(`${method}: ${answer.description}`);
    return answer.result;
  }

  return {
    posture,
    guard,
    postgres,
    telegram,
    openrouter,
    novita,
    access,
    media,
    objects,
    botId: Number(telegram.botToken.split(':')[0]),
    database,
    freshDatabase: (databaseOwner) => freshDatabase(postgres, cleanup(databaseOwner)),
    env,
    startTask,
    callTelegram,
    async setWebhook(web, maxConnections = 40) {
      await callTelegram('setWebhook', {
        url: `${await web.url()}/telegram/webhook`,
        secret_token: WEBHOOK_SECRET,
        max_connections: maxConnections,
      });
    },
  };
}
