/** Alarms on what was paid: nothing of it may wait for somebody to complain. */
import type { Posture } from '../schema/index.ts';
import { alarm, type Alarm, type AlarmDraft } from './alarm.ts';
import { TASK, TASK_METRICS } from './metrics.ts';

/** Metrics in a log line are there within seconds of it. */
const DELAY = 30;
/** Reconciliations that may be missed before somebody is told. */
const MISSED = 3;

type Draft = Pick<AlarmDraft, 'id' | 'title' | 'severity' | 'faults'> & {
  metric: keyof typeof TASK_METRICS;
  threshold?: number;
  unit?: 'Count' | 'Seconds';
  periods?: number;
};

const drafts = ({ schedules }: Posture): Draft[] => [
  {
    id: 'payment-uncredited',
    title: 'Somebody has paid and has had no credits for minutes',
    metric: 'paymentsUncredited',
    periods: 2,
    severity: 'page',
    faults: ['payment-lost', 'callback-silence'],
  },
  {
    id: 'payment-parked',
    title: 'Somebody has paid for something that the bot does not know',
    metric: 'paymentsParked',
    severity: 'page',
    faults: ['payment-lost', 'route-switched-off'],
  },
  {
    id: 'refund-stuck',
    title: 'A refund is not done, or Telegram refuses it',
    metric: 'refundsStuck',
    severity: 'ticket',
    faults: ['refund-twice'],
  },
  {
    id: 'reconcile-overdue',
    title: "Telegram's list of payments has not been found equal to our books for hours",
    metric: 'reconciledSeconds',
    threshold: (MISSED * schedules.reconcile.every) / 1000,
    unit: 'Seconds',
    severity: 'ticket',
    faults: ['payment-lost', 'callback-silence'],
  },
  {
    id: 'ledger-mismatch',
    title: 'The books do not agree with themselves, or not with Telegram',
    metric: 'moneyMismatches',
    severity: 'page',
    faults: ['payment-twice', 'charge-without-record'],
  },
  {
    id: 'callback-forged',
    title: 'Callbacks of payments come that their provider has not signed',
    metric: 'callbacksForged',
    // One is a stray; a provider whose secret is another than ours repeats each.
    threshold: 3,
    severity: 'ticket',
    faults: ['callback-spoof'],
  },
  {
    id: 'held-after-restore',
    title: 'The database was put back or replaced: nothing goes out until a person has looked',
    metric: 'held',
    severity: 'page',
    faults: ['restored-twice', 'refund-twice'],
  },
  {
    id: 'clawback',
    title: 'A payment was taken back without our asking',
    metric: 'paymentsTakenBack',
    severity: 'ticket',
    faults: ['clawback'],
  },
];

export const moneyAlarms = (posture: Posture): Alarm[] =>
  drafts(posture).map(({ metric, threshold = 1, unit = 'Count', periods = 1, ...draft }) =>
    alarm(posture, {
      ...draft,
      metric: { namespace: TASK, name: TASK_METRICS[metric], dimensions: ['stack'] },
      statistic: 'Maximum',
      comparison: '>=',
      threshold,
      unit,
      periods,
      datapoints: periods,
      // A worker that says nothing has alarms of its own.
      missing: 'notBreaching',
      delay: DELAY,
    }),
  );
