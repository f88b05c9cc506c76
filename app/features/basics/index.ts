/** Commands that every bot has, and the answers that no update may go without. */
import { Composer, InlineKeyboard } from 'grammy';
import { answerTap } from '../../bot/answers.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { texts } from './texts.ts';

const HELP = 'help';

/** Comes after the features whose buttons it would answer in their stead. */
function answers({ offers }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();

  function keyboard({ language, from }: BotContext): InlineKeyboard {
    const buttons = new InlineKeyboard().text(texts['help-button'](language), HELP);
    for (const { button } of offers(from?.id)) if (button) buttons.text(button.text(language), button.data);
    // Three in a row are too narrow for their words on a phone.
    return buttons.toFlowed(2);
  }
  function help(ctx: BotContext) {
    const { language, from, chat } = ctx;
    // In a group nobody is shown what only some may do.
    const commands = offers(chat?.type === 'private' ? from?.id : undefined).map(({ command: { name, does } }) =>
      texts.command(language, { name, does: does(language) }),
    );
    return ctx.reply(texts.help(language, { commands: commands.join('\n') }), { parse_mode: 'HTML' });
  }

  composer.command('start', (ctx) => {
    const name = ctx.from?.first_name;
    const greeting = name ? texts.start(ctx.language, { name }) : texts['start-nameless'](ctx.language);
    return ctx.reply(greeting, { parse_mode: 'HTML', reply_markup: keyboard(ctx) });
  });
  composer.command('help', help);
  composer.callbackQuery(HELP, async (ctx) => {
    await answerTap(ctx);
    await help(ctx);
  });
  // A button of an older release: the user's client must not wait for an answer for ever.
  composer.on('callback_query', (ctx) => answerTap(ctx));
  // Telegram cancels a payment that is not answered within 10 s; a bot that sells nothing says so at once.
  composer.on('pre_checkout_query', (ctx) =>
    ctx.answerPreCheckoutQuery(false, texts['nothing-for-sale'](ctx.language)),
  );
  composer
    .chatType('private')
    .on('message:text')
    .filter(
      (ctx) => ctx.message.text.startsWith('/'),
      (ctx) => ctx.reply(texts['unknown-command'](ctx.language)),
    );
  return composer;
}

export const basics: Feature = {
  offers: [{ command: { name: HELP, does: texts['help-does'] } }],
  entrances: answers,
};
