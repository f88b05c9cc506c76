import { ECS, TELEGRAM } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, backoffs, clause, lessThan, law, ms, plain, type Clause } from './law.ts';

/** The last attempt at a tap begins while Telegram still takes the answer; the last one at a pre-checkout ends in time. */
function attemptsFit({ jobs, lanes }: Posture): Clause[] {
  const { chat, preCheckout } = jobs;
  const pauses = (job: typeof chat | typeof preCheckout) => backoffs(job.attempts, job.backoff.first, job.backoff.max);
  return [
    atMost(
      {
        [`chat (${chat.attempts} − 1) × handler`]: (chat.attempts - 1) * chat.handler,
        'Σ backoff': pauses(chat),
      },
      { "a callback's life": TELEGRAM.lifetime.callback_query },
    ),
    atMost(
      {
        poll: lanes.poll,
        [`preCheckout ${preCheckout.attempts} × handler`]: preCheckout.attempts * preCheckout.handler,
        'Σ backoff': pauses(preCheckout),
      },
      { "Telegram's": TELEGRAM.preCheckoutAnswer },
    ),
  ];
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
function probesFit({ providers, worker, rollout }: Posture): Clause {
  const tasks = Math.max(worker.tasks.max, ECS.mostRunning(worker.tasks.max, rollout.surge));
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
  ],
});
