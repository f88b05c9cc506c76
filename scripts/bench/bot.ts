/** The bot as its peers run it: the same grammY handler and the same client of Telegram, with nothing durable around it. */
import { Api } from 'grammy';
import { createBotHandler } from '../../app/bot/bot.ts';
import { echo } from '../../app/features/echo/index.ts';
import type { StoredUpdate } from '../../app/lanes/update.ts';
import { createLogger } from '../../app/log.ts';
import type { Limiter } from '../../app/providers/limiter/index.ts';
import { createTelegramClient } from '../../app/providers/telegram.ts';
import { resolve } from '../../posture/resolve.ts';
import type { Posture } from '../../posture/schema/index.ts';

/** Peers have no limiter to share. */
const UNLIMITED: Limiter = {
  take: () => undefined,
  heard: () => undefined,
  state: () => ({ waiting: 0, waited: 0, postponed: 0, refused: 0, closedFor: 0, alone: 1 }),
  close: async () => undefined,
};

const never = new AbortController().signal;
const notDurable = () => Promise.reject(new Error('nothing is durable here'));

export interface Bot {
  posture: Posture;
  /** Handles an update, given as JSON. */
  handle: (body: string) => Promise<void>;
}

/** Reads BOT_TOKEN, TELEGRAM_API_ROOT and POSTURE from the environment. */
export async function openBot(name: string): Promise<Bot> {
  const { BOT_TOKEN: botToken, TELEGRAM_API_ROOT: apiRoot, POSTURE } = process.env as Record<string, string>;
  const posture = resolve(JSON.parse(POSTURE!));
  const log = createLogger(name, 'warn');
  const telegram = createTelegramClient(posture, { apiRoot: apiRoot!, botToken: botToken! }, log, UNLIMITED);
  const handle = createBotHandler({
    botToken: botToken!,
    apiRoot: apiRoot!,
    me: await new Api(botToken!, { apiRoot: apiRoot! }).getMe(),
    telegram,
    features: [echo.reads()],
    jobs: posture.jobs,
  });
  return {
    posture,
    async handle(body) {
      const update: StoredUpdate = {
        botId: 1,
        updateId: 1,
        queue: 'chat',
        lane: '',
        body,
        age: 0,
        attempts: 0,
        takeovers: 0,
        sends: [],
      };
      await handle({
        update,
        signal: never,
        deadline: Infinity,
        log,
        hold: () => undefined,
        recordSends: async () => undefined,
        transaction: notDurable,
        done: notDurable,
      });
    },
  };
}
