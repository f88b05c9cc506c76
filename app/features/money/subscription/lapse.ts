/** The schedule that ends what is over: subscriptions which were not paid again, told so, and carts of which nothing came. */
import { withTx } from '../../../database/tx.ts';
import type { ScheduleHandler } from '../../../jobs/run.ts';
import { say } from '../../../outbox/index.ts';
import { forgetIntents } from '../../../payments/intent.ts';
import { lapse } from '../../../payments/subscription.ts';
import { languageOf } from '../../../people/index.ts';
import type { JobNeeds } from '../../feature.ts';
import { texts } from './texts.ts';

export const lapseSchedule =
  ({ pool, posture, botId }: JobNeeds): ScheduleHandler =>
  async ({ signal }) => {
    let ended = 0;
    await withTx(pool, (tx) => forgetIntents(tx, botId));
    for (let more = true; more && !signal.aborted;) {
      const bite = await withTx(pool, async (tx) => {
        const over = await lapse(tx, botId, posture.payments.renewalGrace);
        for (const { purchase, userId, paidUntil, state } of over) {
          const text = texts.lapsed(await languageOf(tx, botId, userId));
          await say(tx, {
            cause: `lapsed:${botId}:${purchase}:${userId}:${paidUntil.getTime()}:${state}`,
            class: 'notice',
            chat: userId,
            method: 'sendMessage',
            payload: { text },
          });
        }
        return over.length;
      });
      ended += bite;
      more = bite > 0;
    }
    return { ended };
  };
