/** /notify: what somebody wants to be written to about; and the button under each message that ends more of its kind. */
import { Composer, InlineKeyboard } from 'grammy';
import { answerTap } from '../../bot/answers.ts';
import type { BotContext } from '../../bot/context.ts';
import { texts as common } from '../../bot/texts.ts';
import type { Language } from '../../texts/index.ts';
import type { FeatureNeeds } from '../feature.ts';
import { isOptional, mute, mutedBy, OPTIONAL } from './audience.ts';
import { texts } from './texts.ts';

const SWITCH = /^notify:(on|off|set-on|set-off):([a-z]+)$/;

function settings(language: Language, muted: readonly string[]) {
  const rows = OPTIONAL.map((category) => {
    const isOn = !muted.includes(category);
    const text = `${isOn ? '●' : '○'} ${texts[category](language)}`;
    return [InlineKeyboard.text(text, `notify:${isOn ? 'set-off' : 'set-on'}:${category}`)];
  });
  return { text: texts.notify(language), reply_markup: InlineKeyboard.from(rows) };
}

export function notifying({ pool }: Pick<FeatureNeeds, 'pool'>): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.command('notify', async (ctx) => {
    if (ctx.chat.type !== 'private' || !ctx.from) return ctx.reply(common['private-only'](ctx.language));
    const { text, ...rest } = settings(ctx.language, await mutedBy(pool, ctx.me.id, ctx.from.id));
    return ctx.reply(text, rest);
  });
  // Tapped again, it is the same: whoever wants to hear no more need not find the one button that is still good.
  composer.callbackQuery(SWITCH, async (ctx) => {
    const [, how, category = ''] = ctx.match as unknown as [string, string, string];
    if (!isOptional(category)) return answerTap(ctx);
    const isMuted = how.endsWith('off');
    const [botId, userId] = [ctx.me.id, ctx.from.id];
    await ctx.turn.transaction((tx) => mute(tx, { botId, userId, category, isMuted }));
    const what = texts[category](ctx.language);
    await answerTap(ctx, texts[isMuted ? 'muted' : 'unmuted'](ctx.language, { what }));
    if (!how.startsWith('set-')) return undefined;
    const { text, ...rest } = settings(ctx.language, await mutedBy(pool, botId, userId));
    return ctx.editMessageText(text, rest);
  });
  return composer;
}
