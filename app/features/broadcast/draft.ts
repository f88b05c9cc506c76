/**
 * How a broadcast is written: a question and its answer, seen at once as people will see it; then a card on which it is
 * chosen who gets it. Nothing goes out before it was seen, and before it was said twice that it shall.
 */
import { Composer, GrammyError, InlineKeyboard } from 'grammy';
import { z } from 'zod';
import type { BotContext } from '../../bot/context.ts';
import { forOwners } from '../../bot/roles.ts';
import { onTap } from '../../bot/taps.ts';
import type { Tx } from '../../database/tx.ts';
import { ask, dialogAt, dialogKind, ENDED, openDialog, stepDialog, tapAction } from '../../people/index.ts';
import { isLanguage, LANGUAGES, languages, type Language } from '../../texts/index.ts';
import type { FeatureNeeds } from '../feature.ts';
import { CATEGORIES, countAudience, SEGMENTS, type Audience, type Category, type Segment } from './audience.ts';
import { callOf, content as contentSchema, contentOf, unreadable, type Content } from './content.ts';
import { correct, start, type Steered } from './steer.ts';
import { choose, discard, draft, lastOf, lockBroadcast, type Broadcast } from './store.ts';
import { texts } from './texts.ts';

/** How long an answer is waited for, ms. */
const LASTS = 3_600_000;

/** `edits`: of which broadcast the text is changed. */
const dialog = dialogKind('broadcast', 1, z.strictObject({ edits: z.int().optional() }));

const CHOICES = [
  ...SEGMENTS.map((segment) => `s-${segment}` as const),
  ...(['all', ...languages] as const).map((language) => `l-${language}` as const),
  ...CATEGORIES.map((category) => `c-${category}` as const),
  'test',
  'send',
  'yes',
  'back',
  'discard',
] as const;
type Choice = (typeof CHOICES)[number];
type Buttons = Record<Choice, string>;

const chosen = tapAction('draft', z.strictObject({ id: z.int(), version: z.int() }), CHOICES);
const corrected = tapAction('recast', z.strictObject({ id: z.int(), content: contentSchema }), ['yes', 'no']);

/** What the buttons of this version of a draft carry. */
async function buttonsOf(tx: Tx, botId: number, userId: number, id: number, version: number): Promise<Buttons> {
  const cause = `draft:${id}:${version}`;
  const data = await ask(tx, chosen, { botId, userId, cause, input: { id, version }, lasts: LASTS });
  return Object.fromEntries(CHOICES.map((choice) => [choice, data(choice)])) as Buttons;
}

const audienceOf = ({ segment, language, category }: Broadcast): Audience => ({ segment, language, category });

export async function askWhat(ctx: BotContext, edits?: number): Promise<unknown> {
  const place = { botId: ctx.me.id, chatId: ctx.chat!.id, userId: ctx.from!.id };
  const state = edits === undefined ? {} : { edits };
  await ctx.turn.transaction((tx) => openDialog(tx, dialog, place, { state, lasts: LASTS }));
  const text = edits === undefined ? texts.what(ctx.language) : texts['what-instead'](ctx.language);
  return ctx.reply(text, { reply_markup: { force_reply: true } });
}

/** As people will see it. False where Telegram cannot read it: then it was said what is wrong. */
async function preview(ctx: BotContext, content: Content, category: Category): Promise<boolean> {
  const { method, payload } = callOf(content, { category, language: ctx.language });
  const raw = ctx.api.raw as unknown as Record<string, (payload: object) => Promise<unknown>>;
  try {
    await raw[method]!({ chat_id: ctx.chat!.id, ...payload });
    return true;
  } catch (error) {
    if (!(error instanceof GrammyError) || error.error_code !== 400) throw error;
    const near = unreadable(content.text, error.description);
    const text =
      /parse entities/i.test(error.description) && near !== ''
        ? texts['bad-html'](ctx.language, { near })
        : texts['bad-content'](ctx.language);
    await ctx.reply(text, { reply_markup: { force_reply: true } });
    return false;
  }
}

