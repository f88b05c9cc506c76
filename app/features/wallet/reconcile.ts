/** The schedules that find what no update told, and say so to who paid. */
import { balanceOf } from '../../ledger/index.ts';
import { describeError } from '../../log.ts';
import type { Run, ScheduleHandler } from '../../jobs/run.ts';
import type { Payment } from '../../payments/book.ts';
import { isReconciled, reconcile, watchStars, type Found } from '../../payments/reconcile.ts';
import { noteChecks } from '../../payments/watch.ts';
import type { JobNeeds } from '../jobs.ts';
import { texts } from './texts.ts';

/** Beyond the life of an offer: how long a payment of it may take to show. ms */
const LATE = 600_000;

export function starSchedules({ pool, posture, api, botId }: JobNeeds): Record<'stars' | 'reconcile', ScheduleHandler> {
  const { grace, offerLasts } = posture.payments;
  const needs = ({ signal, log }: Run) => ({ pool, api, botId, grace, signal, log });

  async function say({ signal, log }: Run, payment: Payment, text: string): Promise<void> {
    try {
      await api.sendMessage(payment.userId, text, {}, signal as unknown as Parameters<typeof api.getMe>[0]);
    } catch (error) {
      // The credits are there, and /history says so: a person who cannot be told is no reason to fail.
      log.warn({ charge: payment.charge, error: describeError(error) }, 'who paid could not be told');
    }
  }

  /** The credits are committed; now those are told whom no update has told. */
  async function tell(run: Run, { credited, wentBack, failed }: Found) {
    for (const payment of [...credited, ...wentBack]) {
      const { charge, userId, state, credits } = payment;
      run.log.warn({ charge, state, credits: String(credits) }, 'found by reconciliation');
      const now = await balanceOf(pool, { botId, userId });
      const text =
        state === 'parked'
          ? texts.parked(payment)
          : state === 'credited'
            ? texts.receipt(payment, now)
            : texts.wentBack(payment, now);
      await say(run, payment, text);
    }
    return { credited: credited.length, wentBack: wentBack.length, failed };
  }

  return {
    stars: async (run) => {
      const found = await watchStars(needs(run), offerLasts + LATE);
      return found ? tell(run, found) : { watched: false };
    },
    reconcile: async (run) => {
      const report = await reconcile(needs(run));
      const told = await tell(run, report);
      const { expected, found, difference, explained, balanceOff, others } = report;
      const figures = Object.fromEntries(
        Object.entries({ expected, found, difference, explained, balanceOff }).map(([name, sum]) => [
          name,
          String(sum),
        ]),
      );
      if (!isReconciled(report)) run.log.error({ ...figures, ...told, others }, 'Stars do not reconcile');
      const wrong = await noteChecks(pool, botId, { differs: !isReconciled(report), signal: run.signal });
      if (wrong.length > 0) run.log.error({ wrong }, 'the ledger does not agree with itself');
      return { ...figures, ...told, others, reconciled: isReconciled(report), wrong: wrong.length };
    },
  };
}
