/** Commands that every bot has, and the answers that no update may go without. */
import { Composer, InlineKeyboard } from 'grammy';
import { answerTap } from '../../bot/answers.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Offer } from '../offer.ts';
import { texts } from './texts.ts';

const HELP = 'help';

const escapeHtml = (text: string): string =>
  text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!);

/** Comes after the features whose buttons it would answer in their stead. */
export function basics(offers: readonly Offer[]): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const keyboard = new InlineKeyboard().text(texts.buttons.help, HELP);
  for (const { button } of offers) if (button) keyboard.text(button.text, button.data);
  const help = texts.help(offers.map(({ command }) => command));

  composer.command('start', (ctx) =>
    ctx.reply(texts.start(escapeHtml(ctx.from?.first_name ?? '')), { parse_mode: 'HTML', reply_markup: keyboard }),
  );
  composer.command('help', (ctx) => ctx.reply(help, { parse_mode: 'HTML' }));
  composer.callbackQuery(HELP, async (ctx) => {
    await answerTap(ctx);
    await ctx.reply(help, { parse_mode: 'HTML' });
  });
  // A button of an older release: the user's client must not wait for an answer for ever.
  composer.on('callback_query', (ctx) => answerTap(ctx));
  // Telegram cancels a payment that is not answered within 10 s; a bot that sells nothing says so at once.
  composer.on('pre_checkout_query', (ctx) => ctx.answerPreCheckoutQuery(false, texts.nothingForSale));
  composer
    .chatType('private')
    .on('message:text')
    .filter(
      (ctx) => ctx.message.text.startsWith('/'),
      (ctx) => ctx.reply(texts.unknownCommand),
    );
  return composer;
}
