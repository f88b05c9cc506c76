import { sellsSomething, withoutOneZone } from '../limits.ts';
import { TELEGRAM } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, law, ms, type Clause } from './law.ts';

/** Workers that are left when one, or one zone, is lost; none is in a development stack. */
const workersLeft = (posture: Posture): number => {
  const { min } = posture.worker.tasks;
  if (posture.stage !== 'production') return min;
  return posture.network.zones > 1 ? withoutOneZone(posture, min) : Math.max(0, min - 1);
};

/**
 * Queries being answered at once when each takes as long as it may: in any second at most `perSecond` arrive, in
 * whatever rhythm.
 */
const answeredAtOnce = ({ jobs: { preCheckout } }: Posture): number =>
  preCheckout.perSecond * Math.ceil(preCheckout.handler / 1000);

/** What the law wants where something is for sale. */
export function answeredInTime(posture: Posture): Clause[] {
  const { handler, lanes, perSecond } = posture.jobs.preCheckout;
  const wanted = answeredAtOnce(posture);
  const left = lanes * workersLeft(posture);
  const served = wanted <= left;
  return [
    // With a lane for each nobody queues; with fewer the queue would grow without end.
    clause(
      served,
      `${perSecond}/s × ⌈handler ${ms(handler)}⌉ = ${wanted} at once ${served ? '≤' : '>'} ${lanes} lanes × ${workersLeft(posture)} workers that are left = ${left}`,
      `at least ${wanted} lanes for pre-checkout on the workers that are left`,
      String(left),
    ),
    atMost(
      { gather: posture.web.gather, poll: posture.lanes.poll, handler },
      { "Telegram's": TELEGRAM.preCheckoutAnswer },
    ),
  ];
}

/**
 * A payment's pre-checkout query is answered in Telegram's 10 s, wake-up lost and one worker lost. The queries that the
 * lost worker itself was answering are cancelled by Telegram before any money moves; their users press the button again.
 */
export const preCheckoutInTime = law({
  name: 'precheckout.in.time',
  prevents: ['download-exhaustion', 'blocking-poll'],
  says: 'A pre-checkout query is answered within 10 s even when its notification is lost and a worker or zone is gone.',
  clauses: (posture) =>
    sellsSomething(posture)
      ? answeredInTime(posture)
      : [clause(true, 'nothing is for sale: no pre-checkout query comes', 'nothing', 'nothing')],
});
