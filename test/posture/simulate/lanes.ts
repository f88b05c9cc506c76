/** Leases of lanes: a worker that renews them with hiccups, a worker that dies and is found out. Times in ms. */
import type { Posture } from '../../../posture/schema/index.ts';

/** A hiccup of one round: a pause of the event loop or a slow database, each as a share of what is tolerated. */
export interface Hiccup {
  kind: 'pause' | 'database';
  share: number;
}

const queryTime = ({ database: { timeouts } }: Posture, share: number): number =>
  (timeouts.acquire + timeouts.query) * share;

/** Longest time between two renewals of a live worker's leases. */
export function longestSilence(posture: Posture, hiccups: readonly Hiccup[]): number {
  const { touch } = posture.lanes;
  let longest = 0;
  for (const { kind, share } of hiccups) {
    const delay = kind === 'pause' ? posture.watchdog.maxLag * share : queryTime(posture, share);
    longest = Math.max(longest, touch + delay);
  }
  return longest;
}

export interface Death {
  /** Where the other workers' supervision is in its pause when the worker dies. */
  phase: number;
  /** The one round in which the database is slow, and how slow it is. */
  slowRound: number;
  slowness: number;
  /** Where the poll is in its pause when the lane is free. */
  poll: number;
}

/** Time from a worker's last renewal until another has its lane: supervision goes round, sees the lease end, polls. */
export function takeoverTime(posture: Posture, { phase, slowRound, slowness, poll }: Death): number {
  const { heartbeat, touch } = posture.lanes;
  let now = touch * phase;
  for (let round = 0; ; round++) {
    // The round decides by the time at which it began to look.
    const seen = now;
    if (round === slowRound) now += queryTime(posture, slowness);
    if (seen >= heartbeat) return now + posture.lanes.poll * poll;
    now += touch;
  }
}

/** Longest that a row locked by a worker which vanished in a transaction stays locked after its last sign of life. */
export const rowsLocked = ({ database: { timeouts } }: Posture, idle: number): number =>
  Math.max(timeouts.statement, timeouts.idleInTransaction) * idle;

export interface Query {
  /** Pause before it since the arrival `perSecond` places earlier, beyond the second that lies between at least, ms. */
  gap: number;
  /** Its handler as a share of the longest. */
  handler: number;
  /** Where the poll is in its pause when it arrives. */
  poll: number;
}

/** Longest time from a pre-checkout query's arrival to its answer, with one worker or zone lost. */
export function longestPreCheckout(posture: Posture, queries: readonly Query[]): number {
  const { min } = posture.worker.tasks;
  const { zones } = posture.network;
  const { lanes, perSecond, handler } = posture.jobs.preCheckout;
  const left = posture.stage !== 'production' ? min : zones > 1 ? min - Math.ceil(min / zones) : min - 1;
  const free = Array.from({ length: lanes * left }, () => 0);
  const arrivals: number[] = [];
  let longest = 0;
  for (const [index, query] of queries.entries()) {
    const before = arrivals[index - perSecond];
    const arrival =
      before === undefined ? (arrivals.at(-1) ?? 0) : Math.max(arrivals.at(-1)!, before + 1000 + query.gap);
    arrivals.push(arrival);
    const lane = free.indexOf(Math.min(...free));
    const seen = arrival + posture.web.gather + posture.lanes.poll * query.poll;
    free[lane] = Math.max(seen, free[lane]!) + handler * query.handler;
    longest = Math.max(longest, free[lane] - arrival);
  }
  return longest;
}