export function writing(needs: FeatureNeeds): { reads: Composer<BotContext>; entrances: Composer<BotContext> } {
  const { pool, posture } = needs;
  const pace = posture.providers.telegram.rate.broadcast;

  async function card(ctx: BotContext, audience: Audience, buttons: Buttons, note?: string) {
    const { language } = ctx;
    const count = await countAudience(pool, ctx.me.id, audience);
    const button = (choice: Choice, text: string, isChosen = false) =>
      InlineKeyboard.text(isChosen ? `• ${text}` : text, buttons[choice]);
    const segments = SEGMENTS.map((each) => button(`s-${each}`, texts[each](language), each === audience.segment));
    const spoken = (['all', ...languages] as const).map((each) =>
      button(
        `l-${each}`,
        each === 'all' ? texts['all-languages'](language) : LANGUAGES[each].name,
        (audience.language ?? 'all') === each,
      ),
    );
    const categories = CATEGORIES.map((each) => button(`c-${each}`, texts[each](language), each === audience.category));
    const keyboard = InlineKeyboard.from([
      segments.slice(0, 1),
      segments.slice(1, 4),
      segments.slice(4),
      spoken,
      categories,
      [button('test', texts.test(language)), button('discard', texts.discard(language))],
      ...(count > 0 && pace > 0 ? [[button('send', texts.send(language, { count }))]] : []),
    ]);
    const text = [
      ...(note ? [note, ''] : []),
      texts.card(language, {
        segment: texts[audience.segment](language),
        language: audience.language ? LANGUAGES[audience.language].name : texts['all-languages'](language),
        category: texts[audience.category](language),
      }),
      pace === 0 ? texts['no-pace'](language) : texts.reach(language, { count, minutes: Math.ceil(count / pace / 60) }),
    ].join('\n');
    return { text, keyboard };
  }

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
        const { text, keyboard } = await card(ctx, audienceOf(made.broadcast), made.buttons);
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

  const entrances = new Composer<BotContext>();
  const owners = forOwners(entrances, posture.people);
  onTap(owners, corrected, {
    effect: async (tx, { ctx, input: { id, content }, choice }) =>
      choice === 'no' ? 'left' : correct(tx, { botId: ctx.me.id, userId: ctx.from!.id }, id, content),
    then: (ctx, became: Steered | 'left') => ctx.editMessageText(texts[`instead-${became}`](ctx.language)),
  });
  onTap(owners, chosen, {
    effect: async (tx, { ctx, input, choice }) => {
      const broadcast = await lockBroadcast(tx, input.id);
      if (broadcast?.state !== 'draft' || broadcast.version !== input.version) return { is: 'stale' as const };
      const by = { botId: ctx.me.id, userId: ctx.from!.id };
      if (choice === 'discard') {
        await discard(tx, input.id);
        return { is: 'discarded' as const };
      }
      const busy = choice === 'yes' && (await start(tx, by, broadcast)) === 'busy';
      if (choice === 'yes' && !busy) return { is: 'started' as const };
      const audience = after(audienceOf(broadcast), choice);
      const version = await choose(tx, input.id, audience);
      const buttons = await buttonsOf(tx, by.botId, by.userId, input.id, version);
      const is = busy ? ('busy' as const) : choice === 'send' ? ('confirm' as const) : ('card' as const);
      return { is, audience, buttons, ...(choice === 'test' && { test: broadcast.content }) };
    },
    then: async (ctx, result) => {
      const { language } = ctx;
      if (result.is === 'stale' || result.is === 'discarded' || result.is === 'started')
        return ctx.editMessageText(texts[`draft-${result.is}`](language));
      const { audience, buttons } = result;
      if (result.is === 'confirm') {
        const count = await countAudience(pool, ctx.me.id, audience);
        const keyboard = InlineKeyboard.from([
          [InlineKeyboard.text(texts.yes(language, { count }), buttons.yes)],
          [InlineKeyboard.text(texts.back(language), buttons.back)],
        ]);
        return ctx.editMessageText(texts.confirm(language, { count, pace, minutes: Math.ceil(count / pace / 60) }), {
          reply_markup: keyboard,
        });
      }
      if (result.test) await preview(ctx, result.test, audience.category);
      const note = result.is === 'busy' ? texts.busy(language) : undefined;
      const { text, keyboard } = await card(ctx, audience, buttons, note);
      return ctx.editMessageText(text, { reply_markup: keyboard });
    },
  });
  return { reads, entrances };
}

/** What was chosen before, with this one choice. */
function after(audience: Audience, choice: Choice): Audience {
  const value = choice.slice(2);
  if (choice.startsWith('s-')) return { ...audience, segment: value as Segment };
  if (choice.startsWith('l-')) return { ...audience, language: isLanguage(value) ? (value satisfies Language) : null };
  if (choice.startsWith('c-')) return { ...audience, category: value as Category };
  return audience;
}
