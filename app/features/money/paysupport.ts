/** /paysupport: what somebody writes of a payment reaches a person, or its writer is told that it does not. */
import { GrammyError } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import type { Pool } from '../../database/pool.ts';
import { languageOf } from '../../people/index.ts';
import { mayNotWrite } from '../../providers/telegram-answer.ts';
import { beginning } from '../../text.ts';
import { texts } from './texts.ts';

/** Of what is passed on: a message of Telegram's, less what stands around it. */
const LIMIT = 3_500;

/** Telegram's words for who has never opened the bot, beside those for who has blocked it. */
const NEVER_OPENED = /chat not found|user not found|PEER_ID_INVALID|can't initiate conversation/i;

const cannotBeReached = (error: unknown): error is GrammyError =>
  error instanceof GrammyError && (mayNotWrite(error) || NEVER_OPENED.test(error.description));

/** To the first of the readers whom Telegram lets the bot write to; they see who comes before them and cannot be reached. */
export async function passOn(
  ctx: BotContext & { match: string },
  pool: Pool,
  readers: readonly number[],
): Promise<unknown> {
  const who = `${ctx.from!.first_name} (${ctx.from!.id})`;
  const words = beginning(ctx.match, LIMIT);
  const missed: number[] = [];
  for (const reader of new Set(readers)) {
    const language = await languageOf(pool, ctx.me.id, reader);
    const lines = [texts.complaint(language, { who, words })];
    if (missed.length > 0) lines.push(texts['complaint-missed'](language, { missed: missed.join(', ') }));
    try {
      await ctx.api.sendMessage(reader, lines.join('\n\n'));
    } catch (error) {
      if (!cannotBeReached(error)) throw error;
      missed.push(reader);
      continue;
    }
    if (missed.length > 0) ctx.turn.log.warn({ missed }, 'named for payment support, and never opened the bot');
    return ctx.reply(texts['paysupport-told'](ctx.language));
  }
  if (missed.length > 0)
    ctx.turn.log.error({ missed, userId: ctx.from!.id }, 'nobody who is named for payment support has opened the bot');
  return ctx.reply(texts[missed.length > 0 ? 'paysupport-unreached' : 'paysupport-nobody'](ctx.language));
}
