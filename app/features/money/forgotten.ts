/**
 * What a database that was put back to an earlier point does not know of providers beside Telegram: money that came for
 * bills of the time that it has lost, and money that it has given back in that time. Asked of those that list it
 * (faults payment-lost, refund-twice).
 */
import type { CallbackSource } from '../../../posture/payers.ts';
import { mayHaveForgotten } from '../../database/lineage.ts';
import { withTx } from '../../database/tx.ts';
import type { Run } from '../../jobs/run.ts';
import { describeError } from '../../log.ts';
import { takeBack } from '../../payments/book.ts';
import { unknownDeposits } from '../../payments/deposit-rows.ts';
import { forgottenRefund, stillOurs } from '../../payments/refund.ts';
import type { Deposit, Till } from '../../payments/tills/index.ts';
import type { JobNeeds } from '../feature.ts';
import { chargeIn } from './give-back.ts';
import { tellWentBack } from './went-back.ts';

/** How long after a person has accepted such a database it is looked for, ms. */
const REMEMBERED = 14 * 86_400_000;

export interface Remembered {
  /** Deposits that are in no row of ours. */
  unknown: Deposit[];
  /** Payments that had gone back. */
  wentBack: number;
  failed: number;
}

const NOTHING: Remembered = { unknown: [], wentBack: 0, failed: 0 };

/** Nothing where the database has forgotten nothing. Money that went back is booked here; what came is the caller's. */
export async function remember(needs: JobNeeds, run: Pick<Run, 'signal' | 'log'>, till: Till): Promise<Remembered> {
  const { pool, botId } = needs;
  const { signal, log } = run;
  if (!(await mayHaveForgotten(pool, REMEMBERED))) return NOTHING;
  try {
    const paid = (await till.allPaid?.(signal)) ?? [];
    const ids = new Set(
      await unknownDeposits(
        pool,
        botId,
        till.name,
        paid.map(({ id }) => id),
      ),
    );
    const wentBack = await bookGivenBack(needs, run, till);
    return { unknown: paid.filter(({ id }) => ids.has(id)), wentBack, failed: 0 };
  } catch (error) {
    log.error({ provider: till.name, error: describeError(error) }, 'what is forgotten could not be looked for');
    return { ...NOTHING, failed: 1 };
  }
}

async function bookGivenBack({ pool, botId }: JobNeeds, { signal, log }: Pick<Run, 'signal' | 'log'>, till: Till) {
  const provider: CallbackSource = till.name;
  const keys = (await till.giveBack?.all(signal)) ?? [];
  const charges = keys.flatMap((key) => chargeIn(key, botId) ?? []);
  let booked = 0;
  for (const { charge, userId } of await stillOurs(pool, botId, provider, charges)) {
    if (signal.aborted) break;
    booked += await withTx(pool, async (tx) => {
      if (!(await forgottenRefund(tx, botId, provider, charge))) return 0;
      const about = { payload: '', currency: '', amount: 0, at: new Date(), foundBy: 'reconciliation' } as const;
      const back = await takeBack(tx, { ...about, botId, provider, charge, to: userId });
      await tellWentBack(tx, botId, back);
      return 1;
    });
    log.warn({ provider, charge }, 'it had been given back, and was forgotten');
  }
  return booked;
}
