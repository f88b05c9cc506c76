import type { Posture } from '../schema/index.ts';
import { ascending, atMost, backoffs, law, type Clause } from './law.ts';

type Provider = Posture['providers'][keyof Posture['providers']];

/** Longest time that one request to a provider takes, repeats included, ms. */
export const longestCall = ({ timeout, attempts, backoff }: Provider): number =>
  timeout * attempts + backoffs(attempts, backoff);

function databaseNests({ database, jobs }: Posture): Clause[] {
  const { connect, acquire, lock, statement, query, idleInTransaction } = database.timeouts;
  const shortest = Math.min(...Object.values(jobs).map((job) => job.handler));
  const longest = Math.max(...Object.values(jobs).map((job) => job.handler));
  return [
    ...ascending({ lock, statement, query, 'shortest handler': shortest }),
    // A connect slower than the wait for it is thrown away each time, and the pool never fills (fault db-drop).
    atMost({ connect }, { acquire }),
    // Longer than any statement, or it would cut live work; shorter than the handler, or an abandoned transaction
    // outlives the one who began it (fault tx-across-http).
    ...ascending({ statement, idleInTransaction, 'longest handler': longest }),
  ];
}

/**
 * The chat's handler asks the AI and sends its answer; both together end before the handler does. The answer to a
 * pre-checkout query is one call, cut by its handler's deadline: the queue's attempts are its repeats.
 */
function callsNest({ jobs, providers }: Posture): Clause[] {
  return [
    atMost(
      { openrouter: longestCall(providers.openrouter), telegram: longestCall(providers.telegram) },
      { 'chat.handler': jobs.chat.handler },
    ),
  ];
}

/** Each deadline lies inside the next wider one, so that the one closest to the cause speaks first. */
export const timeoutsNest = law({
  name: 'timeouts.nest',
  prevents: ['no-timeout', 'tx-across-http', 'advisory-leak', 'client-lifecycle'],
  says: 'Every deadline is shorter than the one around it: lock < statement < query < handler, and calls to providers inside their handler.',
  clauses: (posture) => [...databaseNests(posture), ...callsNest(posture)],
});
