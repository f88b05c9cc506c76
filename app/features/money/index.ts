/** Money that was paid: booked, shown, reconciled and given back, whatever is for sale just now. */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { balanceOf } from '../../ledger/index.ts';
import { seenOf } from '../../payments/deposit-rows.ts';
import { heldBy, history, lateOf } from '../../payments/history.ts';
import { readMoney } from '../../payments/watch.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { booking } from './booking.ts';
import { deposit, depositSchedule, reconcileDeposits } from './deposits.ts';
import { desk } from './desk.ts';
import { passOn } from './paysupport.ts';
import { starSchedules } from './reconcile.ts';
import { refund } from './refund.ts';
import { subscriptions } from './subscription/index.ts';
import { mandate } from './subscription/mandate.ts';
import { texts } from './texts.ts';
import { sayBalance, sayHistory } from './words.ts';

/** Movements that /history shows. */
const SHOWN = 15;

/** Where one's money is, and whom to ask. */
function questions({ pool, posture, ways }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const { owners, support } = posture.people;
  const inPrivate = composer.chatType('private');
  inPrivate.command('balance', async (ctx) =>
    ctx.reply(sayBalance(ctx.language, await balanceOf(pool, { botId: ctx.me.id, userId: ctx.from.id }))),
  );
  inPrivate.command('history', async (ctx) => {
    const [botId, userId] = [ctx.me.id, ctx.from.id];
    const lines = await history(pool, botId, userId, SHOWN);
    const held = await heldBy(pool, botId, userId);
    const late = await lateOf(pool, botId, userId);
    const seen = await seenOf(pool, botId, userId);
    const { debt } = await balanceOf(pool, { botId, userId });
    await ctx.reply(sayHistory(ctx.language, { lines, held, late, seen, debt }));
  });
  inPrivate.command('terms', (ctx) =>
    ctx.reply(texts.terms(ctx.language, { ways: ways().length > 0 ? 'several' : 'stars' })),
  );
  inPrivate.command('paysupport', async (ctx) => {
    if (ctx.match === '') return ctx.reply(texts.paysupport(ctx.language));
    return passOn(ctx, pool, [...support, ...owners]);
  });
  return composer;
}

export const money: Feature<'money'> = {
  offers: [
    { command: { name: 'refund', does: texts['refund-does'], isPrivate: true }, shown: 'always', role: 'support' },
    { command: { name: 'adjust', does: texts['adjust-does'], isPrivate: true }, shown: 'always', role: 'support' },
  ],
  exits: (needs) =>
    new Composer<BotContext>(booking(), subscriptions(needs), questions(needs), desk(needs.pool, needs.posture)),
  gauges: { money: readMoney },
  jobs: (needs) => ({ deposit: deposit(needs), refund: refund(needs), mandate: mandate(needs) }),
  schedules: (needs) => {
    const stars = starSchedules(needs);
    return {
      ...stars,
      deposits: depositSchedule(needs),
      reconcile: async (run) => {
        const beside = await reconcileDeposits(needs, run);
        return { tills: beside.tills, ...(await stars.reconcile(run, beside)) };
      },
    };
  },
};
