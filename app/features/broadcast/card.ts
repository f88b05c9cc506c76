/** The card of a draft: who gets it is chosen there, and whether it goes out, which is said twice. */
import { Composer, InlineKeyboard } from 'grammy';
import { z } from 'zod';
import type { BotContext } from '../../bot/context.ts';
import { forOwners } from '../../bot/roles.ts';
import { onTap } from '../../bot/taps.ts';
import type { Tx } from '../../database/tx.ts';
import { ask, tapAction } from '../../people/index.ts';
import { isLanguage, LANGUAGES, languages, type Language } from '../../texts/index.ts';
import type { FeatureNeeds } from '../feature.ts';
import { CATEGORIES, countAudience, SEGMENTS, type Audience, type Category, type Segment } from './audience.ts';
import { preview } from './preview.ts';
import { start } from './steer.ts';
import { choose, discard, lockBroadcast, type Broadcast } from './store.ts';
import { texts } from './texts.ts';

type Needs = Pick<FeatureNeeds, 'pool' | 'posture'>;

/** How long its buttons can be tapped, ms. */
const LASTS = 3_600_000;

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

/** What the buttons of this version of a draft carry. */
export async function buttonsOf(tx: Tx, botId: number, userId: number, id: number, version: number): Promise<Buttons> {
  const cause = `draft:${id}:${version}`;
  const data = await ask(tx, chosen, { botId, userId, cause, input: { id, version }, lasts: LASTS });
  return Object.fromEntries(CHOICES.map((choice) => [choice, data(choice)])) as Buttons;
}

export const audienceOf = ({ segment, language, category }: Broadcast): Audience => ({ segment, language, category });

const paceOf = ({ posture }: Needs): number => posture.providers.telegram.rate.broadcast;

/** Whom it is for, and how many that are. */
export async function card(needs: Needs, ctx: BotContext, audience: Audience, buttons: Buttons, note?: string) {
  const { pool } = needs;
  const pace = paceOf(needs);
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

export function choosing(needs: Needs): Composer<BotContext> {
  const { pool, posture } = needs;
  const pace = paceOf(needs);
  const composer = new Composer<BotContext>();
  onTap(forOwners(composer, posture.people), chosen, {
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
      const { text, keyboard } = await card(needs, ctx, audience, buttons, note);
      return ctx.editMessageText(text, { reply_markup: keyboard });
    },
  });
  return composer;
}

/** What was chosen before, with this one choice. */
function after(audience: Audience, choice: Choice): Audience {
  const value = choice.slice(2);
  if (choice.startsWith('s-')) return { ...audience, segment: value as Segment };
  if (choice.startsWith('l-')) return { ...audience, language: isLanguage(value) ? (value satisfies Language) : null };
  if (choice.startsWith('c-')) return { ...audience, category: value as Category };
  return audience;
}
