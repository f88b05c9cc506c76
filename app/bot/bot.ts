/** grammY, fed with stored updates by the worker: features composed, every call under its turn's signal. */
import { Bot, BotError, Composer, GrammyError, type Transformer } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import { Hopeless, RetryLater, Unreachable } from '../outcome.ts';
import type { Turn, UpdateHandler } from '../lanes/update.ts';
import { ProviderFailure } from '../providers/policy.ts';
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

  const turns = new WeakMap<Update, Turn>();
  bot.use(async (ctx, next) => {
    const turn = turns.get(ctx.update)!;
    ctx.turn = turn;
    ctx.api.config.use(
      telegram.transformer(() => turn.hold()),
      underSignal(turn),
      journal(turn),
    );
    await next();
  });
  for (const feature of features) bot.use(feature);

  return async (turn) => {
    const update = JSON.parse(turn.update.body) as Update;
    turns.set(update, turn);
    try {
      await bot.handleUpdate(update);
    } catch (error) {
      throw classify(error instanceof BotError ? error.error : error, turn.update.age);
    }
  };
}

const REVOKED_PAUSE = 30_000;

/** Pauses while a provider does nothing for us, ms: half of the update's age, so that they grow with the outage. */
const [SHORTEST, LONGEST] = [1_000, 300_000];
/** Age beyond which an update is no longer waited with: Telegram itself keeps messages for 24 h. */
const GIVE_UP = 86_400_000;

/**
 * What a failure means for the update, whose age is in ms. Telegram's refusals: nobody there to answer, or something
 * that no repetition will mend. A provider that surely did nothing is waited for, without using an attempt: a minute of
 * its errors must not park what users wrote (fault no-breaker). Any other error is an attempt.
 */
export function classify(error: unknown, age: number): unknown {
  if (error instanceof ProviderFailure && error.safeToRepeat && age < GIVE_UP) {
    return new RetryLater(Math.min(Math.max(age / 2, SHORTEST), LONGEST), error.message, { cause: error });
  }
  if (!(error instanceof GrammyError)) return error;
  if (error.error_code === 403) return new Unreachable(`telegram: ${error.description}`, { cause: error });
  // The token was revoked: nothing about this update is wrong, and it waits until a valid one is deployed.
  if (error.error_code === 401) {
    return new RetryLater(REVOKED_PAUSE, `telegram: 401 ${error.description}`, { cause: error });
  }
  return new Hopeless(`telegram refused ${error.method}: ${error.error_code} ${error.description}`, { cause: error });
}
