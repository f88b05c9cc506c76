/** What people with a role do with others' money: /refund and /adjust, within limits, with a reason, written down. */
import { Composer } from 'grammy';
import type { Posture } from '../../../posture/schema/index.ts';
import type { BotContext } from '../../bot/context.ts';
import { onCommandOf } from '../../bot/roles.ts';
import type { Pool } from '../../database/pool.ts';
import type { Tx } from '../../database/tx.ts';
import { inAudit, type Role } from '../../people/index.ts';
import { adjust, InsufficientCredits, type Balance } from '../../ledger/index.ts';
import { audit } from '../../payments/audit.ts';
import type { Payment } from '../../payments/book.ts';
import type { Language } from '../../texts/index.ts';
import { askRefund, chargeOf, type RefundAnswer } from '../../payments/refund.ts';
import { texts } from './texts.ts';
import { receiptOf, sumOf } from './words.ts';

const REFUND = /^R-(\d{1,15})\s+((?:(?:force|sent)\s+){0,2})(\S[^]{2,400})$/i;
const ADJUST = /^(\d{1,15})\s+([+-]\d{1,15})\s+(\S[^]{2,400})$/;

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
  /** Credits that a role may move at once; undefined: any number. */
  const mostOf = (role: Role): bigint | undefined => (role === 'owner' ? undefined : BigInt(supportAtMost));

  onCommandOf(composer, people, { name: 'refund', role: 'support' }, async (ctx, { role, user, words }) => {
    const [, number, how = '', reason] = REFUND.exec(words) ?? [];
    if (number === undefined || reason === undefined) return ctx.reply(texts['refund-usage'](ctx.language));
    const of = await chargeOf(pool, ctx.me.id, Number(number));
    const sent = /sent/i.test(how);
    if (of === undefined) return ctx.reply(texts['receipt-unknown'](ctx.language, { receipt: `R-${number}` }));
    const answer = await ctx.turn.transaction((tx) =>
      askRefund(tx, {
        ...of,
        botId: ctx.me.id,
        by: inAudit(role, user.id),
        reason,
        atMost: mostOf(role),
        force: /force/i.test(how),
        sent,
      }),
    );
    return ctx.reply(answer.asked ? asked(ctx.language, answer.payment, sent) : notRefunded(ctx.language, answer));
  });

  onCommandOf(composer, people, { name: 'adjust', role: 'support' }, async (ctx, { role, user, words }) => {
    const [, who, given, reason] = ADJUST.exec(words) ?? [];
    if (who === undefined || given === undefined || reason === undefined)
      return ctx.reply(texts['adjust-usage'](ctx.language));
    const amount = BigInt(given);
    const size = amount < 0n ? -amount : amount;
    if (size === 0n) return ctx.reply(texts['adjust-usage'](ctx.language));
    const most = mostOf(role);
    if (most !== undefined && size > most) return ctx.reply(texts['adjust-too-much'](ctx.language, { most }));
    const botId = ctx.me.id;
    const userId = Number(who);
    const by = inAudit(role, user.id);
    // Its update is the cause: run again, it is made once.
    const cause = `adjust:${ctx.update.update_id}`;
    const work = async (tx: Tx): Promise<Balance> => {
      const { applied, balance } = await adjust(tx, { botId, userId, cause, by, reason }, { amount });
      if (applied) await audit(tx, { botId, by, action: 'adjust', subject: `user:${userId}`, amount, reason });
      return balance;
    };
    try {
      const { available, held, debt } = await ctx.turn.transaction(work);
      return await ctx.reply(texts.adjusted(ctx.language, { who, available, held, owed: -debt }));
    } catch (error) {
      if (!(error instanceof InsufficientCredits)) throw error;
      return ctx.reply(texts['adjust-not-there'](ctx.language, { available: error.available }));
    }
  });

  return composer;
}
