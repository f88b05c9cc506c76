/** The wallet: credits for Telegram Stars, and for crypto where that is on. What was paid, and where it is, is in the folder money. */
import { Composer, InlineKeyboard } from 'grammy';
import { answerTap } from '../../bot/answers.ts';
import type { BotContext } from '../../bot/context.ts';
import { dropIntent, intentOf } from '../../payments/intent.ts';
import { fromCents } from '../../payments/decimal.ts';
import { packagesOf, plansOf } from '../../payments/packages.ts';
import { objection, purchaseOf } from '../../payments/purchase.ts';
import { runningOf } from '../../payments/subscription-rows.ts';
import type { Language } from '../../texts/index.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { orderedBy } from '../money/ordered.ts';
import { texts as subscriptionTexts } from '../money/subscription/texts.ts';
import { PROMO, promo } from './promo.ts';
import { PLAN, subscribe, SUBSCRIBE } from './subscribe.ts';
import { texts } from './texts.ts';

const TOPUP = 'topup';
const DROP = 'cart:drop';
const BUY = /^buy:([a-z0-9-]+)$/;
/** Of who has been asked how to pay, and wants to by Stars. */
const STARS = /^stars:([a-z0-9-]+)$/;

function shop({ pool, posture, ways }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const packages = packagesOf(posture);
  const plans = plansOf(posture);
  const isAlsoSoldElsewhere = packages.some(({ cents }) => cents !== undefined);
  const keyboard = (language: Language) =>
    InlineKeyboard.from(packages.map((one) => [InlineKeyboard.text(texts.package(language, one), `buy:${one.name}`)]));
  const offer = async (ctx: BotContext) => {
    const { language } = ctx;
    const cart = ctx.from && (await intentOf(pool, ctx.me.id, ctx.from.id));
    const which = texts[isAlsoSoldElsewhere && ways().length > 0 ? 'topup-ways' : 'topup'](language);
    if (!cart) return ctx.reply(which, { reply_markup: keyboard(language) });
    const lines = [texts['cart-kept'](language, cart), which];
    return ctx.reply(lines.join('\n\n'), {
      reply_markup: keyboard(language).row().text(texts['cart-drop'](language), DROP),
    });
  };

  const inPrivate = composer.chatType('private');
  inPrivate.command(TOPUP, offer);
  // Where a forwarded copy of an invoice leads.
  inPrivate.command('start').filter((ctx) => ctx.match === TOPUP, offer);
  inPrivate.callbackQuery(TOPUP, async (ctx) => {
    await answerTap(ctx);
    await offer(ctx);
  });

  inPrivate.callbackQuery(DROP, async (ctx) => {
    await dropIntent(pool, ctx.me.id, ctx.from.id);
    await answerTap(ctx, texts['cart-dropped'](ctx.language));
  });

  inPrivate.callbackQuery([BUY, STARS], async (ctx) => {
    const { language } = ctx;
    const wanted = packages.find(({ name }) => name === ctx.match[1]);
    await answerTap(ctx, wanted ? undefined : texts.gone(language));
    if (!wanted) return;
    const others = wanted.cents === undefined || STARS.test(ctx.callbackQuery.data) ? [] : ways();
    if (others.length > 0) {
      const { name, price, cents, credits } = wanted;
      const choice = new InlineKeyboard().text(texts['by-stars'](language, { price }), `stars:${name}`);
      for (const { label, data } of others)
        choice.row().text(label(language, { price: fromCents(cents!) }), data(name));
      await ctx.reply(texts.how(language, { credits }), { reply_markup: choice });
      return;
    }
    const { id, credits, price } = await orderedBy(ctx, { pool, posture }, wanted);
    const title = texts.title(ctx.language, { credits });
    const description = texts.description(ctx.language, { credits });
    await ctx.replyWithInvoice(title, description, id, 'XTR', [{ label: title, amount: Number(price) }], {
      provider_token: '',
      // Without it, forwarded copies would keep a button that anybody can pay by (fault foreign-payer).
      start_parameter: TOPUP,
    });
  });

  composer.on('pre_checkout_query', async (ctx) => {
    const { invoice_payload: payload, from, currency, total_amount: amount } = ctx.preCheckoutQuery;
    const offered = await purchaseOf(pool, ctx.me.id, payload);
    const isSubscription = offered?.period != null;
    const refused = objection(
      offered,
      { payload, from: from.id, currency, amount },
      isSubscription ? plans : packages,
      isSubscription ? await runningOf(pool, ctx.me.id, from.id) : undefined,
    );
    if (refused) ctx.turn.log.warn({ refused, payload, userId: from.id }, 'payment refused before it was made');
    await (refused
      ? ctx.answerPreCheckoutQuery(false, texts[`refused-${refused}`](ctx.language))
      : ctx.answerPreCheckoutQuery(true));
  });
  return composer;
}

export const wallet: Feature<'wallet'> = {
  offers: [
    {
      command: { name: TOPUP, does: texts['does-topup'], isPrivate: true },
      button: { text: texts['topup-button'], data: TOPUP },
    },
    { command: { name: SUBSCRIBE, does: subscriptionTexts['does-subscribe'], isPrivate: true } },
    { command: { name: 'subscription', does: subscriptionTexts['does-subscription'], isPrivate: true } },
    { command: { name: PROMO, does: texts['does-promo'], isPrivate: true } },
    // What they do is always done (../money); to be found it is here.
    { command: { name: 'balance', does: texts['does-balance'], isPrivate: true } },
    { command: { name: 'history', does: texts['does-history'], isPrivate: true } },
    { command: { name: 'paysupport', does: texts['does-paysupport'], isPrivate: true } },
    { command: { name: 'terms', does: texts['does-terms'], isPrivate: true } },
  ],
  entrances: (needs) => new Composer<BotContext>(shop(needs), subscribe(needs), promo()),
  closed: { text: texts.closed, taps: [TOPUP, BUY, STARS, PLAN], checkouts: true },
};
