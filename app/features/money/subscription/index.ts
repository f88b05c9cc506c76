/** What runs of subscriptions, whatever is for sale: shown, cancelled, had again, and what Telegram says of it. */
import { Composer, InlineKeyboard } from 'grammy';
import { answerTap } from '../../../bot/answers.ts';
import type { BotContext } from '../../../bot/context.ts';
import type { Tx } from '../../../database/tx.ts';
import { say } from '../../../outbox/index.ts';
import type { Booked } from '../../../payments/book.ts';
import { purchaseOf, objection } from '../../../payments/purchase.ts';
import { allow, cancel, heardOf } from '../../../payments/subscription.ts';
import { runningOf, subscriptionOf } from '../../../payments/subscription-rows.ts';
import { languageOf } from '../../../people/index.ts';
import type { Language } from '../../../texts/index.ts';
import type { FeatureNeeds } from '../../feature.ts';
import { texts } from './texts.ts';

const CANCEL = 'subscription:cancel';
const RESUME = 'subscription:resume';

export function subscriptions({ pool }: Pick<FeatureNeeds, 'pool'>): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const inPrivate = composer.chatType('private');

  inPrivate.command('subscription', async (ctx) => {
    const { language } = ctx;
    const running = await runningOf(pool, ctx.me.id, ctx.from.id);
    if (!running || running.state === 'ended') return ctx.reply(texts.none(language));
    const { state, plan, paidUntil: until, canceledBy } = running;
    const isOver = state === 'canceled';
    const lines = [
      texts[`state-${state}`](language, { plan, until }),
      ...(isOver && canceledBy === 'user' ? [texts['resume-yourself'](language)] : []),
    ];
    const keyboard = new InlineKeyboard();
    if (!isOver) keyboard.text(texts['cancel-button'](language), CANCEL);
    else if (canceledBy === 'bot') keyboard.text(texts['resume-button'](language), RESUME);
    return ctx.reply(lines.join('\n'), { reply_markup: keyboard });
  });

  inPrivate.callbackQuery(CANCEL, async (ctx) => {
    await answerTap(ctx);
    const changed = await ctx.turn.transaction((tx) => cancel(tx, ctx.me.id, ctx.from.id));
    await ctx.reply(
      changed ? texts.canceled(ctx.language, { until: changed.paidUntil }) : texts['nothing-to-change'](ctx.language),
    );
  });

  inPrivate.callbackQuery(RESUME, async (ctx) => {
    await answerTap(ctx);
    const changed = await ctx.turn.transaction((tx) => allow(tx, ctx.me.id, ctx.from.id));
    await ctx.reply(texts[changed ? 'resumed' : 'nothing-to-change'](ctx.language));
  });

  composer.on('subscription', async (ctx) => {
    const { user, invoice_payload: purchase, state } = ctx.subscription;
    const key = { botId: ctx.me.id, purchase, userId: user.id };
    const changed = await ctx.turn.transaction(async (tx) => {
      const now = await heardOf(tx, key, state);
      if (now)
        await say(tx, {
          cause: `subscription:${ctx.me.id}:${ctx.update.update_id}`,
          class: 'notice',
          chat: user.id,
          method: 'sendMessage',
          payload: {
            text: texts[`heard-${state}`](await languageOf(tx, ctx.me.id, user.id), { until: now.paidUntil }),
          },
        });
      await ctx.turn.done(tx);
      return now;
    });
    ctx.turn.log[changed ? 'info' : 'warn'](
      { purchase, userId: user.id, said: state, state: changed?.state },
      changed ? 'subscription changed' : 'what Telegram says of a subscription changes nothing',
    );
  });

  // A renewal is let through whatever is for sale: it was sold before.
  composer.on('pre_checkout_query', async (ctx, next) => {
    const { invoice_payload: payload, from, currency, total_amount: amount } = ctx.preCheckoutQuery;
    const offered = await purchaseOf(pool, ctx.me.id, payload);
    if (!offered || offered.period === null || offered.paid === 0) return next();
    const running = await runningOf(pool, ctx.me.id, from.id);
    if (objection(offered, { payload, from: from.id, currency, amount }, [], running)) return next();
    return ctx.answerPreCheckoutQuery(true);
  });
  return composer;
}

/** What stands under a receipt where a subscription was paid. */
export function noteOfReceipt(language: Language, { installment, payment }: Booked): string[] {
  const { paidUntil: until, purchase, refundBy } = payment;
  // Of an order that nobody knows, nothing runs.
  if (until === null || purchase === null) return [];
  if (refundBy === 'bot') return [texts.second(language)];
  return [installment === 'twice' ? texts.twice(language) : texts['paid-until'](language, { until })];
}

/** What stands under the receipt of a payment that a person has valued: one of another subscription's keeps its credits. */
export const noteOfLinked = (language: Language, booked: Booked): string[] =>
  booked.installment === 'second' ? [texts['not-again'](language)] : noteOfReceipt(language, booked);

/** What stands under word of Stars that went back, where a subscription has ended with them. */
export async function noteOfReturn(tx: Tx, language: Language, botId: number, { payment }: Booked): Promise<string[]> {
  const { purchase, userId, paidUntil, refundBy } = payment;
  if (purchase === null || paidUntil === null || refundBy === 'bot') return [];
  const known = await subscriptionOf(tx, { botId, purchase, userId });
  return known?.state === 'ended' ? [texts.over(language)] : [];
}
