/** The job that tells Telegram what becomes of a subscription. Saying it twice is saying it once. */
import { GrammyError } from 'grammy';
import { enqueue } from '../../../jobs/enqueue.ts';
import { job } from '../../../jobs/job.ts';
import { RetryLater } from '../../../outcome.ts';
import { mandates } from '../../../payments/mandate.ts';
import { whatIsRefused } from '../../../payments/refused-wish.ts';
import { told } from '../../../payments/subscription.ts';
import { subscriptionOf } from '../../../payments/subscription-rows.ts';
import type { JobNeeds } from '../../feature.ts';

/** Telegram does not know it: it is over by itself, or was never this bot's. */
const UNKNOWN = /CHARGE_ID_INVALID|CHARGE_NOT_FOUND|USER_ID_INVALID|SUBSCRIPTION_\w*(INVALID|EXPIRED|NOT_FOUND)/i;

const SAID = {
  told: 'Telegram knows what becomes of the subscription',
  over: 'the subscription is over at Telegram: nothing is left to be told',
  else: 'something else is wished of the subscription by now',
  due: 'Telegram does not know the subscription; it is asked again when it can be paid no more',
} as const;

/** Until a refund of it is looked at again, ms. */
const BACK_WITHIN = 30_000;

export const mandate = ({ pool, posture, api }: JobNeeds) =>
  job(mandates, async ({ input, signal, hold, log, transaction, done }) => {
    const { botId, userId, purchase, charge } = input;
    const key = { botId, userId, purchase };
    const known = await subscriptionOf(pool, key);
    const isCurrent = known?.firstCharge === charge;
    // One that the books do not carry is one too many.
    const wish = isCurrent ? known.wish : 'cancel';
    if (wish === null) return { charge, wish: 'none any more' };
    hold();
    let refusal: GrammyError | undefined;
    try {
      await api.editUserStarSubscription(
        userId,
        charge,
        wish === 'cancel',
        signal as unknown as Parameters<typeof api.getMe>[0],
      );
    } catch (error) {
      if (!(error instanceof GrammyError && UNKNOWN.test(error.description))) throw error;
      refusal = error;
    }
    const became = await transaction(async (tx) => {
      const refused = refusal && (await whatIsRefused(tx, key, { charge, wish, grace: posture.payments.renewalGrace }));
      const is = refused?.is ?? 'told';
      if (is === 'soon' || is === 'runs') return is;
      if (refused?.is === 'due') await enqueue(tx, mandates, input, { after: refused.after });
      if (isCurrent && (is === 'told' || is === 'over')) await told(tx, key, wish);
      await done(tx);
      return is;
    });
    // Not hopeless at once: what Telegram says of it by an update, or in its list, may be on its way to our books.
    const why = `Telegram does not ${wish} the subscription ${charge}: ${refusal?.description}`;
    if (became === 'runs') throw new Error(why, { cause: refusal });
    if (became === 'soon') throw new RetryLater(BACK_WITHIN, `${why}, and a refund of it is under way`);
    log.info({ charge, wish, became, refusal: refusal?.description }, SAID[became]);
    return { charge, wish, became };
  });
