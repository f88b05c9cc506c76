import { callsAtOnce, connectionsPerTask, jobRolesOf, requestsAtOnce } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, law, plain, type Clause } from './law.ts';

/** Files that a Node process has open anyway: modules, logs, event loop, certificates, a diagnostic report. */
const OWN = 64;
/** Sockets kept open by the load balancer beside the requests: idle ones and health checks. */
const IDLE_FACTOR = 2;
const SHARE = 0.7;

function clauses(posture: Posture): Clause[] {
  const { web } = posture;
  return [
    atMost(
      {
        'web requests and idle sockets': requestsAtOnce(posture) * IDLE_FACTOR,
        database: connectionsPerTask(posture, 'web'),
        own: OWN,
      },
      { '70 % of web.nofile': web.nofile * SHARE },
      plain,
    ),
    ...jobRolesOf(posture).map((role) =>
      atMost(
        {
          [`${role} provider calls`]: callsAtOnce(posture, role),
          database: connectionsPerTask(posture, role),
          own: OWN,
        },
        { [`70 % of ${role}.nofile`]: posture[role].nofile * SHARE },
        plain,
      ),
    ),
  ];
}

/** Every socket and file that a full task opens fits its ulimit, with room for the alarm to speak first. */
export const filesFit = law({
  name: 'files.fit',
  prevents: ['fd-leak'],
  says: 'Sockets and files of a full task stay within 70 % of its open-files limit.',
  clauses,
});
