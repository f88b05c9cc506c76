import { backoffs, jobRolesOf, sellsSomething } from '../limits.ts';
import { ECS, lifetimeOf, TELEGRAM } from '../outside.ts';
import type { Posture, QueueName } from '../schema/index.ts';
import { atMost, clause, lessThan, law, ms, plain, type Clause } from './law.ts';

/** The update of the chat's queue that lives longest: attempts go on for as long as one of its kinds is worth an answer. */
const longestLife = ({ telegram }: Posture): number =>
  Math.max(...telegram.allowedUpdates.filter((type) => type !== 'pre_checkout_query').map(lifetimeOf), 0);

/**
 * The last attempt begins while what the queue carries is still worth an answer. Who postponed an update wakes itself
 * when it is due; where that worker is gone, another finds it one poll later.
 */
function attemptsFit(posture: Posture): Clause[] {
  const { jobs, lanes, oncall } = posture;
  const { chat, payment } = jobs;
  return [
    atMost(
      {
        [`chat (${chat.attempts} − 1) × (handler + poll)`]: (chat.attempts - 1) * (chat.handler + lanes.poll),
        'Σ backoff': pauses(chat),
      },
      { "the longest life of the chat's updates": longestLife(posture) },
    ),
    // A payment that cannot be booked is given up, and so somebody is woken, in the time that a page may take.
    atMost(
      {
        [`payment (${payment.attempts} − 1) × (handler + poll)`]:
          (payment.attempts - 1) * (payment.handler + lanes.poll),
        'Σ backoff': pauses(payment),
      },
      { 'oncall.detectWithin.page': oncall.detectWithin.page },
    ),
    ...(sellsSomething(posture) ? [paymentFits(posture)] : []),
  ];
}

const pauses = ({ attempts, backoff }: Posture['jobs'][QueueName]): number =>
  backoffs(attempts, backoff.first, backoff.max);

/** The last attempt at a pre-checkout query ends in time. */
export function paymentFits({ jobs: { preCheckout }, lanes }: Posture): Clause {
  return atMost(
    {
      [`${preCheckout.attempts} × poll`]: preCheckout.attempts * lanes.poll,
      [`preCheckout ${preCheckout.attempts} × handler`]: preCheckout.attempts * preCheckout.handler,
      'Σ backoff': pauses(preCheckout),
    },
    { "Telegram's": TELEGRAM.preCheckoutAnswer },
  );
}

function breakerOpens(
  name: string,
  provider: Posture['providers'][keyof Posture['providers']],
  { jobs }: Posture,
): Clause[] {
  const { breaker, concurrency, timeout } = provider;
  const { minimumCalls, window, openFor } = breaker;
  const hanging = Math.floor(window / timeout) * concurrency;
  const counted = hanging >= minimumCalls;
  return [
    clause(
      counted,
      `${name}: ⌊window ${ms(window)} / timeout ${ms(timeout)}⌋ × concurrency ${concurrency} = ${hanging} hanging calls ${counted ? '≥' : '<'} minimumCalls ${minimumCalls}`,
      `${name}: at least ${minimumCalls} calls that hang are counted in one window, so that the breaker opens`,
      String(hanging),
    ),
    atMost(
      { [`${name}.breaker.minimumCalls`]: minimumCalls },
      { 'attempts of one round of lanes': jobs.chat.lanes * jobs.chat.attempts },
      plain,
    ),
    atMost({ [`${name}.breaker.openFor`]: openFor }, { "a callback's life": TELEGRAM.lifetime.callback_query }),
  ];
}

/** One probe a task each time the breaker half opens stays far below what the provider bears. */
function probesFit(posture: Posture): Clause {
  const { providers, rollout } = posture;
  const most = ({ tasks: { max } }: { tasks: { max: number } }) => Math.max(max, ECS.mostRunning(max, rollout.surge));
  const tasks = jobRolesOf(posture).reduce((sum, role) => sum + most(posture[role]), 0);
  const probes = tasks / (providers.telegram.breaker.openFor / 1000);
  const { global } = providers.telegram.rate;
  const holds = probes <= global;
  return clause(
    holds,
    `telegram probes ${tasks} tasks / ${ms(providers.telegram.breaker.openFor)} = ${plain(probes)}/s ${holds ? '≤' : '>'} ${global}/s`,
    `probes of half-open breakers at most ${global}/s`,
    `${plain(probes)}/s`,
  );
}

/** Retries end while they are still worth something, and a provider that is down is left alone before they are spent. */
export const retriesBounded = law({
  name: 'retries.bounded',
  prevents: ['no-breaker', 'retry-blind', 'false-200'],
  says: 'Attempts end within the life of what they are for, and a breaker opens before a budget of retries is spent.',
  clauses: (posture) => [
    ...attemptsFit(posture),
    ...Object.entries(posture.providers).flatMap(([name, provider]) => breakerOpens(name, provider, posture)),
    probesFit(posture),
    // A processed update is remembered for as long as Telegram may deliver it again.
    lessThan(
      { "Telegram's redelivery": TELEGRAM.lifetime.update },
      { 'retention.updates': posture.database.retention.updates },
    ),
    // And not until its id may be given to another one, which would then be taken for a repetition and dropped. What was
    // given up is kept longer: so few that a random id does not meet them.
    lessThan(
      { 'retention.updates': posture.database.retention.updates },
      { "a week, after which Telegram's ids may begin anywhere": TELEGRAM.idsRestart },
    ),
  ],
});
