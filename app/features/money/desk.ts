/** What people with a role do with others' money: /refund and /adjust, within limits, with a reason, written down. */
import { Composer } from 'grammy';
import type { Posture } from '../../../posture/schema/index.ts';
import type { BotContext } from '../../bot/context.ts';
import type { Pool } from '../../database/pool.ts';
import type { Tx } from '../../database/tx.ts';
import { adjust, InsufficientCredits, type Balance } from '../../ledger/index.ts';
import { audit } from '../../payments/audit.ts';
import { askRefund, chargeOf } from '../../payments/refund.ts';
import { deskTexts as texts } from './desk-texts.ts';

const REFUND = /^R-(\d{1,15})\s+(?:(force)\s+)?(\S[^]{2,400})$/i;
const ADJUST = /^(\d{1,15})\s+([+-]\d{1,15})\s+(\S[^]{2,400})$/;

interface Role {
  name: string;
  /** Credits that it may move at once; undefined: any number. */
  atMost: bigint | undefined;
}

export function desk(pool: Pool, { people }: Posture): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const { owners, support, supportAtMost } = people;

  function roleOf(userId: number): Role | undefined {
    if (owners.includes(userId)) return { name: `owner:${userId}`, atMost: undefined };
    if (support.includes(userId)) return { name: `support:${userId}`, atMost: BigInt(supportAtMost) };
    return undefined;
  }

  const inPrivate = composer.chatType('private');

  inPrivate.command('refund', async (ctx, next) => {
    const role = roleOf(ctx.from.id);
    // For everybody else there is no such command.
    if (!role) return next();
    const [, number, force, reason] = REFUND.exec(ctx.match) ?? [];
    if (number === undefined || reason === undefined) return ctx.reply(texts.refundUsage);
    const charge = await chargeOf(pool, ctx.me.id, Number(number));
    if (charge === undefined) return ctx.reply(texts.noReceipt(number));
    const answer = await ctx.turn.transaction((tx) =>
      askRefund(tx, {
        botId: ctx.me.id,
        charge,
        by: role.name,
        reason,
        atMost: role.atMost,
        force: force !== undefined,
      }),
    );
    return ctx.reply(answer.asked ? texts.asked(answer.payment) : texts.notRefunded(answer));
  });

  inPrivate.command('adjust', async (ctx, next) => {
    const role = roleOf(ctx.from.id);
    if (!role) return next();
    const [, user, given, reason] = ADJUST.exec(ctx.match) ?? [];
    if (user === undefined || given === undefined || reason === undefined) return ctx.reply(texts.adjustUsage);
    const amount = BigInt(given);
    const size = amount < 0n ? -amount : amount;
    if (size === 0n) return ctx.reply(texts.adjustUsage);
    if (role.atMost !== undefined && size > role.atMost) return ctx.reply(texts.tooMuch(role.atMost));
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
      return await ctx.reply(texts.adjusted(userId, await ctx.turn.transaction(work)));
    } catch (error) {
      if (!(error instanceof InsufficientCredits)) throw error;
      return ctx.reply(texts.notThere(error.available));
    }
  });

  return composer;
}
