/** grammY, fed with stored updates by the worker: features composed, every call under its turn's signal. */
import { Bot, BotError, Composer, GrammyError, type Transformer } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import { Hopeless, RetryLater, Unreachable } from '../lanes/outcome.ts';
import type { Turn, UpdateHandler } from '../lanes/update.ts';
import type { TelegramClient } from '../providers/telegram.ts';
import type { BotContext } from './context.ts';
import { journal } from './journal.ts';

interface BotOptions {
  botToken: string;
  apiRoot: string;
  me: UserFromGetMe;
  telegram: TelegramClient;
  features: Composer<BotContext>[];
}

/** Ends every call of a turn with the turn: handlers need not pass the signal along. */
const underSignal =
  (turn: Turn): Transformer =>
  (prev, method, payload, signal) => {
    const given = signal as AbortSignal | undefined;
    const joined = given ? AbortSignal.any([turn.signal, given]) : turn.signal;
    return prev(method, payload, joined as unknown as typeof signal);
  };

/** Makes the handler that the lanes call for each update. It rejects with what went wrong, unwrapped and classified. */
export function createBotHandler({ botToken, apiRoot, me, telegram, features }: BotOptions): UpdateHandler {
  const bot = new Bot<BotContext>(botToken, { botInfo: me, client: { apiRoot, canUseWebhookReply: () => false } });
  bot.api.config.use(telegram.transformer);

  const turns = new WeakMap<Update, Turn>();
  bot.use(async (ctx, next) => {
    const turn = turns.get(ctx.update)!;
    ctx.turn = turn;
    ctx.api.config.use(underSignal(turn), journal(turn));
    await next();
  });
  for (const feature of features) bot.use(feature);

  return async (turn) => {
    const update = JSON.parse(turn.update.body) as Update;
    turns.set(update, turn);
    try {
      await bot.handleUpdate(update);
    } catch (error) {
      throw classify(error instanceof BotError ? error.error : error);
    }
  };
}

const REVOKED_PAUSE = 30_000;

/** Telegram's refusals: nobody there to answer, or something that no repetition will mend. */
export function classify(error: unknown): unknown {
  if (!(error instanceof GrammyError)) return error;
  if (error.error_code === 403) return new Unreachable(`telegram: ${error.description}`, { cause: error });
  // The token was revoked: nothing about this update is wrong, and it waits until a valid one is deployed.
  if (error.error_code === 401)
    return new RetryLater(REVOKED_PAUSE, `telegram: 401 ${error.description}`, { cause: error });
  return new Hopeless(`telegram refused ${error.method}: ${error.error_code} ${error.description}`, { cause: error });
}
