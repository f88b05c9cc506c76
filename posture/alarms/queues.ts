/** Alarms on every queue under `jobs`. A new queue has them as soon as it says here what it is to its users. */
import type { Posture, QueueName } from '../schema/index.ts';
import { alarm, type Alarm, type AlarmDraft, type Severity } from './alarm.ts';
import { sentinelDelay, sentinelPeriod } from './outside.ts';
import { SENTINEL, SENTINEL_METRICS } from './metrics.ts';

interface QueueFacts {
  /** Start of the alarms' ids. */
  id: string;
  /** What waits, as its users would call it. */
  what: string;
  /** Time after which an answer is worth nothing any more, ms. */
  worthlessAfter?: number;
  /** Who must know that something was given up, and how soon. */
  parked: Severity;
}

/** A queue that is declared but not described here does not compile. */
const QUEUES: Record<QueueName, QueueFacts> = {
  chat: { id: 'lane-chat', what: "users' messages", parked: 'ticket' },
  // Telegram cancels a payment whose pre-checkout query is not answered within 10 s.
  preCheckout: { id: 'lane-pre-checkout', what: 'payments', worthlessAfter: 10_000, parked: 'ticket' },
  // Somebody has paid and has nothing for it.
  payment: { id: 'lane-payment', what: 'payments made', parked: 'page' },
};

const queueNames = (posture: Posture): QueueName[] => Object.keys(posture.jobs) as QueueName[];

/**
 * Age that the oldest update reaches only when something is wrong: longer than one whole handling after the takeover of
 * a crashed worker's lanes, at least 60 s; for what is worthless sooner, that.
 */
export function queueAgeLimit(posture: Posture, queue: QueueName): number {
  const { worthlessAfter } = QUEUES[queue];
  return worthlessAfter ?? Math.max(60_000, posture.jobs[queue].handler + posture.lanes.recoverWithin);
}

type Gauge = Pick<AlarmDraft, 'id' | 'title' | 'comparison' | 'threshold' | 'unit' | 'severity' | 'faults'> & {
  name: 'queueAge' | 'queuePending' | 'queueParked' | 'queueStranded';
  of: number;
  onset?: number;
};

function gauge(posture: Posture, queue: QueueName, { name, of, ...part }: Gauge): AlarmDraft {
  return {
    ...part,
    metric: { namespace: SENTINEL, name: SENTINEL_METRICS[name], dimensions: ['stack', `queue:${queue}`] },
    statistic: 'Maximum',
    period: sentinelPeriod(posture),
    periods: of,
    datapoints: of,
    // What cannot be seen is one fault with an alarm of its own: all four have one source.
    missing: 'notBreaching',
    delay: sentinelDelay(posture),
  };
}

function ofQueue(posture: Posture, queue: QueueName): AlarmDraft[] {
  const { id, what, worthlessAfter, parked } = QUEUES[queue];
  const tooOld = queueAgeLimit(posture, queue) / 1000;
  return [
    gauge(posture, queue, {
      id: `${id}-age`,
      title: `The oldest of the ${what} that wait has waited too long`,
      name: 'queueAge',
      comparison: '>',
      threshold: tooOld,
      onset: tooOld,
      unit: 'Seconds',
      of: worthlessAfter === undefined ? 3 : 2,
      severity: 'page',
      faults: ['lock-race', 'stuck-lock', 'passive-watchdog', 'blocking-poll', 'foreign-bot'],
    }),
    gauge(posture, queue, {
      id: `${id}-depth`,
      title: `More ${what} wait than the workers clear`,
      name: 'queuePending',
      comparison: '>',
      // A hundred full claims: 5,000 as shipped.
      threshold: posture.lanes.claimBatch * 100,
      unit: 'Count',
      of: 5,
      severity: 'ticket',
      faults: ['missing-index', 'throttling', 'rate-limit', 'db-drop'],
    }),
    gauge(posture, queue, {
      id: `${id}-stranded`,
      title: `Some ${what} wait although no lane works on them or will`,
      name: 'queueStranded',
      comparison: '>=',
      threshold: 1,
      unit: 'Count',
      of: 3,
      severity: 'page',
      faults: ['stuck-lock', 'background-context'],
    }),
    gauge(posture, queue, {
      id: `${id}-parked`,
      title: `Some ${what} were given up after all attempts`,
      name: 'queueParked',
      comparison: '>=',
      threshold: 1,
      unit: 'Count',
      of: 1,
      severity: parked,
      faults: ['retry-blind', 'job-kills-loop', 'no-degradation', 'poison-spread'],
    }),
  ];
}

export const queueAlarms = (posture: Posture): Alarm[] =>
  queueNames(posture)
    .flatMap((queue) => ofQueue(posture, queue))
    .map((draft) => alarm(posture, draft));
