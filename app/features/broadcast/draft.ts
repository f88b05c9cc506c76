/**
 * How a broadcast is written: a question and its answer, seen at once as people will see it; then a card on which it is
 * chosen who gets it. Nothing goes out before it was seen, and before it was said twice that it shall.
 */
import { Composer, InlineKeyboard } from 'grammy';
import { z } from 'zod';
import type { BotContext } from '../../bot/context.ts';
import { forOwners } from '../../bot/roles.ts';
import { onTap } from '../../bot/taps.ts';
import { ask, dialogAt, dialogKind, ENDED, openDialog, stepDialog, tapAction } from '../../people/index.ts';
import type { FeatureNeeds } from '../feature.ts';
import { audienceOf, buttonsOf, card } from './card.ts';
import { content as contentSchema, contentOf, type Content } from './content.ts';
import { preview } from './preview.ts';
import { correct, type Steered } from './steer.ts';
import { draft, lastOf } from './store.ts';
import { texts } from './texts.ts';

/** How long an answer is waited for, ms. */
const LASTS = 3_600_000;

/** `edits`: of which broadcast the text is changed. */
const dialog = dialogKind('broadcast', 1, z.strictObject({ edits: z.int().optional() }));

const corrected = tapAction('recast', z.strictObject({ id: z.int(), content: contentSchema }), ['yes', 'no']);

export async function askWhat(ctx: BotContext, edits?: number): Promise<unknown> {
  const place = { botId: ctx.me.id, chatId: ctx.chat!.id, userId: ctx.from!.id };
  const state = edits === undefined ? {} : { edits };
  await ctx.turn.transaction((tx) => openDialog(tx, dialog, place, { state, lasts: LASTS }));
  const text = edits === undefined ? texts.what(ctx.language) : texts['what-instead'](ctx.language);
  return ctx.reply(text, { reply_markup: { force_reply: true } });
}

export function writing(needs: FeatureNeeds): Composer<BotContext> {
  const { pool, posture } = needs;
  const reads = new Composer<BotContext>();
  forOwners(reads, posture.people)
    .chatType('private')
    .on('message')
    .filter(
      (ctx) => ctx.message.reply_to_message?.from?.id === ctx.me.id,
      async (ctx, next) => {
        const { update_id: updateId } = ctx.update;
        const place = { botId: ctx.me.id, chatId: ctx.chat.id, userId: ctx.from.id, updateId };
        const state = await dialogAt(pool, dialog, place);
        if (!state) return next();
        const content = contentOf(ctx.message);
        if (!content) return ctx.reply(texts['no-content'](ctx.language), { reply_markup: { force_reply: true } });
        if (state.edits !== undefined) return askInstead(ctx, place, state.edits, content);
        if (!(await preview(ctx, content, 'news'))) return;
        const made = await ctx.turn.transaction(async (tx) => {
          await stepDialog(tx, dialog, place, () => Promise.resolve(ENDED));
          const broadcast = await draft(tx, { botId: place.botId, madeBy: place.userId, updateId, content });
          const { id, version } = broadcast;
          return { broadcast, buttons: await buttonsOf(tx, place.botId, place.userId, id, version) };
        });
        const { text, keyboard } = await card(needs, ctx, audienceOf(made.broadcast), made.buttons);
        return ctx.reply(text, { reply_markup: keyboard });
      },
    );

  /** The new words of one that went out: seen first, as the old ones were. */
  async function askInstead(
    ctx: BotContext,
    place: { botId: number; chatId: number; userId: number; updateId: number },
    id: number,
    written: Content,
  ): Promise<unknown> {
    const last = await lastOf(pool, place.botId);
    if (last?.id !== id) return ctx.reply(texts['nothing-to-edit'](ctx.language));
    const { photo, ...words } = written;
    if (photo !== undefined)
      return ctx.reply(texts['words-alone'](ctx.language), { reply_markup: { force_reply: true } });
    const content: Content = last.content.photo === undefined ? words : { ...words, photo: last.content.photo };
    if (!(await preview(ctx, content, last.category))) return undefined;
    const data = await ctx.turn.transaction(async (tx) => {
      await stepDialog(tx, dialog, place, () => Promise.resolve(ENDED));
      const cause = `recast:${place.updateId}`;
      return ask(tx, corrected, { ...place, cause, input: { id, content }, lasts: LASTS });
    });
    const { language } = ctx;
    return ctx.reply(texts.instead(language, { count: last.sent }), {
      reply_markup: InlineKeyboard.from([
        [
          InlineKeyboard.text(texts.change(language), data('yes')),
          InlineKeyboard.text(texts.leave(language), data('no')),
        ],
      ]),
    });
  }
  return reads;
}

/** What was written in the place of one that went out is put there. */
export function correcting({ posture }: Pick<FeatureNeeds, 'posture'>): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  onTap(forOwners(composer, posture.people), corrected, {
    effect: async (tx, { ctx, input: { id, content }, choice }) =>
      choice === 'no' ? 'left' : correct(tx, { botId: ctx.me.id, userId: ctx.from!.id }, id, content),
    then: (ctx, became: Steered | 'left') => ctx.editMessageText(texts[`instead-${became}`](ctx.language)),
  });
  return composer;
}
