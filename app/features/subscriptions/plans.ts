/** /plans: what is offered, and what is chosen by a tap that is used once, at the price that was shown. */
import { Composer, InlineKeyboard } from 'grammy';
import { z } from 'zod';
import type { Posture } from '../../../posture/schema/index.ts';
import type { BotContext } from '../../bot/context.ts';
import { onTap } from '../../bot/taps.ts';
import type { Tx } from '../../lanes/update.ts';
import { begin } from '../../payments/intent.ts';
import { MONTH, plansOf as monthliesOf, type Package } from '../../payments/packages.ts';
import { stand } from '../../payments/standing.ts';
import { runningOf } from '../../payments/subscription-rows.ts';
import { ask, tapAction } from '../../people/index.ts';
import type { Language } from '../../texts/index.ts';
import type { FeatureNeeds } from '../feature.ts';
import { orderedBy } from '../money/ordered.ts';
import { texts as monthlyTexts } from '../money/subscription/texts.ts';
import { accessOf } from './rows.ts';
import { texts } from './texts.ts';
import { periods, startTrial } from './verbs.ts';

const [MINUTE, HOUR] = [60_000, 3_600_000];

/** What is chosen, as it was shown: what the posture says later does not change it. */
const shown = z.strictObject({ plan: z.string(), credits: z.int(), period: z.int(), stars: z.string().optional() });
type Shown = z.output<typeof shown>;

export const choosing = tapAction('plan', shown, ['trial', 'credits', 'stars']);
type Way = 'trial' | 'credits' | 'stars';
type Chosen =
  | { trial: number }
  | { begun: number }
  | { missing: string }
  | { stars: Shown }
  | { not: 'trial-had' | 'gone' | 'running' };

/** Never longer than it is. */
function lengthOf(language: Language, period: number): string {
  if (period % (24 * HOUR) === 0) return texts.days(language, { count: period / (24 * HOUR) });
  return period >= HOUR
    ? texts.hours(language, { count: Math.floor(period / HOUR) })
    : texts.minutes(language, { count: Math.floor(period / MINUTE) });
}

/** The subscription by Stars whose credits pay for a plan, while Stars are taken at all. */
const monthlyOf = (posture: Posture, { stars }: { stars?: string | undefined }): Package | undefined =>
  stars !== undefined && (posture.features as Record<string, boolean>)['wallet']
    ? monthliesOf(posture).find(({ name }) => name === stars)
    : undefined;

export function plans({ pool, posture }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const { offered, trial, offerLasts, reserve: holds } = posture.plans;

  composer.command('plans', async (ctx) => {
    const { language } = ctx;
    if (ctx.chat.type !== 'private' || !ctx.from) return ctx.reply(texts.private(language));
    const [botId, userId] = [ctx.me.id, ctx.from.id];
    const all = Object.entries(offered);
    if (all.length === 0) return ctx.reply(texts['no-plans'](language));
    const isNew = trial > 0 && (await accessOf(pool, botId, userId)) === undefined;
    const keyboard = new InlineKeyboard();
    const lines = [texts.offer(language)];
    await ctx.turn.transaction(async (tx) => {
      for (const [plan, { credits, period, stars }] of all) {
        const input: Shown = { plan, credits, period, ...(stars !== undefined && { stars }) };
        const cause = `plans:${ctx.update.update_id}:${plan}`;
        const data = await ask(tx, choosing, { botId, userId, cause, input, lasts: offerLasts });
        const price = { plan, credits: BigInt(credits) };
        lines.push(texts.plan(language, { ...price, period: lengthOf(language, period) }));
        if (isNew)
          keyboard
            .text(texts['trial-button'](language, { plan, period: lengthOf(language, trial) }), data('trial'))
            .row();
        keyboard.text(texts['credits-button'](language, price), data('credits')).row();
        const monthly = monthlyOf(posture, { stars });
        if (monthly)
          keyboard.text(texts['stars-button'](language, { plan, price: monthly.price }), data('stars')).row();
      }
    });
    return ctx.reply(lines.join('\n'), { reply_markup: keyboard });
  });

  /** In the commit that uses the tap up: the trial and its job, or the credits and theirs, are there together. */
  async function choose(tx: Tx, ctx: BotContext, input: Shown, choice: Way): Promise<Chosen> {
    const [botId, userId] = [ctx.me.id, ctx.from!.id];
    const { plan, credits, period } = input;
    if (!Object.hasOwn(offered, plan)) return { not: 'gone' };
    if (choice === 'trial') {
      if (trial === 0) return { not: 'gone' };
      const access = await startTrial(tx, { botId, userId, plan, credits: BigInt(credits), period, lasts: trial });
      return access ? { trial: access.until.getTime() } : { not: 'trial-had' };
    }
    if (choice === 'stars') {
      if (!monthlyOf(posture, input)) return { not: 'gone' };
      return (await runningOf(tx, botId, userId)) ? { not: 'running' } : { stars: input };
    }
    const cause = `plan:${ctx.update.update_id}`;
    const wanted = { userId, cause, plan, credits, period };
    const begun = await begin(tx, {
      botId,
      userId,
      cause,
      cost: BigInt(credits),
      holds,
      queue: periods,
      input: wanted,
    });
    return begun.begun ? { begun: credits } : { missing: String(begun.missing) };
  }

  /** The order of Telegram's subscription, and what each of its payments is for, before it can be paid. */
  async function offerStars(ctx: BotContext & { from: NonNullable<BotContext['from']> }, input: Shown) {
    const { language } = ctx;
    const { plan, credits: cost, period } = input;
    const monthly = monthlyOf(posture, input);
    if (!monthly) return ctx.reply(texts.gone(language));
    const { id, credits, price } = await orderedBy(ctx, { pool, posture }, monthly, { period: MONTH });
    const each = { plan, credits: cost, period };
    await stand(pool, { botId: ctx.me.id, purchase: id, cost: BigInt(cost), holds, queue: periods.name, input: each });
    const title = monthlyTexts.title(language, { credits });
    const about = monthlyTexts.description(language, { credits });
    const prices = [{ label: title, amount: Number(price) }];
    const link = await ctx.api.createInvoiceLink(title, about, id, '', 'XTR', prices, { subscription_period: MONTH });
    const button = new InlineKeyboard().url(texts['link-button'](language, { price }), link);
    return ctx.reply(texts['stars-link'](language, { price, credits }), { reply_markup: button });
  }

  onTap(composer, choosing, {
    effect: (tx, { ctx, input, choice }) => choose(tx, ctx, input, choice),
    then: async (ctx, chosen) => {
      const { language } = ctx;
      if ('trial' in chosen) return ctx.reply(texts['trial-begun'](language, { until: new Date(chosen.trial) }));
      if ('begun' in chosen) return ctx.reply(texts.begun(language, { credits: BigInt(chosen.begun) }));
      if ('missing' in chosen) return ctx.reply(texts.missing(language, { missing: BigInt(chosen.missing) }));
      if ('not' in chosen) return ctx.reply(texts[chosen.not](language));
      return offerStars(ctx as Parameters<typeof offerStars>[0], chosen.stars);
    },
  });
  return composer;
}
