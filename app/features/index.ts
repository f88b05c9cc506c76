/** The features that the posture has switched on, in the order in which they see an update. */
import { Composer } from 'grammy';
import type { Posture } from '../../posture/schema/index.ts';
import type { BotContext } from '../bot/context.ts';
import type { Pool } from '../database/pool.ts';
import type { OpenRouter } from '../providers/openrouter.ts';
import { basics } from './basics/index.ts';
import { forget, forgetOffer } from './chat/forget.ts';
import { chat } from './chat/index.ts';
import { echo } from './echo/index.ts';
import { remindMe, remindOffer } from './remind/index.ts';
import { unread } from './unread/index.ts';
import { booking } from './wallet/booking.ts';
import { desk } from './wallet/desk.ts';
import { wallet, walletOffer } from './wallet/index.ts';

export interface FeatureNeeds {
  pool: Pool;
  posture: Posture;
  openrouter: OpenRouter;
}

/**
 * What people write in their own words, which is nearly everything: no command, no tap, no payment. The features that wait
 * for one of those are passed over in one step, as each would cost every message its own.
 */
const isPlainText = ({ message }: BotContext): boolean => message?.text !== undefined && !message.text.startsWith('/');

export function composeFeatures({ pool, posture, openrouter }: FeatureNeeds): Composer<BotContext>[] {
  const called = new Composer<BotContext>();
  called.filter(
    (ctx) => !isPlainText(ctx),
    booking(),
    forget(pool),
    ...(posture.features.remind ? [remindMe()] : []),
    wallet(pool, posture),
    desk(pool, posture),
    basics([
      ...(posture.features.wallet ? [walletOffer] : []),
      ...(posture.features.remind ? [remindOffer] : []),
      forgetOffer,
    ]),
  );
  return [called, unread(), posture.features.chat ? chat(pool, posture, openrouter) : echo()];
}
