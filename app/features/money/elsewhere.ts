/** Topping up by a provider beside Telegram: an order with a price in US dollars, and where to pay it. */
import { Composer, InlineKeyboard } from 'grammy';
import type { CallbackSource } from '../../../contract/paths.ts';
import { answerTap } from '../../bot/answers.ts';
import type { BotContext } from '../../bot/context.ts';
import { RetryLater } from '../../outcome.ts';
import { describeError } from '../../log.ts';
import { decimal, fromCents } from '../../payments/decimal.ts';
import { billOf, keepBill } from '../../payments/deposit-rows.ts';
import { CURRENCY } from '../../payments/deposits.ts';
import { packagesOf } from '../../payments/packages.ts';
import { referenceOf } from '../../payments/reference.ts';
import { TillRefusal, type Bill, type Till } from '../../payments/tills/index.ts';
import { ProviderFailure } from '../../providers/policy.ts';
import type { FeatureNeeds, Way } from '../feature.ts';
import { orderedBy } from './ordered.ts';
import { texts } from './texts.ts';

/** As the wallet offers it: a button that is tapped with the package's name. */
export const way = (name: CallbackSource, label: Way['label']): Way => ({
  label,
  tap: new RegExp(`^${name}:([a-z0-9-]+)$`),
  data: (wanted) => `${name}:${wanted}`,
});

/** In cents, rounded up; undefined where the provider does not say: then it says no itself, if it must. */
async function leastOf(till: Till, signal: AbortSignal): Promise<bigint | undefined> {
  try {
    const least = decimal(await till.least?.(signal));
    if (!least) return undefined;
    const unit = 10n ** BigInt(least.scale);
    return (least.units * 100n + unit - 1n) / unit;
  } catch (error) {
    if (error instanceof RetryLater || error instanceof ProviderFailure) return undefined;
    throw error;
  }
}

export const elsewhere =
  (name: CallbackSource, { tap }: Way) =>
  ({ pool, posture, tills = {} }: FeatureNeeds): Composer<BotContext> => {
    const composer = new Composer<BotContext>();
    const packages = packagesOf(posture);
    const { offerLasts: lasts } = posture.payments;

    composer.chatType('private').callbackQuery(tap, async (ctx) => {
      const { language, turn } = ctx;
      const till = tills[name];
      const wanted = packages.find((one) => one.name === ctx.match[1]);
      const cents = wanted?.cents;
      await answerTap(ctx, wanted && cents !== undefined && till ? undefined : texts['package-gone'](language));
      if (!wanted || cents === undefined || !till) return;
      const least = await leastOf(till, turn.signal);
      if (least !== undefined && cents < least) {
        await ctx.reply(texts['too-small'](language, { least: fromCents(least) }));
        return;
      }
      const ordered = await orderedBy(ctx, { pool, posture }, wanted, {
        price: { amount: cents, currency: CURRENCY },
      });
      const amount = fromCents(ordered.price);
      const open = async (): Promise<Bill> => {
        turn.hold();
        const bill = await till.open(
          { reference: referenceOf(ordered), amount, description: `${ordered.credits} credits`, lasts },
          turn.signal,
        );
        await keepBill(pool, ctx.me.id, name, ordered.id, bill);
        return bill;
      };
      // Run again after a kill, the update finds what it asked for; what was asked and not kept runs out unpaid.
      let bill: Bill;
      try {
        bill = (await billOf(pool, ctx.me.id, name, ordered.id)) ?? (await open());
      } catch (error) {
        if (!(error instanceof RetryLater || error instanceof ProviderFailure || error instanceof TillRefusal))
          throw error;
        turn.log.warn({ provider: name, error: describeError(error) }, 'no bill: it cannot be paid there just now');
        await ctx.reply(texts['not-now'](language));
        return;
      }
      const { credits } = ordered;
      if (bill.url !== undefined)
        await ctx.reply(texts['pay-page'](language, { credits, price: amount }), {
          reply_markup: new InlineKeyboard().url(texts['pay-button'](language, { price: amount }), bill.url),
        });
      else {
        const { amount: sum, currency, address, memo } = bill.send!;
        await ctx.reply(texts['pay-address'](language, { credits, price: amount, sum, currency, address }));
        if (memo !== undefined) await ctx.reply(texts['pay-memo'](language, { memo }));
      }
    });
    return composer;
  };
