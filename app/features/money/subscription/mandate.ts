/** The job that tells Telegram what becomes of a subscription. Saying it twice is saying it once. */
import { GrammyError } from 'grammy';
import { job } from '../../../jobs/job.ts';
import { Hopeless } from '../../../outcome.ts';
import { mandates } from '../../../payments/mandate.ts';
import { told } from '../../../payments/subscription.ts';
import { subscriptionOf } from '../../../payments/subscription-rows.ts';
import type { JobNeeds } from '../../feature.ts';

/** Of what Telegram will never change: another bot's, or over by itself. */
const NEVER = /CHARGE_ID_INVALID|CHARGE_NOT_FOUND|USER_ID_INVALID|SUBSCRIPTION_\w*(INVALID|EXPIRED|NOT_FOUND)/i;

export const mandate = ({ pool, api }: JobNeeds) =>
  job(mandates, async ({ input: { botId, userId, purchase, charge }, signal, hold, log, transaction, done }) => {
    const key = { botId, userId, purchase };
    const known = await subscriptionOf(pool, key);
    const isCurrent = known?.firstCharge === charge;
    // One that the books do not carry is one too many.
    const wish = isCurrent ? known.wish : 'cancel';
    if (wish === null) return { charge, wish: 'none any more' };
    hold();
    try {
      await api.editUserStarSubscription(
        userId,
        charge,
        wish === 'cancel',
        signal as unknown as Parameters<typeof api.getMe>[0],
      );
    } catch (error) {
      if (error instanceof GrammyError && NEVER.test(error.description))
        throw new Hopeless(`Telegram does not ${wish} the subscription ${charge}: ${error.description}`, {
          cause: error,
        });
      throw error;
    }
    log.info({ charge, wish }, 'Telegram knows what becomes of the subscription');
    await transaction(async (tx) => {
      if (isCurrent) await told(tx, key, wish);
      await done(tx);
    });
    return { charge, wish };
  });
