/** Subscriptions for sale: credits every month, by a link, as Telegram sells them no other way. */
import { Composer, InlineKeyboard } from 'grammy';
import { answerTap } from '../../bot/answers.ts';
import type { BotContext } from '../../bot/context.ts';
import { MONTH, plansOf } from '../../payments/packages.ts';
import type { FeatureNeeds } from '../feature.ts';
import { orderedBy } from '../money/ordered.ts';
import { texts } from '../money/subscription/texts.ts';

export const SUBSCRIBE = 'subscribe';
export const PLAN = /^plan:([a-z0-9-]+)$/;

export function subscribe({ pool, posture }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const plans = plansOf(posture);
  const inPrivate = composer.chatType('private');

  inPrivate.command(SUBSCRIBE, async (ctx) => {
    const { language } = ctx;
    if (plans.length === 0) return ctx.reply(texts['no-plans'](language));
    const rows = plans.map((plan) => [InlineKeyboard.text(texts.plan(language, plan), `plan:${plan.name}`)]);
    return ctx.reply(texts.plans(language), { reply_markup: InlineKeyboard.from(rows) });
  });

  inPrivate.callbackQuery(PLAN, async (ctx) => {
    const { language } = ctx;
    const wanted = plans.find(({ name }) => name === ctx.match[1]);
    await answerTap(ctx, wanted ? undefined : texts.gone(language));
    if (!wanted) return;
    const { id, credits, price } = await orderedBy(ctx, { pool, posture }, wanted, { period: MONTH });
    const title = texts.title(language, { credits });
    const prices = [{ label: title, amount: Number(price) }];
    // What it gives others who get hold of the link is refused before it is paid, as of any order (fault foreign-payer).
    const link = await ctx.api.createInvoiceLink(
      title,
      texts.description(language, { credits }),
      id,
      '',
      'XTR',
      prices,
      {
        subscription_period: MONTH,
      },
    );
    const button = new InlineKeyboard().url(texts['link-button'](language, { price }), link);
    await ctx.reply(texts.link(language, { credits, price }), { reply_markup: button });
  });
  return composer;
}
