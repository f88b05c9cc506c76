import { withoutOneZone } from '../limits.ts';
import { TELEGRAM } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, law, ms, type Clause } from './law.ts';

/** Workers that are left when one, or one zone, is lost. */
const workersLeft = (posture: Posture): number => {
  const { min } = posture.worker.tasks;
  return posture.network.zones > 1 ? withoutOneZone(posture, min) : Math.max(0, min - 1);
};

/** Rounds in which the queries of the peak rate pass through the lanes that are left, each as slow as allowed. */
export function preCheckoutRounds(posture: Posture): { inService: number; lanes: number; rounds: number } {
  const { handler, lanes, perSecond } = posture.jobs.preCheckout;
  const inService = Math.ceil((perSecond * handler) / 1000);
  const left = lanes * workersLeft(posture);
  return { inService, lanes: left, rounds: left > 0 ? Math.ceil(inService / left) : Infinity };
}

function clauses(posture: Posture): Clause[] {
  const { handler, perSecond } = posture.jobs.preCheckout;
  const { inService, lanes, rounds } = preCheckoutRounds(posture);
  const served = lanes >= inService;
  const load = clause(
    served,
    `${perSecond}/s × handler ${ms(handler)} = ${inService} at once ${served ? '≤' : '>'} ${lanes} lanes left with one worker or zone lost`,
    `at least ${inService} lanes for pre-checkout with one worker or zone lost`,
    String(lanes),
  );
  if (!served) return [load];
  return [
    load,
    atMost(
      {
        gather: posture.web.gather,
        poll: posture.lanes.poll,
        [`queueing ${rounds - 1} ×`]: (rounds - 1) * handler,
        handler,
      },
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
  keys: [
    'jobs.preCheckout.lanes',
    'jobs.preCheckout.handler',
    'worker.tasks.min',
    { key: 'worker.tasks.min', needs: 'worker.tasks.max' },
    'lanes.poll',
    'jobs.preCheckout.perSecond',
  ],
  clauses,
});
