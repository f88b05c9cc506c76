/** /broadcast: owners write to all people, or to some of them; /notify: people say what of it they want. */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { forOwners, onCommandOf } from '../../bot/roles.ts';
import { onTap } from '../../bot/taps.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { choosing } from './card.ts';
import { askWhat, correcting, writing } from './draft.ts';
import { handler } from './job.ts';
import { notifying } from './notify.ts';
import { isOver, steer, type Steered } from './steer.ts';
import { lastOf } from './store.ts';
import { control, CONTROLS, standing, type Control } from './tell.ts';
import { texts } from './texts.ts';

const COMMAND = { name: 'broadcast', role: 'owner' } as const;

/** Without words: how the last one stands, or a new one. */
function beginning({ pool, posture }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  onCommandOf(composer, posture.people, COMMAND, async (ctx, { words }) => {
    const last = await lastOf(pool, ctx.me.id);
    if (/^edit$/i.test(words))
      return last && isOver(last) ? askWhat(ctx, last.id) : ctx.reply(texts['nothing-to-edit'](ctx.language));
    const isUnderWay = last && (last.state === 'running' || last.state === 'paused' || last.state === 'stopped');
    if (words === '' && isUnderWay)
      return ctx.reply(`${standing(ctx.language, last)}\n\n${texts['under-way'](ctx.language)}`);
    return /^(new)?$/i.test(words) ? askWhat(ctx) : ctx.reply(texts.usage(ctx.language));
  });
  return composer;
}

/** Whatever is switched off: what was begun can be paused, gone on with and ended. */
function steering({ pool, posture }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const by = (ctx: BotContext) => ({ botId: ctx.me.id, userId: ctx.from!.id });
  onCommandOf(composer, posture.people, COMMAND, async (ctx, { words }, next) => {
    const what = words.toLowerCase() as Control;
    if (!CONTROLS.includes(what)) return next();
    const last = await lastOf(pool, ctx.me.id);
    const became = last ? await ctx.turn.transaction((tx) => steer(tx, by(ctx), last.id, what)) : 'nothing';
    return ctx.reply(texts[`steered-${became}`](ctx.language));
  });
  onTap(forOwners(composer, posture.people), control, {
    effect: (tx, { ctx, input: { id, version }, choice }) => steer(tx, by(ctx), id, choice, version),
    // Done, it is said by the message itself.
    then: (ctx, became: Steered) =>
      became === 'done' ? Promise.resolve() : ctx.reply(texts[`steered-${became}`](ctx.language)),
  });
  return composer;
}

export const broadcast: Feature<'broadcast'> = {
  offers: [
    { command: { name: 'notify', does: texts['notify-does'], isPrivate: true } },
    { command: { name: COMMAND.name, does: texts['broadcast-does'], isPrivate: true }, role: COMMAND.role },
  ],
  entrances: (needs) => new Composer<BotContext>(beginning(needs), choosing(needs), correcting(needs)),
  reads: writing,
  exits: (needs) => new Composer<BotContext>(notifying(needs), steering(needs)),
  jobs: (needs) => ({ broadcast: handler(needs) }),
};
