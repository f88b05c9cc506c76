/** The bot of the worker role inside the test process: features, Telegram client and provider on the simulated world. */
import type { Composer } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import { createBotHandler } from '../../app/bot/bot.ts';
import type { BotContext } from '../../app/bot/context.ts';
import type { Pool } from '../../app/database/pool.ts';
import { composeFeatures } from '../../app/features/index.ts';
import type { ConfirmedSend, StoredUpdate, Turn, UpdateHandler } from '../../app/lanes/update.ts';
import { createOpenRouter, type OpenRouter } from '../../app/providers/openrouter.ts';
import { createTelegramClient, type TelegramClient } from '../../app/providers/telegram.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { cleanup, type Owner } from './cleanup.ts';
import type { TestDatabase } from './database.ts';
import { workerPool } from './lanes.ts';
import { captureLog, type CapturedLog } from './logs.ts';
import type { World } from './world.ts';

interface RunOptions {
  sends?: ConfirmedSend[];
  /** Of the update, ms. */
  age?: number;
  signal?: AbortSignal;
}

export interface TestBot {
  handle: UpdateHandler;
  telegram: TelegramClient;
  openrouter: OpenRouter;
  pool: Pool;
  logs: CapturedLog;
  /** Runs one update outside any lane, as an attempt that is given `sends` of earlier ones. */
  run(update: object, options?: RunOptions): Promise<StoredUpdate>;
}

export interface BotOptions {
  world: World;
  database: TestDatabase;
  posture: Posture;
  /** Instead of the app's own. */
  features?: Composer<BotContext>[];
}

export function createTestBot(owner: Owner, { world, database, posture, features }: BotOptions): TestBot {
  const undo = cleanup(owner);
  const logs = captureLog();
  const pool = workerPool({ after: undo }, database, posture);
  const botToken = world.telegram.botToken;
  const telegram = createTelegramClient(posture, { apiRoot: world.telegram.apiRoot, botToken }, logs.log);
  undo(() => telegram.close());
  const openrouter = createOpenRouter(
    posture,
    { baseUrl: world.openrouter.baseUrl, apiKey: world.openrouter.apiKey },
    logs.log,
  );
  undo(() => openrouter.close());
  const me = { id: world.botId, is_bot: true, first_name: 'Evenkeel', username: 'evenkeel_bot' } as UserFromGetMe;
  const handle = createBotHandler({
    botToken,
    apiRoot: world.telegram.apiRoot,
    me,
    telegram,
    features: features ?? composeFeatures({ pool, posture, openrouter }),
  });

  async function run(
    body: object,
    { sends = [], age = 0, signal = new AbortController().signal }: RunOptions = {},
  ): Promise<StoredUpdate> {
    const updateId = (body as { update_id: number }).update_id;
    const update: StoredUpdate = {
      botId: world.botId,
      updateId,
      queue: 'chat',
      lane: `${world.botId}:${updateId}`,
      body: JSON.stringify(body),
      age,
      attempts: 0,
      takeovers: 0,
      sends,
    };
    const turn: Turn = {
      update,
      signal,
      deadline: Date.now() + posture.jobs.chat.handler,
      log: logs.log,
      hold: () => signal.throwIfAborted(),
      recordSends: async (confirmed) => {
        update.sends = [...confirmed];
      },
    };
    await handle(turn);
    return update;
  }

  return { handle, telegram, openrouter, pool, logs, run };
}
