/** Money that was paid: booked, shown, reconciled and given back, whatever is for sale just now. */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { balanceOf } from '../../ledger/index.ts';
import { heldBy, history } from '../../payments/history.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { booking } from './booking.ts';
import { desk } from './desk.ts';
import { starSchedules } from './reconcile.ts';
import { refund } from './refund.ts';
import { texts } from './texts.ts';

/** Movements that /history shows. */
const SHOWN = 15;

/** Where one's money is, and whom to ask. */
function questions({ pool, posture }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const { owners, support } = posture.people;
  const inPrivate = composer.chatType('private');
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

export const money: Feature<'money'> = {
  exits: (needs) => new Composer<BotContext>(booking(), questions(needs), desk(needs.pool, needs.posture)),
  jobs: (needs) => ({ refund: refund(needs) }),
  schedules: starSchedules,
};
