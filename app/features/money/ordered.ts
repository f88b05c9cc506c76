/** The order of a person who has tapped for it. */
import type { User } from 'grammy/types';
import type { BotContext } from '../../bot/context.ts';
import type { Package } from '../../payments/packages.ts';
import { order, type Purchase, type Wanted } from '../../payments/purchase.ts';
import type { FeatureNeeds } from '../feature.ts';

/** Written down before anything is said of it; run again after a crash, the update finds the one that it made. */
export const orderedBy = (
  ctx: BotContext & { from: User },
  { pool, posture }: Pick<FeatureNeeds, 'pool' | 'posture'>,
  wanted: Package,
  more: Pick<Wanted, 'period' | 'price'> = {},
): Promise<Purchase> =>
  order(pool, {
    botId: ctx.me.id,
    updateId: ctx.update.update_id,
    userId: ctx.from.id,
    package: wanted,
    lasts: posture.payments.offerLasts,
    ...more,
  });
