/** What a failure means for the update: done, again, or parked. Pure: a table of failures against the posture. */
import { isServerAway } from '../database/errors.ts';
import { Hopeless, LaneLost, RetryLater, Unreachable, UnknownSend } from '../outcome.ts';

export type Decision =
  /** `unknown`: what became of one of its sends is not known; a person may look (fault ambiguous-send). */
  | { kind: 'done'; unknown: boolean }
  /** Again after a pause, ms. `counted`: it was an attempt; parked instead when it was the last one. */
  | { kind: 'again'; after: number; counted: boolean }
  | { kind: 'park' };

/** What is declared about attempts, of a queue of updates or of jobs. */
export interface Budget {
  attempts: number;
  backoff: { first: number; max: number };
  patience: number;
}

export interface Standing {
  attempts: number;
  /** Since it was stored, ms. */
  age: number;
}

/** Pause where the database was away for the handler, ms: less than a wait for a connection, so that it costs nothing. */
const AWAY_PAUSE = 1_000;

/**
 * `failure` undefined: the handler ended well. What waits for somebody else is postponed without using an attempt while
 * the update is younger than the queue's `patience`; after that, and for every other failure, it is an attempt.
 */
export function decide(failure: unknown, { attempts, age }: Standing, job: Budget): Decision {
  if (failure === undefined || failure instanceof Unreachable) return { kind: 'done', unknown: false };
  if (failure instanceof UnknownSend) return { kind: 'done', unknown: true };
  if (failure instanceof Hopeless) return { kind: 'park' };
  // Whoever has the lane by now goes on from here; if nobody has, neither was this an attempt.
  if (failure instanceof LaneLost) return { kind: 'again', after: 0, counted: false };
  const left = job.patience - age;
  if ((failure instanceof RetryLater || isServerAway(failure)) && left > 0) {
    const after = failure instanceof RetryLater ? failure.after : AWAY_PAUSE;
    return { kind: 'again', after: Math.min(after, left), counted: false };
  }
  if (attempts + 1 >= job.attempts) return { kind: 'park' };
  return { kind: 'again', after: Math.min(job.backoff.first * 2 ** attempts, job.backoff.max), counted: true };
}
