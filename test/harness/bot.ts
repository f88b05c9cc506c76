/** The bot of the worker role inside the test process: features, Telegram client and provider on the simulated world. */
import type { Composer } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import { createBotHandler } from '../../app/bot/bot.ts';
import type { BotContext } from '../../app/bot/context.ts';
import type { Pool } from '../../app/database/pool.ts';
import { composeFeatures } from '../../app/features/index.ts';
import type { StoredUpdate, UpdateHandler } from '../../app/lanes/update.ts';
import { startPeople } from '../../app/people/index.ts';
import { createOpenRouter, type OpenRouter } from '../../app/providers/openrouter.ts';
import { createLimiter } from '../../app/providers/limiter/index.ts';
import { createLeaseStore } from '../../app/providers/limiter/lease.ts';
import { createTelegramClient, type TelegramClient } from '../../app/providers/telegram.ts';
import type { Tills } from '../../app/payments/tills/index.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { cleanup, type Owner } from './cleanup.ts';
import type { TestDatabase } from './database.ts';
import { workerPool } from './lanes.ts';
import { captureLog, type CapturedLog } from './logs.ts';
import type { World } from './world.ts';

export interface RunOptions {
  sends?: StoredUpdate['sends'];
  /** Of the update, ms. */
  age?: number;
  queue?: StoredUpdate['queue'];
  attempts?: number;
  takeovers?: number;
  signal?: AbortSignal;
  hold?: () => void;
}

export interface TestBot {
  handle: UpdateHandler;
  telegram: TelegramClient;
  openrouter: OpenRouter;
  pool: Pool;
  logs: CapturedLog;
  /** An update as it would be read from the inbox. */
  stored(update: object, options?: RunOptions): StoredUpdate;
  /** Runs a stored update outside any lane; it keeps its sends, whatever comes of it. */
  attempt(update: StoredUpdate, options?: RunOptions): Promise<void>;
  /** Runs one update outside any lane, as an attempt that is given `sends` of earlier ones. */
  run(update: object, options?: RunOptions): Promise<StoredUpdate>;
}

export interface BotOptions {
  world: World;
  database: TestDatabase;
  posture: Posture;
  /** Instead of the app's own. */
  features?: Composer<BotContext>[];
  /** Providers of payments beside Telegram. */
  tills?: Tills;
}

export function createTestBot(owner: Owner, { world, database, posture, features, tills = {} }: BotOptions): TestBot {
  const undo = cleanup(owner);
  const logs = captureLog();
  const pool = workerPool({ after: undo }, database, posture);
  const botToken = world.telegram.botToken;
  const limiter = createLimiter(posture, createLeaseStore(pool, world.botId), logs.log);
  const telegram = createTelegramClient(posture, { apiRoot: world.telegram.apiRoot, botToken }, logs.log, limiter);
  undo(() => telegram.close());
  const openrouter = createOpenRouter(
    posture,
    { baseUrl: world.openrouter.baseUrl, apiKey: world.openrouter.apiKey },
    logs.log,
  );
  undo(() => openrouter.close());
  const people = startPeople({ pool, botId: world.botId, log: logs.log });
  undo(() => people.stop());
  const me = { id: world.botId, is_bot: true, first_name: 'Evenkeel', username: 'evenkeel_bot' } as UserFromGetMe;
  const handle = createBotHandler({
    botToken,
    apiRoot: world.telegram.apiRoot,
    me,
    telegram,
    features: features ?? composeFeatures({ pool, posture, openrouter, tills, people }),
    jobs: posture.jobs,
    languages: people,
  });

  function stored(body: object, options: RunOptions = {}): StoredUpdate {
    const updateId = (body as { update_id: number }).update_id;
    const { sends = [], age = 0, queue = 'chat', attempts = 0, takeovers = 0 } = options;
    const lane = `${world.botId}:${updateId}`;
    return { botId: world.botId, updateId, queue, lane, body: JSON.stringify(body), age, attempts, takeovers, sends };
  }

  async function attempt(
    update: StoredUpdate,
    { signal = new AbortController().signal, hold = () => signal.throwIfAborted() }: RunOptions = {},
  ) {
    await handle({
      update,
      signal,
      deadline: Date.now() + posture.jobs.chat.handler,
      log: logs.log,
      hold,
      recordSends: async () => undefined,
      transaction: () => Promise.reject(new Error('no lane: use startLanes')),
      done: () => Promise.reject(new Error('no lane: use startLanes')),
    });
  }

  async function run(body: object, options: RunOptions = {}): Promise<StoredUpdate> {
    const update = stored(body, options);
    await attempt(update, options);
    return update;
  }

  return { handle, telegram, openrouter, pool, logs, stored, attempt, run };
}
