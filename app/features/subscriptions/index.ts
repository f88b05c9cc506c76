/** Subscriptions: access at a provider, by the period. Tried once, paid for with credits, given and taken by jobs. */
import { Composer, InlineKeyboard } from 'grammy';
import { z } from 'zod';
import type { BotContext } from '../../bot/context.ts';
import { onTap } from '../../bot/taps.ts';
import { runningOf } from '../../payments/subscription-rows.ts';
import { ask, tapAction } from '../../people/index.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { activation, expiry, reminders, renewals, trialNotices } from './clock.ts';
import { period } from './period.ts';
import { plans } from './plans.ts';
import { accessOf } from './rows.ts';
import { afterEvent, mayUse } from './states.ts';
import { access } from './sync.ts';
import { texts } from './texts.ts';
import { wish } from './verbs.ts';

const deciding = tapAction('access', z.strictObject({}), ['cancelled', 'resumed']);

/** What somebody has, and whether it goes on; there whatever is for sale. */
function own({ pool, posture }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const { autoRenew, offerLasts } = posture.plans;

  composer.command('access', async (ctx) => {
    const { language } = ctx;
    if (ctx.chat.type !== 'private' || !ctx.from) return ctx.reply(texts.private(language));
    const [botId, userId] = [ctx.me.id, ctx.from.id];
    const has = await accessOf(pool, botId, userId);
    if (!has) return ctx.reply(texts.none(language));
    const { state, plan, until, credits, link, synced, version } = has;
    const byStars = await runningOf(pool, botId, userId);
    const lines = [texts[`state-${state}`](language, { plan, until })];
    if (state === 'active')
      lines.push(
        byStars?.state === 'active'
          ? texts['renews-stars'](language)
          : autoRenew
            ? texts['renews-credits'](language, { credits })
            : texts['renews-not'](language),
      );
    if (mayUse(state)) lines.push(link === null ? texts['not-yet'](language) : texts['your-link'](language, { link }));
    if (synced < version && link !== null) lines.push(texts['not-yet'](language));
    const choice = (['cancelled', 'resumed'] as const).find((event) => afterEvent(state, event) !== undefined);
    if (!choice) return ctx.reply(lines.join('\n'));
    const cause = `access:${ctx.update.update_id}`;
    const data = await ctx.turn.transaction((tx) =>
      ask(tx, deciding, { botId, userId, cause, input: {}, lasts: offerLasts }),
    );
    const label = texts[choice === 'cancelled' ? 'cancel-button' : 'resume-button'](language);
    return ctx.reply(lines.join('\n'), { reply_markup: new InlineKeyboard().text(label, data(choice)) });
  });

  onTap(composer, deciding, {
    effect: async (tx, { ctx, choice }) => {
      const changed = await wish(tx, ctx.me.id, ctx.from!.id, choice);
      return changed && { choice, until: changed.until.getTime() };
    },
    then: async (ctx, did) => {
      const { language } = ctx;
      if (!did) return ctx.reply(texts['nothing-to-change'](language));
      if (did.choice === 'resumed') return ctx.reply(texts.resumed(language));
      const byStars = await runningOf(pool, ctx.me.id, ctx.from!.id);
      const until = new Date(did.until);
      return ctx.reply(texts[byStars?.state === 'active' ? 'cancelled-stars' : 'cancelled'](language, { until }));
    },
  });
  return composer;
}

export const subscriptions: Feature<'subscriptions'> = {
  offers: [
    { command: { name: 'plans', does: texts['does-plans'], isPrivate: true } },
    { command: { name: 'access', does: texts['does-access'], isPrivate: true } },
  ],
  entrances: plans,
  exits: own,
  closed: { text: texts.closed, taps: [/^plan:[\w-]{22}:/] },
  jobs: (needs) => ({ plan: period(needs), access: access(needs) }),
  schedules: (needs) => ({
    expiry: expiry(needs),
    activation: activation(needs),
    trialNotices: trialNotices(needs),
    reminders: reminders(needs),
    renewals: renewals(needs),
  }),
};
