/** Alarms on what the bot has decided to do: its jobs and its messages. By kind over all queues; the bot says which one it is. */
import { outboxLease } from '../limits.ts';
import { QUEUES, type DeclaredQueue } from '../features/index.ts';
import type { JobName, Posture, ScheduleName } from '../schema/index.ts';
import { alarm, type Alarm, type AlarmDraft, type Severity } from './alarm.ts';
import { sentinelDelay, sentinelPeriod } from './outside.ts';
import { SENTINEL, SENTINEL_METRICS } from './metrics.ts';

/** However long the jobs of a queue may run: by then one of its places has come free, or there are too few, ms. */
const LONGEST = 5 * 60_000;

/** Age that a job which is due reaches only when something is wrong, ms: a whole run, and a worker lost before it. */
export const jobAgeLimit = ({ work, lanes }: Posture, queue: JobName): number =>
  Math.min(LONGEST, Math.max(60_000, work[queue].deadline + lanes.recoverWithin));

/** The same of a message, ms: it waits for a sender, or for the one before it, which may have been lost with its worker. */
export const messageAgeLimit = (posture: Posture): number =>
  Math.max(60_000, outboxLease(posture) + posture.lanes.recoverWithin);

/** Since the beginning of the last slot that was done: beyond it at least one slot has gone by that nobody did, ms. */
export const slotAgeLimit = ({ schedules }: Posture, name: ScheduleName): number =>
  Math.max(5 * 60_000, 2 * schedules[name].every + schedules[name].deadline);

const jobNames = ({ work }: Posture): JobName[] => Object.keys(work) as JobName[];

/** Without a queue that declares what its alarms say it does not compile. */
const DECLARED: Record<JobName, DeclaredQueue> = QUEUES;

/** Queues whose dead jobs somebody is told of in this way. */
export const deadAre = (severity: Severity, queue: string): boolean => DECLARED[queue as JobName]?.dead === severity;

const namesOf = (queues: readonly JobName[]): string =>
  queues.length === 0 ? '' : ` (${queues.map((name) => DECLARED[name].what).join(', ')})`;

type Draft = Pick<AlarmDraft, 'id' | 'title' | 'severity' | 'faults'> & {
  metric: keyof typeof SENTINEL_METRICS;
  of: number;
  onset?: number;
  unit?: AlarmDraft['unit'];
};

function drafts(posture: Posture): Draft[] {
  const queues = jobNames(posture);
  const which = namesOf(queues);
  const dead = (severity: Severity) => namesOf(queues.filter((queue) => deadAre(severity, queue)));
  return [
    {
      id: 'jobs-late',
      title: `Jobs that are due are not begun${which}`,
      metric: 'jobsLateBy',
      unit: 'Seconds',
      onset: Math.max(60_000, ...queues.map((name) => jobAgeLimit(posture, name))) / 1000,
      of: 3,
      severity: 'ticket',
      faults: ['job-kills-loop', 'blocking-poll', 'background-context', 'foreign-bot', 'download-exhaustion'],
    },
    {
      id: 'jobs-overdue',
      title: `A job runs on beyond its deadline, and nobody ends it${which}`,
      metric: 'jobsOverdue',
      of: 3,
      severity: 'ticket',
      faults: ['iteration-hang', 'stuck-lock'],
    },
    {
      id: 'jobs-dead',
      title: `Jobs were given up after all attempts${dead('ticket')}`,
      metric: 'jobsDead',
      of: 1,
      severity: 'ticket',
      faults: ['retry-blind', 'no-degradation', 'job-kills-loop', 'broadcast-abort'],
    },
    {
      id: 'jobs-dead-urgent',
      title: `Jobs were given up for which nobody can wait${dead('page')}`,
      metric: 'jobsDeadUrgent',
      of: 1,
      severity: 'page',
      faults: ['retry-blind', 'no-degradation', 'job-kills-loop'],
    },
    {
      id: 'schedule-missed',
      title: 'Something that is to run by the clock was not done in its time, or fails every time',
      // Counted from when a slot is missed: how long that takes is the slot's length.
      metric: 'slotsMissed',
      of: 1,
      severity: 'ticket',
      faults: ['iteration-hang', 'job-kills-loop', 'expiring-links'],
    },
    {
      id: 'outbox-late',
      title: 'Messages that are due are not sent: people are not told what their payments and jobs led to',
      metric: 'messagesLateBy',
      unit: 'Seconds',
      onset: messageAgeLimit(posture) / 1000,
      of: 2,
      severity: 'page',
      faults: ['untold', 'stuck-lock'],
    },
    {
      id: 'outbox-dead',
      title: 'Messages were given up that somebody should have had',
      metric: 'messagesDead',
      of: 1,
      severity: 'ticket',
      faults: ['untold', 'retry-blind'],
    },
    {
      id: 'outbox-unknown',
      title: 'Nobody knows whether messages arrived that somebody should have had',
      metric: 'messagesUnknown',
      of: 1,
      severity: 'ticket',
      faults: ['untold', 'ambiguous-send'],
    },
  ];
}

export const workAlarms = (posture: Posture): Alarm[] =>
  drafts(posture).map(({ metric, of, unit = 'Count', ...draft }) =>
    alarm(posture, {
      ...draft,
      metric: { namespace: SENTINEL, name: SENTINEL_METRICS[metric], dimensions: ['stack'] },
      statistic: 'Maximum',
      comparison: '>=',
      threshold: 1,
      unit,
      period: sentinelPeriod(posture),
      periods: of,
      datapoints: of,
      // What cannot be counted is the alarm of the lanes' ages already, which have the same source.
      missing: 'notBreaching',
      delay: sentinelDelay(posture),
    }),
  );
