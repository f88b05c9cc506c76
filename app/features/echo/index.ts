/** What answers a text when no feature does: it shows that the bot is there, and costs one message. */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { beginning } from '../../text.ts';
import type { Feature } from '../feature.ts';
import { texts } from './texts.ts';

/** Telegram's limit of a message, less what stands before the text. */
const LIMIT = 4000;

function say(): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer
    .chatType('private')
    .on(['message:text', 'message:caption'], (ctx) =>
      ctx.reply(texts.wrote(ctx.language, { text: beginning(ctx.message.text ?? ctx.message.caption ?? '', LIMIT) })),
    );
  return composer;
}

export const echo = { reads: say } satisfies Feature;
