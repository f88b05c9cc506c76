/**
 * The job of a refund. Telegram's call takes no key, and has been seen to say "already refunded" of one that it had just
 * made (telegram-bot-api#690): so what it answers is not believed, but looked up in its books (fault refund-twice).
 */
import { GrammyError } from 'grammy';
import { job, type JobRun } from '../../jobs/job.ts';
import { Hopeless, RetryLater } from '../../outcome.ts';
import { takeBack } from '../../payments/book.ts';
import { refundRefused, refunds, wasRestored } from '../../payments/refund.ts';
import { hasGoneBack, readTransactions } from '../../payments/transactions.ts';
import type { JobNeeds } from '../feature.ts';
import { giveBack, type GivenBack } from './give-back.ts';
import { tellWentBack } from './went-back.ts';

/** Of a charge that Telegram will never give back: another bot's, or a person who is gone. */
const NEVER = /CHARGE_ID_INVALID|CHARGE_NOT_FOUND|USER_ID_INVALID|USER_DEACTIVATED|PEER_ID_INVALID/i;
const DONE = /ALREADY_REFUNDED/i;
/** How long the books are given to show what was just made, ms. */
const SHOWN_WITHIN = 15_000;

export const refund = (needs: JobNeeds) =>
  job(refunds, (run) => {
    const { provider, sent = false, ...of } = run.input;
    return provider ? giveBack(needs, { ...of, provider, sent }, run) : refundStars(needs, run);
  });

async function refundStars(
  { pool, api }: JobNeeds,
  {
    input: { botId, userId, charge },
    job: { attempts },
    signal,
    hold,
    log,
    transaction,
    done,
  }: JobRun<Omit<GivenBack, 'provider' | 'sent'>>,
): Promise<Record<string, unknown>> {
  const asSignal = signal as unknown as Parameters<typeof api.getMe>[0];
  const lookUp = async (): Promise<boolean> => {
    await readTransactions({ pool, api, botId, signal });
    return hasGoneBack(pool, botId, charge);
  };
  const settle = async () => {
    const { payment } = await transaction(async (tx) => {
      const booked = await takeBack(tx, {
        botId,
        charge,
        to: userId,
        payload: '',
        currency: 'XTR',
        amount: 0,
        at: new Date(),
        foundBy: 'reconciliation',
      });
      await tellWentBack(tx, botId, booked);
      await done(tx);
      return booked;
    });
    return { charge, state: payment.state };
  };

  // An attempt before this one may have done it and never have heard so, or one that a restored database has forgotten.
  const mayBeDone =
    attempts > 0 || (await hasGoneBack(pool, botId, charge)) || (await wasRestored(pool, botId, charge));
  if (mayBeDone && (await lookUp())) return settle();
  hold();
  try {
    await api.refundStarPayment(userId, charge, asSignal);
  } catch (error) {
    if (!(error instanceof GrammyError)) throw error;
    if (DONE.test(error.description)) {
      if (await lookUp()) return settle();
      throw new RetryLater(
        SHOWN_WITHIN,
        `Telegram says that ${charge} went back before, and its books do not show it`,
        {
          cause: error,
        },
      );
    }
    if (!NEVER.test(error.description)) throw error;
    if (await lookUp()) return settle();
    await transaction((tx) => refundRefused(tx, botId, charge, error.description));
    throw new Hopeless(`Telegram does not refund ${charge}: ${error.description}`, { cause: error });
  }
  log.info({ charge }, 'Telegram has given the Stars back');
  return settle();
}
