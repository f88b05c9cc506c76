/**
 * The job of a refund by a provider beside Telegram. Under one key it is made once there, whatever becomes of an answer;
 * before each try it is looked up all the same (fault refund-twice).
 */
import type { CallbackSource } from '../../../posture/payers.ts';
import type { JobRun } from '../../jobs/job.ts';
import { Hopeless, RetryLater } from '../../outcome.ts';
import { takeBack } from '../../payments/book.ts';
import { paidOf, refundRefused } from '../../payments/refund.ts';
import { TillRefusal } from '../../payments/tills/index.ts';
import type { JobNeeds } from '../feature.ts';
import { tellWentBack } from './went-back.ts';

/** Our account there has too little: somebody has to fill it, and the alarm on refunds says so meanwhile. */
const EMPTY = /NOT_ENOUGH|INSUFFICIENT|BALANCE/i;
/** What no repetition mends: the person, the coin or the sum cannot be paid, or transfers are not switched on there. */
const NEVER = /USER|ASSET|AMOUNT|DISABLED|FORBIDDEN|UNAUTHORIZED|NOT_ALLOWED/i;
/** Until the account is looked at again, ms. */
const FILLED_WITHIN = 10 * 60_000;

export interface GivenBack {
  botId: number;
  userId: number;
  provider: CallbackSource;
  charge: string;
  /** By hand, by a person. */
  sent: boolean;
}

/** At most 64 characters, the same in every attempt, and after a refusal too. */
const keyOf = ({ botId, charge }: Pick<GivenBack, 'botId' | 'charge'>): string => `refund-${botId}-${charge}`;

/** The charge that a key of this bot's names. */
export function chargeIn(key: string, botId: number): string | undefined {
  const prefix = keyOf({ botId, charge: '' });
  return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
}

export async function giveBack(
  { pool, tills = {} }: JobNeeds,
  wanted: GivenBack,
  { signal, hold, log, transaction, done }: JobRun<unknown>,
): Promise<Record<string, unknown>> {
  const { botId, userId, provider, charge, sent } = wanted;
  const settle = async () => {
    const { payment } = await transaction(async (tx) => {
      const about = { payload: '', currency: '', amount: 0, at: new Date(), foundBy: 'reconciliation' } as const;
      const booked = await takeBack(tx, { ...about, botId, provider, charge, to: userId });
      await tellWentBack(tx, botId, booked);
      await done(tx);
      return booked;
    });
    return { provider, charge, state: payment.state };
  };
  if (sent) return settle();

  const till = tills[provider]?.giveBack;
  if (!till) throw new Hopeless(`no key is set to ask ${provider} for a refund`);
  const key = keyOf(wanted);
  // An attempt before this one may have made it, and never have heard so.
  if (await till.made(key, signal)) return settle();
  const paid = await paidOf(pool, botId, provider, charge);
  hold();
  try {
    await till.make({ key, userId, paid: paid ?? '', comment: 'Refund' }, signal);
  } catch (error) {
    if (!(error instanceof TillRefusal)) throw error;
    // It may refuse a key because it was used.
    if (await till.made(key, signal)) return settle();
    const { code = '', message } = error;
    if (EMPTY.test(code)) throw new RetryLater(FILLED_WITHIN, `${message}: fill the account there`, { cause: error });
    if (!NEVER.test(code)) throw error;
    await transaction((tx) => refundRefused(tx, botId, charge, message, provider));
    throw new Hopeless(`${provider} does not give ${charge} back: ${message}`, { cause: error });
  }
  log.info({ provider, charge }, 'given back');
  return settle();
}
