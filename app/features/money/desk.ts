/** What people with a role do with others' money: /refund and /adjust, within limits, with a reason, written down. */
import { Composer } from 'grammy';
import type { Posture } from '../../../posture/schema/index.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Pool } from '../../database/pool.ts';
import type { Tx } from '../../database/tx.ts';
import { inAudit, roleOf } from '../../people/index.ts';
import { adjust, InsufficientCredits, type Balance } from '../../ledger/index.ts';
import { audit } from '../../payments/audit.ts';
import type { Payment } from '../../payments/book.ts';
import type { Language } from '../../texts/index.ts';
import { askRefund, chargeOf, type RefundAnswer } from '../../payments/refund.ts';
import { texts } from './texts.ts';
import { receiptOf, sumOf } from './words.ts';

const REFUND = /^R-(\d{1,15})\s+((?:(?:force|sent)\s+){0,2})(\S[^]{2,400})$/i;
const ADJUST = /^(\d{1,15})\s+([+-]\d{1,15})\s+(\S[^]{2,400})$/;

interface Limits {
  name: string;
  /** Credits that it may move at once; undefined: any number. */
  atMost: bigint | undefined;
}

function asked(language: Language, payment: Payment, sent: boolean): string {
  const { number, amount, userId, currency } = payment;
  const about = { receipt: receiptOf(number), who: String(userId) };
  if (currency === 'XTR') return texts['refund-asked'](language, { ...about, paid: amount });
  return texts[sent ? 'refund-sent' : 'refund-asked-elsewhere'](language, { ...about, paid: sumOf(payment) });
}

function notRefunded(
  language: Language,
  { why, payment, missing = 0n }: Extract<RefundAnswer, { asked: false }>,
): string {
  if (why === 'spent') return texts['not-refunded-spent'](language, { missing });
  if (why === 'unknown' || why === 'too-much' || !payment)
    return texts[`not-refunded-${why === 'too-much' ? why : 'unknown'}`](language);
  const receipt = receiptOf(payment.number);
  if (why === 'by-hand')
    return texts['not-refunded-by-hand'](language, { receipt, paid: sumOf(payment), who: String(payment.userId) });
  return texts[`not-refunded-${why}`](language, { receipt });
}

export function desk(pool: Pool, { people }: Posture): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const { supportAtMost } = people;

  function limitsOf(userId: number): Limits | undefined {
    const role = roleOf(people, userId);
    return role && { name: inAudit(role, userId), atMost: role === 'owner' ? undefined : BigInt(supportAtMost) };
  }

  const inPrivate = composer.chatType('private');

  inPrivate.command('refund', async (ctx, next) => {
    const role = limitsOf(ctx.from.id);
    // For everybody else there is no such command.
    if (!role) return next();
    const [, number, how = '', reason] = REFUND.exec(ctx.match) ?? [];
    if (number === undefined || reason === undefined) return ctx.reply(texts['refund-usage'](ctx.language));
    const of = await chargeOf(pool, ctx.me.id, Number(number));
    const sent = /sent/i.test(how);
    if (of === undefined) return ctx.reply(texts['receipt-unknown'](ctx.language, { receipt: `R-${number}` }));
    const answer = await ctx.turn.transaction((tx) =>
      askRefund(tx, {
        ...of,
        botId: ctx.me.id,
        by: role.name,
        reason,
        atMost: role.atMost,
        force: /force/i.test(how),
        sent,
      }),
    );
    return ctx.reply(answer.asked ? asked(ctx.language, answer.payment, sent) : notRefunded(ctx.language, answer));
  });

  inPrivate.command('adjust', async (ctx, next) => {
    const role = limitsOf(ctx.from.id);
    if (!role) return next();
    const [, user, given, reason] = ADJUST.exec(ctx.match) ?? [];
    if (user === undefined || given === undefined || reason === undefined)
      return ctx.reply(texts['adjust-usage'](ctx.language));
    const amount = BigInt(given);
    const size = amount < 0n ? -amount : amount;
    if (size === 0n) return ctx.reply(texts['adjust-usage'](ctx.language));
    if (role.atMost !== undefined && size > role.atMost)
      return ctx.reply(texts['adjust-too-much'](ctx.language, { most: role.atMost }));
    const botId = ctx.me.id;
    const userId = Number(user);
    // Its update is the cause: run again, it is made once.
    const cause = `adjust:${ctx.update.update_id}`;
    const work = async (tx: Tx): Promise<Balance> => {
      const { applied, balance } = await adjust(tx, { botId, userId, cause, by: role.name, reason }, { amount });
      if (applied)
        await audit(tx, { botId, by: role.name, action: 'adjust', subject: `user:${userId}`, amount, reason });
      return balance;
    };
    try {
      const { available, held, debt } = await ctx.turn.transaction(work);
      return await ctx.reply(texts.adjusted(ctx.language, { who: user, available, held, owed: -debt }));
    } catch (error) {
      if (!(error instanceof InsufficientCredits)) throw error;
      return ctx.reply(texts['adjust-not-there'](ctx.language, { available: error.available }));
    }
  });

  return composer;
}
