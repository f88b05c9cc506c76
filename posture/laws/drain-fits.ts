import { CLOSING, hasMedia, settleTime } from '../limits.ts';
import { ECS } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, law, type Clause } from './law.ts';

/** Closing pools and sockets after the drain, ms. */
const EXIT = 2000;

const longestHandler = ({ jobs }: Posture): number => Math.max(...Object.values(jobs).map((job) => job.handler));

/** A file may take longer than any drain: what is cut short goes back, and begins again with no attempt used. */
function mediaFits(posture: Posture): Clause[] {
  const { drain, stopTimeout } = posture.media;
  return [
    atMost({ settle: settleTime(posture), closing: CLOSING }, { 'media.drain': drain }),
    atMost({ 'media.drain': drain, exit: EXIT }, { 'media.stopTimeout': stopTimeout }),
    atMost({ 'media.stopTimeout': stopTimeout }, { 'Fargate allows': ECS.longestStopTimeout }),
  ];
}

function clauses(posture: Posture): Clause[] {
  const { web, worker, ingress, telegram } = posture;
  const fargate = { 'Fargate allows': ECS.longestStopTimeout };
  return [
    atMost(
      { deregistration: ingress.deregistrationDelay, ackDeadline: telegram.ackDeadline },
      { 'web.drain': web.drain },
    ),
    atMost({ 'web.drain': web.drain, exit: EXIT }, { 'web.stopTimeout': web.stopTimeout }),
    atMost({ 'web.stopTimeout': web.stopTimeout }, fargate),
    atMost(
      { 'longest handler': longestHandler(posture), settle: settleTime(posture), closing: CLOSING },
      { 'worker.drain': worker.drain },
    ),
    atMost({ 'worker.drain': worker.drain, exit: EXIT }, { 'worker.stopTimeout': worker.stopTimeout }),
    atMost({ 'worker.stopTimeout': worker.stopTimeout }, fargate),
    ...(hasMedia(posture) ? mediaFits(posture) : []),
  ];
}

/** A task that is told to end finishes what it has begun. What takes longer than a drain is declared as steps. */
export const drainFits = law({
  name: 'drain.fits',
  prevents: ['reload-in-prod', 'background-context'],
  says: 'A task that got SIGTERM finishes what it accepted and leaves before it is killed.',
  clauses,
});
