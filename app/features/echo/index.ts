/** What answers a text when no feature does: it shows that the bot is there, and costs one message. */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';

/** Telegram's limit of a message, less what stands before the text. */
const LIMIT = 4000;

export function echo(): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.chatType('private').on('message:text', (ctx) => ctx.reply(`You wrote: ${ctx.message.text.slice(0, LIMIT)}`));
  return composer;
}
