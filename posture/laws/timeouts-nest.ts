import { lastFrame, longestCall, placeWait, providersOfUpdates } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { ascending, atMost, law, lessThan, type Clause } from './law.ts';

function databaseNests({ database, jobs, work }: Posture): Clause[] {
  const { connect, acquire, lock, statement, query, idleInTransaction } = database.timeouts;
  const shortest = Math.min(...Object.values(jobs).map((job) => job.handler));
  const longest = Math.max(...Object.values(jobs).map((job) => job.handler));
  return [
    ...ascending({ lock, statement, query, 'shortest handler': shortest }),
    ...Object.entries(work).map(([name, { deadline }]) => lessThan({ query }, { [`work.${name}.deadline`]: deadline })),
    // A connect slower than the wait for it is thrown away each time, and the pool never fills (fault db-drop).
    atMost({ connect }, { acquire }),
    // Longer than any statement, or it would cut live work; shorter than the handler, or an abandoned transaction
    // outlives the one who began it (fault tx-across-http).
    ...ascending({ statement, idleInTransaction, 'longest handler': longest }),
  ];
}

/**
 * The chat's handler asks the AI and sends its answer; both together end before the handler does, each after waiting for
 * its place, and the answer for its turn to be sent. Of a payment, its payer is told the same way. The answer to a
 * pre-checkout query is one call, cut by its handler's deadline: the queue's attempts are its repeats.
 */
function callsNest(posture: Posture): Clause[] {
  const { jobs, providers } = posture;
  const used = providersOfUpdates(posture);
  const { patience } = providers.telegram.rate;
  return [
    atMost(
      {
        ...Object.fromEntries(used.map((name) => [name, longestCall(providers[name])])),
        'rate.patience': patience,
        ...(lastFrame(posture) > 0 && { 'last look at an answer': lastFrame(posture) }),
        [`${used.length} waits for a place`]: used.length * placeWait(posture),
      },
      { 'chat.handler': jobs.chat.handler },
    ),
    atMost(
      { telegram: longestCall(providers.telegram), 'rate.patience': patience, 'wait for a place': placeWait(posture) },
      { 'payment.handler': jobs.payment.handler },
    ),
    // A silence is known as one before the whole answer is late.
    ...(used.includes('openrouter')
      ? [
          lessThan(
            { 'openrouter.idle': providers.openrouter.idle },
            { 'openrouter.timeout': providers.openrouter.timeout },
          ),
        ]
      : []),
  ];
}

/** Each deadline lies inside the next wider one, so that the one closest to the cause speaks first. */
export const timeoutsNest = law({
  name: 'timeouts.nest',
  prevents: ['no-timeout', 'tx-across-http', 'advisory-leak', 'client-lifecycle'],
  says: 'Every deadline is shorter than the one around it: lock < statement < query < handler, a silence inside its call, and calls to providers inside their handler.',
  clauses: (posture) => [...databaseNests(posture), ...callsNest(posture)],
});
