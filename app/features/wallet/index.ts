/** The wallet: credits for Telegram Stars. What was paid, and where it is, is in the folder money. */
import { Composer, InlineKeyboard } from 'grammy';
import { answerTap } from '../../bot/answers.ts';
import type { BotContext } from '../../bot/context.ts';
import { packagesOf } from '../../payments/packages.ts';
import { objection, order, purchaseOf } from '../../payments/purchase.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { texts } from '../money/texts.ts';

const TOPUP = 'topup';
const BUY = /^buy:([a-z0-9-]+)$/;

function shop({ pool, posture }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const packages = packagesOf(posture);
  const { offerLasts: lasts } = posture.payments;
  const keyboard = InlineKeyboard.from(
    packages.map((one) => [InlineKeyboard.text(texts.package(one), `buy:${one.name}`)]),
  );
  const offer = (ctx: BotContext) => ctx.reply(texts.topup, { reply_markup: keyboard });

  const inPrivate = composer.chatType('private');
  inPrivate.command(TOPUP, offer);
  // Where a forwarded copy of an invoice leads.
  inPrivate.command('start').filter((ctx) => ctx.match === TOPUP, offer);
  inPrivate.callbackQuery(TOPUP, async (ctx) => {
    await answerTap(ctx);
    await offer(ctx);
  });

  inPrivate.callbackQuery(BUY, async (ctx) => {
    const wanted = packages.find(({ name }) => name === ctx.match[1]);
    await answerTap(ctx, wanted ? undefined : texts.gone);
    if (!wanted) return;
    const { id, credits, price } = await order(pool, {
      botId: ctx.me.id,
      updateId: ctx.update.update_id,
      userId: ctx.from.id,
      package: wanted,
      lasts,
    });
    const prices = [{ label: texts.title(credits), amount: Number(price) }];
    await ctx.replyWithInvoice(texts.title(credits), texts.description(credits), id, 'XTR', prices, {
      provider_token: '',
      // Without it, forwarded copies would keep a button that anybody can pay by (fault foreign-payer).
      start_parameter: TOPUP,
    });
  });

  composer.on('pre_checkout_query', async (ctx) => {
    const { invoice_payload: payload, from, currency, total_amount: amount } = ctx.preCheckoutQuery;
    const offered = await purchaseOf(pool, ctx.me.id, payload);
    const refused = objection(offered, { payload, from: from.id, currency, amount }, packages);
    if (refused) ctx.turn.log.warn({ refused, payload, userId: from.id }, 'payment refused before it was made');
    await (refused ? ctx.answerPreCheckoutQuery(false, texts.objection[refused]) : ctx.answerPreCheckoutQuery(true));
  });
  return composer;
}

export const wallet: Feature<'wallet'> = {
  offers: [
    {
      command: { name: TOPUP, does: () => texts.does.topup },
      button: { text: () => texts.buttons.topup, data: TOPUP },
    },
  ],
  entrances: shop,
  closed: { text: () => texts.closed, taps: [TOPUP, BUY] },
};
