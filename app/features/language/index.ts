/** /language: what the bot speaks, chosen by a button. Said again, the same choice is the same. */
import { Composer, InlineKeyboard } from 'grammy';
import { answerTap } from '../../bot/answers.ts';
import type { BotContext } from '../../bot/context.ts';
import { chooseLanguage } from '../../people/index.ts';
import { isLanguage, LANGUAGES, languageFor, languages, type Language } from '../../texts/index.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { texts } from './texts.ts';

const LANGUAGE = 'language';
/** The choice to be spoken to as one's app speaks. */
const APP = 'app';
const CHOICE = /^language:([a-z]+)$/;

function keyboard(language: Language): InlineKeyboard {
  const rows = languages.map((each) => [InlineKeyboard.text(LANGUAGES[each].name, `${LANGUAGE}:${each}`)]);
  return InlineKeyboard.from([...rows, [InlineKeyboard.text(texts['as-app'](language), `${LANGUAGE}:${APP}`)]]);
}

function choosing({ people }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const inPrivate = composer.chatType('private');

  inPrivate.command(LANGUAGE, (ctx) => ctx.reply(texts.which(ctx.language), { reply_markup: keyboard(ctx.language) }));

  inPrivate.callbackQuery(CHOICE, async (ctx) => {
    const wanted = ctx.match[1];
    const choice = isLanguage(wanted) ? wanted : null;
    // A language of an older release is none of ours: it becomes that of the app.
    await ctx.turn.transaction((tx) => chooseLanguage(tx, ctx.me.id, ctx.from.id, choice));
    await people.chose(ctx.from.id, choice);
    const language = choice ?? languageFor(ctx.from.language_code);
    await answerTap(ctx);
    await ctx.reply(texts[choice ? 'chosen' : 'chosen-app'](language));
  });
  return composer;
}

export const language: Feature = {
  offers: [{ command: { name: LANGUAGE, does: texts.does }, shown: 'always' }],
  entrances: choosing,
};
