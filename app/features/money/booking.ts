/**
 * What was paid, and what went back. There whether the wallet is on or off: a flag closes entrances, never what comes in
 * for what was sold before (fault route-switched-off).
 */
import { Composer } from 'grammy';
import type { SuccessfulPayment } from 'grammy/types';
import type { BotContext } from '../../bot/context.ts';
import { balanceOf } from '../../ledger/index.ts';
import { takeBack, type Booked, type Paid } from '../../payments/book.ts';
import { receive } from '../../payments/receive.ts';
import { noteOfReceipt } from './subscription/index.ts';
import { tellWentBack } from './went-back.ts';
import { sayReceipt } from './words.ts';

export function booking(): Composer<BotContext> {
  const composer = new Composer<BotContext>();

  /**
   * The credit is committed before anything is sent: whoever has blocked the bot has it all the same. "Done" is not in the
   * same commit: run again after a kill, the update finds what it booked, and the receipt is sent once, or known to be.
   */
  composer.on('message:successful_payment', async (ctx) => {
    const { successful_payment: paid, date } = ctx.message;
    const userId = ctx.from.id;
    const updateId = ctx.update.update_id;
    const { booked, now } = await ctx.turn.transaction(async (tx) => {
      const booked = await receive(tx, {
        botId: ctx.me.id,
        charge: paid.telegram_payment_charge_id,
        from: userId,
        payload: paid.invoice_payload,
        currency: paid.currency,
        amount: paid.total_amount,
        at: new Date(date * 1000),
        foundBy: 'update',
        updateId,
        ...recurringOf(paid),
      });
      tell(ctx, booked, 'payment booked');
      return { booked, now: await balanceOf(tx, { botId: ctx.me.id, userId }) };
    });
    // The same payment in another update: its payer has been told by the first.
    if (booked.payment.updateId !== String(updateId)) return;
    const { language } = ctx;
    await ctx.reply([sayReceipt(language, booked.payment, now), ...noteOfReceipt(language, booked)].join('\n'));
  });

  composer.on('message:refunded_payment', async (ctx) => {
    const { refunded_payment: back, date, chat } = ctx.message;
    await ctx.turn.transaction(async (tx) => {
      const booked = await takeBack(tx, {
        botId: ctx.me.id,
        charge: back.telegram_payment_charge_id,
        to: chat.id,
        payload: back.invoice_payload,
        currency: back.currency,
        amount: back.total_amount,
        at: new Date(date * 1000),
        foundBy: 'update',
      });
      tell(ctx, booked, 'payment went back');
      await tellWentBack(tx, ctx.me.id, booked);
    });
  });

  return composer;
}

/** Of a subscription. */
function recurringOf({
  subscription_expiration_date: until,
  is_first_recurring: isFirst,
}: SuccessfulPayment): Pick<Paid, 'recurring'> {
  return until === undefined ? {} : { recurring: { until: new Date(until * 1000), isFirst: isFirst === true } };
}

function tell(ctx: BotContext, { applied, payment }: Booked, what: string): void {
  const { charge, state, credits, isForeign } = payment;
  const level = state === 'parked' || state === 'taken-back' || isForeign ? 'warn' : 'info';
  ctx.turn.log[level]({ charge, state, credits: String(credits), isForeign, applied }, what);
}
