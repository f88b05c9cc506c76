/** /stats, /user, /flags: for those whom the posture names. */
import { Composer } from 'grammy';
import type { BotContext } from '../../bot/context.ts';
import { onCommandOf } from '../../bot/roles.ts';
import type { Feature, FeatureNeeds } from '../feature.ts';
import { flagTaps, showFlags } from './flags.ts';
import { createStats } from './stats.ts';
import { texts } from './texts.ts';
import { showUser } from './user.ts';

function commands({ pool, posture }: FeatureNeeds): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const { people } = posture;
  const stats = createStats(pool, posture);
  onCommandOf(composer, people, { name: 'stats', role: 'support' }, async (ctx) =>
    ctx.reply(await stats(ctx.language, ctx.me.id)),
  );
  onCommandOf(composer, people, { name: 'user', role: 'support' }, showUser(pool));
  onCommandOf(composer, people, { name: 'flags', role: 'support' }, showFlags({ pool, posture }));
  composer.use(flagTaps({ pool, posture }));
  return composer;
}

const offer = (name: string, does: typeof texts.flags) =>
  ({ command: { name, does, isPrivate: true }, role: 'support' }) as const;

export const admin: Feature<'admin'> = {
  offers: [offer('stats', texts['stats-does']), offer('user', texts['user-does']), offer('flags', texts['flags-does'])],
  entrances: commands,
};
