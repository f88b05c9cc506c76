/** A task that is told to end while it is busy. Times in ms after the SIGTERM; the balancer may take it out late. */
import type { Posture } from '../../../posture/schema/index.ts';

/** What was under way: when it began, as a share of how late it may begin, and how long it takes, as a share of the longest. */
export interface Busy {
  began: number;
  takes: number;
}

/** When the web task has answered its last request: they come until the balancer has deregistered it. */
export const webEmpty = (posture: Posture, requests: readonly Busy[]): number =>
  Math.max(
    0,
    ...requests.map(
      ({ began, takes }) => posture.ingress.deregistrationDelay * began + posture.telegram.ackDeadline * takes,
    ),
  );

/** When the worker has settled its last update: none is begun after the SIGTERM, each may just have begun. */
export function workerEmpty(posture: Posture, updates: readonly Busy[]): number {
  const longest = Math.max(...Object.values(posture.jobs).map(({ handler }) => handler));
  const { acquire, query } = posture.database.timeouts;
  return Math.max(0, ...updates.map(({ began, takes }) => longest * takes * (1 - began) + (acquire + query) * takes));
}
