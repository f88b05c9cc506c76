/** The schedules that find what no update told, and say so to who paid. */
import type { Tx } from '../../database/tx.ts';
import { balanceOf } from '../../ledger/index.ts';
import type { Run, ScheduleHandler } from '../../jobs/run.ts';
import { say } from '../../outbox/index.ts';
import type { Booked } from '../../payments/book.ts';
import { creditLinked } from '../../payments/link.ts';
import { plansOf } from '../../payments/packages.ts';
import { languageOf } from '../../people/index.ts';
import { isReconciled, reconcile, watchStars, type Found } from '../../payments/reconcile.ts';
import { noteChecks } from '../../payments/watch.ts';
import type { JobNeeds } from '../feature.ts';
import type { TillsReport } from './deposits.ts';
import { noteOfLinked, noteOfReceipt } from './subscription/index.ts';
import { lapseSchedule } from './subscription/lapse.ts';
import { tellWentBack } from './went-back.ts';
import { sayReceipt } from './words.ts';

/** Beyond the life of an offer: how long a payment of it may take to show. ms */
const LATE = 600_000;

interface StarSchedules extends Record<'stars' | 'lapse', ScheduleHandler> {
  /** @param beside what other providers say, looked at just now */
  reconcile(run: Run, beside?: TillsReport): ReturnType<ScheduleHandler>;
}

export function starSchedules(given: JobNeeds): StarSchedules {
  const { pool, posture, api, botId } = given;
  const { grace, offerLasts } = posture.payments;
  const needs = ({ signal, log }: Run) => ({ pool, api, botId, grace, tell, signal, log });

  /** In the transaction that books it, and once: what is committed is said, whatever is killed. */
  async function tell(tx: Tx, booked: Booked): Promise<void> {
    const { payment } = booked;
    const { charge, userId, state, refundBy } = payment;
    const came = state === 'parked' || state === 'credited' || (state === 'refunding' && refundBy === 'bot');
    if (!came) return tellWentBack(tx, botId, booked);
    const language = await languageOf(tx, botId, userId);
    const now = await balanceOf(tx, { botId, userId });
    await say(tx, {
      cause: `receipt:stars:${charge}`,
      class: 'receipt',
      chat: userId,
      method: 'sendMessage',
      payload: { text: [sayReceipt(language, payment, now), ...noteOfReceipt(language, booked)].join('\n') },
    });
  }

  /** Of what was parked they were told already, under another cause. */
  async function tellLinked(tx: Tx, booked: Booked): Promise<void> {
    const { payment } = booked;
    const { provider, charge, userId } = payment;
    const language = await languageOf(tx, botId, userId);
    const receipt = sayReceipt(language, payment, await balanceOf(tx, { botId, userId }));
    await say(tx, {
      cause: `receipt:${provider}:${charge}:linked`,
      class: 'receipt',
      chat: userId,
      method: 'sendMessage',
      payload: { text: [receipt, ...noteOfLinked(language, booked)].join('\n') },
    });
  }

  function count({ log }: Run, { credited, wentBack, failed }: Found) {
    for (const { charge, state, credits } of [...credited, ...wentBack])
      log.warn({ charge, state, credits: String(credits) }, 'found by reconciliation');
    return { credited: credited.length, wentBack: wentBack.length, failed };
  }

  return {
    stars: async (run) => {
      const linked = await creditLinked({
        pool,
        botId,
        plans: plansOf(posture),
        tell: tellLinked,
        signal: run.signal,
        log: run.log,
      });
      const found = await watchStars(needs(run), offerLasts + LATE);
      return { ...(linked > 0 && { linked }), ...(found ? count(run, found) : { watched: false }) };
    },
    lapse: lapseSchedule(given),
    reconcile: async (run, { tills, differs } = { tills: {}, differs: false }) => {
      const report = await reconcile(needs(run));
      const told = count(run, report);
      const { expected, found, difference, explained, balanceOff, others } = report;
      const figures = Object.fromEntries(
        Object.entries({ expected, found, difference, explained, balanceOff }).map(([name, sum]) => [
          name,
          String(sum),
        ]),
      );
      if (!isReconciled(report)) run.log.error({ ...figures, ...told, others }, 'Stars do not reconcile');
      const wrong = await noteChecks(pool, botId, {
        differs: differs || !isReconciled(report),
        report: { ...figures, ...told, reconciled: isReconciled(report), tills },
        signal: run.signal,
      });
      if (wrong.length > 0) run.log.error({ wrong }, 'the ledger does not agree with itself');
      return { ...figures, ...told, others, reconciled: isReconciled(report), wrong: wrong.length };
    },
  };
}
