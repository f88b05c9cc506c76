import { hasMedia, jobsPerTask, lanesPerTask, WRITERS, type JobRole } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { clause, law, ms, type Clause } from './law.ts';

/** Assumed longest time of a short transaction when all lanes and jobs want one at the same instant, ms. */
const TRANSACTION = 10;
/** The statement beside the INSERTs that makes the lanes of stored updates ready. */
const ANNOUNCER = 1;

function jobsPool(posture: Posture, role: JobRole): Clause {
  const { database } = posture;
  const { pool } = posture[role];
  const lanes = role === 'worker' ? lanesPerTask(posture) : 0;
  const jobs = jobsPerTask(posture, role);
  const rounds = Math.ceil((lanes + jobs) / pool);
  const wait = rounds * TRANSACTION;
  const { acquire } = database.timeouts;
  const holds = wait <= acquire;
  return clause(
    holds,
    `⌈(${lanes} lanes + ${jobs} jobs) / ${role}.pool ${pool}⌉ = ${rounds} rounds × ${TRANSACTION}ms = ${ms(wait)} ${holds ? '≤' : '>'} ${ms(acquire)} acquire`,
    `the last of ${lanes + jobs} lanes and jobs gets a connection within ${ms(acquire)}`,
    ms(wait),
  );
}

function webPool({ web }: Posture): Clause {
  const needed = WRITERS + ANNOUNCER;
  const holds = web.pool >= needed;
  return clause(
    holds,
    `web.pool ${web.pool} ${holds ? '≥' : '<'} ${needed}: one INSERT being written, one gathering, one that makes lanes ready`,
    `web.pool at least ${needed}`,
    String(web.pool),
  );
}

/** Inside one task, a burst over all lanes gets its connections before anybody gives up waiting. */
export const poolShares = law({
  name: 'pool.shares',
  prevents: ['pool-exhaustion', 'session-leak'],
  says: 'When every lane and job of a task wants a connection at the same instant, the last one gets it within the acquire timeout.',
  clauses: (posture) => [
    jobsPool(posture, 'worker'),
    webPool(posture),
    ...(hasMedia(posture) ? [jobsPool(posture, 'media')] : []),
  ],
});
