/** grammY, fed with stored updates by the worker: features composed, every call under its turn's signal. */
import { Api, Bot, BotError, Composer, GrammyError, type MiddlewareFn, type Transformer } from 'grammy';
import type { Update, UserFromGetMe } from 'grammy/types';
import { Hopeless, RetryLater, Unreachable } from '../outcome.ts';
import type { QueueName } from '../../posture/schema/index.ts';
import type { Turn, UpdateHandler } from '../lanes/update.ts';
import { ProviderFailure } from '../providers/policy.ts';
import { mayNotWrite } from '../providers/telegram-answer.ts';
import type { TelegramClient } from '../providers/telegram.ts';
import type { People as KnownPeople } from '../people/index.ts';
import { languageFor } from '../texts/index.ts';
import { cameTooLate } from './answers.ts';
import type { BotContext } from './context.ts';
import { createJournal, type Journal } from './journal.ts';
import { pauseOf } from '../pause.ts';
import { hasUnknown } from './places.ts';

interface BotOptions {
  botToken: string;
  apiRoot: string;
  me: UserFromGetMe;
  telegram: TelegramClient;
  features: Composer<BotContext>[];
  jobs: Record<QueueName, { patience: number }>;
  /** Told of people who write to the bot, and of those who block it. */
  people?: People;
  /** Knows who has chosen a language; without, everybody is spoken to in that of their app. */
  languages?: Pick<KnownPeople, 'spokenTo'>;
}

export interface People {
  /** They wrote; `certainly`: so that they may have come back. Undefined where there is nothing to do about it. */
  seen(userId: number, certainly: boolean): Promise<void> | undefined;
  mark(userIds: readonly number[]): Promise<void>;
}

/** Who blocked the bot is marked by Telegram's own word; who writes to it is marked no longer. */
const watching =
  (people: People): MiddlewareFn<BotContext> =>
  async (ctx, next) => {
    if (ctx.from && ctx.chat?.type === 'private') {
      const status = ctx.myChatMember?.new_chat_member.status;
      if (status === 'kicked') await people.mark([ctx.from.id]);
      else await people.seen(ctx.from.id, status !== undefined || ctx.message?.text?.startsWith('/start') === true);
    }
    await next();
  };

/** Ends every call of a turn with the turn: handlers need not pass the signal along. */
const underSignal =
  (turn: Turn): Transformer =>
  (prev, method, payload, signal) => {
    const given = signal as AbortSignal | undefined;
    const joined = given ? AbortSignal.any([turn.signal, given]) : turn.signal;
    return prev(method, payload, joined as unknown as typeof signal);
  };

/** A deadline that is over, ms of Date.now(): it waits for no longer than whatever must go out does. */
const PASSING = 0;

/** Makes the handler that the lanes call for each update. It rejects with what went wrong, unwrapped and classified. */
export function createBotHandler(options: BotOptions): UpdateHandler {
  const { botToken, apiRoot, me, telegram, features, jobs, people, languages } = options;
  const bot = new Bot<BotContext>(botToken, { botInfo: me, client: { apiRoot, canUseWebhookReply: () => false } });
  const api = new Api(botToken, { apiRoot });
  api.config.use(telegram.transformer());

  const turns = new WeakMap<Update, { turn: Turn; journal: Journal }>();
  bot.use(async (ctx, next) => {
    const { turn, journal } = turns.get(ctx.update)!;
    ctx.turn = turn;
    const isOwn = (ctx.chat ?? { type: 'private' }).type === 'private';
    ctx.language = languages?.spokenTo(ctx.from, isOwn) ?? languageFor(ctx.from?.language_code);
    ctx.api.config.use(telegram.transformer(journal.leaving, turn.deadline), underSignal(turn), journal.transformer);
    ctx.passing = () => {
      const passing = new Api(botToken, { apiRoot });
      passing.config.use(
        telegram.transformer(() => turn.hold(), PASSING, 'last'),
        underSignal(turn),
      );
      return passing;
    };
    await next();
  });
  if (people) bot.use(watching(people));
  for (const feature of features) bot.use(feature);

  return async (turn) => {
    const update = JSON.parse(turn.update.body) as Update;
    const journal = createJournal(turn, telegram);
    turns.set(update, { turn, journal });
    const failure = await run(update, turn).then(
      () => undefined,
      (error: unknown) => classify(error instanceof BotError ? error.error : error, turn.update.age),
    );
    // A handler that failed with sends under way: what becomes of them is known before the update is run again.
    await journal.idle();
    const impatient = failure instanceof RetryLater && turn.update.age >= jobs[turn.update.queue].patience;
    // Nor is a send that waits for its repeat left to the attempts, which would park it.
    const unknown = impatient || isOver(failure) ? journal.leftUnknown() : undefined;
    if (unknown ?? failure) throw unknown ?? failure;
  };

  async function run(update: Update, turn: Turn): Promise<void> {
    // One that waits with a send whose outcome is unknown does nothing until Telegram's breaker is closed again. The
    // question is the breaker's probe, as nothing else may be there to close it.
    if (hasUnknown(turn.update) && !telegram.isClosed())
      await api.getMe(turn.signal as unknown as Parameters<typeof api.getMe>[0]);
    await bot.handleUpdate(update);
  }
}

/** Whether an update will not be run again, however that is counted. */
const isOver = (failure: unknown): boolean => failure === undefined || failure instanceof Unreachable;

/**
 * What a failure means for the update, whose age is in ms. Telegram's refusals: nobody there to answer, or something
 * that no repetition will mend. A provider that surely did nothing is waited for, without using an attempt, within the
 * queue's patience: a minute of its errors must not park what users wrote (fault no-breaker). Any other error is an
 * attempt.
 */
export function classify(error: unknown, age: number): unknown {
  if (error instanceof ProviderFailure && error.outcome === 'not-done')
    return new RetryLater(pauseOf(age), error.message, { cause: error });
  if (!(error instanceof GrammyError)) return error;
  const said = `telegram refused ${error.method}: ${error.error_code} ${error.description}`;
  if (mayNotWrite(error)) return new Unreachable(said, { cause: error });
  // Nobody waits for it any more; of a payment, Telegram has cancelled it. A handler that must know catches this.
  if (cameTooLate(error)) return new Unreachable(said, { cause: error });
  // The token was revoked: nothing about this update is wrong, and it waits until a valid one is deployed.
  if (error.error_code === 401) return new RetryLater(pauseOf(age), said, { cause: error });
  return new Hopeless(said, { cause: error });
}
