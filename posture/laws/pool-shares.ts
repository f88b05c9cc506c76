import type { Posture } from '../schema/index.ts';
import { clause, law, ms, type Clause } from './law.ts';

/** Assumed longest time of a short transaction when all lanes want one at the same instant, ms. */
const TRANSACTION = 10;
/** INSERTs of gathered updates that a web task has open at once: one being written while the next gathers. */
const WRITERS = 2;

function workerPool({ jobs, worker, database }: Posture): Clause {
  const lanes = Object.values(jobs).reduce((sum, job) => sum + job.lanes, 0);
  const rounds = Math.ceil(lanes / worker.pool);
  const wait = rounds * TRANSACTION;
  const { acquire } = database.timeouts;
  const holds = wait <= acquire;
  return clause(
    holds,
    `⌈${lanes} lanes / worker.pool ${worker.pool}⌉ = ${rounds} rounds × ${TRANSACTION}ms = ${ms(wait)} ${holds ? '≤' : '>'} ${ms(acquire)} acquire`,
    `the last of ${lanes} lanes gets a connection within ${ms(acquire)}`,
    ms(wait),
  );
}

function webPool({ web }: Posture): Clause {
  const holds = web.pool >= WRITERS;
  return clause(
    holds,
    `web.pool ${web.pool} ${holds ? '≥' : '<'} ${WRITERS}: one INSERT being written, one gathering`,
    `web.pool at least ${WRITERS}`,
    String(web.pool),
  );
}

/** Inside one task, a burst over all lanes gets its connections before anybody gives up waiting. */
export const poolShares = law({
  name: 'pool.shares',
  prevents: ['pool-exhaustion', 'session-leak'],
  says: 'When every lane of a task wants a connection at the same instant, the last one gets it within the acquire timeout.',
  clauses: (posture) => [workerPool(posture), webPool(posture)],
});
