/** The wallet: credits for Telegram Stars, and where they are. */
import { Composer, InlineKeyboard } from 'grammy';
import type { Posture } from '../../../posture/schema/index.ts';
import { answerTap } from '../../bot/answers.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Pool } from '../../database/pool.ts';
import { balanceOf } from '../../ledger/index.ts';
import { heldBy, history } from '../../payments/history.ts';
import { packagesOf } from '../../payments/packages.ts';
import { objection, order, purchaseOf } from '../../payments/purchase.ts';
import type { Offer } from '../offer.ts';
import { texts } from './texts.ts';

const TOPUP = 'topup';
const BUY = /^buy:([a-z0-9-]+)$/;

/** How people find it. */
export const walletOffer: Offer = {
  command: { name: TOPUP, does: () => texts.does.topup },
  button: { text: () => texts.buttons.topup, data: TOPUP },
};

/** Movements that /history shows. */
const SHOWN = 15;

/** What sells; nothing of it is there while the wallet is off. */
function shop(pool: Pool, posture: Posture): Composer<BotContext> {
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

export function wallet(pool: Pool, posture: Posture): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const { owners, support } = posture.people;
  if (posture.features.wallet) composer.use(shop(pool, posture));

  const inPrivate = composer.chatType('private');
  inPrivate.command(TOPUP, (ctx) => ctx.reply(texts.closed));
  inPrivate.callbackQuery([TOPUP, BUY], async (ctx) => answerTap(ctx, texts.closed));
  inPrivate.command('balance', async (ctx) =>
    ctx.reply(texts.balance(await balanceOf(pool, { botId: ctx.me.id, userId: ctx.from.id }))),
  );
  inPrivate.command('history', async (ctx) => {
    const lines = await history(pool, ctx.me.id, ctx.from.id, SHOWN);
    await ctx.reply(texts.history(lines, await heldBy(pool, ctx.me.id, ctx.from.id)));
  });
  inPrivate.command('terms', (ctx) => ctx.reply(texts.terms));
  inPrivate.command('paysupport', async (ctx) => {
    if (ctx.match === '') return ctx.reply(texts.paysupport);
    const [reader] = [...support, ...owners];
    if (reader === undefined) return ctx.reply(texts.paysupportNobody);
    const who = `${ctx.from.first_name} (${ctx.from.id})`;
    await ctx.api.sendMessage(reader, texts.complaint(who, ctx.match));
    return ctx.reply(texts.paysupportTold);
  });
  return composer;
}
