import { providersOfUpdates, tasksLeft } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { clause, law, ms, plain, type Clause } from './law.ts';

/** Replies a second that the bot has to bear at the peak. */
const expected = ({ providers }: Posture): number => providers.telegram.rate.replies;

/** Workers that are left to do all of it. */
const left = (posture: Posture): number => tasksLeft(posture, posture.worker.tasks.min);

/** Little's law: what is under way at once is what arrives in the time that one takes. */
function fits(
  posture: Posture,
  what: string,
  takes: number,
  places: number,
  of: string,
  arrivals: number = expected(posture),
): Clause {
  const underWay = (arrivals * takes) / 1000;
  const offered = places * left(posture);
  const holds = underWay <= offered + 1e-6;
  return clause(
    holds,
    `${what}: ${arrivals}/s × ${ms(takes)} = ${plain(underWay)} at once ${holds ? '≤' : '>'} ${of} ${places} × ${left(posture)} workers that are left = ${offered}`,
    `at least ${Math.ceil(underWay)} places for ${what} on the workers that are left`,
    String(offered),
  );
}

function clauses(posture: Posture): Clause[] {
  const { jobs, providers } = posture;
  const used = providersOfUpdates(posture);
  const whole = used.reduce((sum, name) => sum + providers[name].takes, 0);
  return [
    fits(posture, 'chats', whole, jobs.chat.lanes, 'lanes'),
    // Each query that was answered with yes may be a payment, whose payer is told.
    fits(posture, 'payments', providers.telegram.takes, jobs.payment.lanes, 'lanes', jobs.preCheckout.perSecond),
    ...used.map((name) =>
      fits(posture, `calls to ${name}`, providers[name].takes, providers[name].concurrency, 'places'),
    ),
  ];
}

/**
 * The traffic that a posture expects finds room, a zone lost: otherwise every chat waits longer than the one before, and
 * no retry helps. By the time that a call usually takes; what hangs has its deadline and its breaker.
 */
export const workAbsorbs = law({
  name: 'work.absorbs',
  prevents: ['throttling', 'download-exhaustion'],
  says: 'Lanes and places at the providers hold the replies and payments expected at the peak, each at its usual length, with a zone lost.',
  clauses,
});
