import type { Posture } from '../schema/index.ts';
import { atMost, lessThan, law, type Clause } from './law.ts';

/** A periodic query at its slowest: the loop's pause, then a connection and the query, ms. */
const round = (every: number, { database: { timeouts } }: Posture): number => every + timeouts.acquire + timeouts.query;

/**
 * Time from a worker's last sign of life until another one works on its chats, at worst, ms: one round may find the
 * database as slow as its timeouts allow. A database that is slow in every round is a fault of its own.
 */
export const takeover = (posture: Posture): number =>
  posture.lanes.heartbeat + round(posture.lanes.touch, posture) + posture.lanes.poll;

function clauses(posture: Posture): Clause[] {
  const { lanes, watchdog, database, jobs } = posture;
  const { acquire, query, idleInTransaction } = database.timeouts;
  const within = { recoverWithin: lanes.recoverWithin };
  const longest = Math.max(...Object.values(jobs).map((job) => job.handler));
  return [
    lessThan({ touch: lanes.touch, 'watchdog.maxLag': watchdog.maxLag }, { heartbeat: lanes.heartbeat }),
    lessThan({ touch: lanes.touch, acquire, query }, { heartbeat: lanes.heartbeat }),
    atMost({ heartbeat: lanes.heartbeat, touch: lanes.touch, acquire, query, poll: lanes.poll }, within),
    atMost({ sweep: lanes.sweep, acquire, query, poll: lanes.poll }, within),
    // Rows that a vanished or frozen worker had locked are free by the time its chats are taken over.
    atMost({ idleInTransaction }, { heartbeat: lanes.heartbeat, touch: lanes.touch }),
    lessThan({ 'longest handler': longest }, { 'watchdog.stalledAfter': watchdog.stalledAfter }),
  ];
}

/**
 * A lane's lease is a heartbeat, renewed while the handler runs: a handler may be longer than the lease. A live worker
 * never loses a lane to a pause that its watchdog tolerates or to one slow query; a dead one's chats go on in time.
 */
export const lanesRecover = law({
  name: 'lanes.recover',
  prevents: ['stuck-lock', 'lock-race', 'passive-watchdog'],
  says: "A crashed worker's chats are taken over in the declared time, and a live worker never loses its lanes.",
  clauses,
});
