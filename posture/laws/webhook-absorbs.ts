import { leastTasks, tasksLeft } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { clause, law, type Clause } from './law.ts';

function requestsFit(posture: Posture): Clause {
  const { stage, telegram, web, network, rollout } = posture;
  const least = leastTasks(posture, 'web');
  const left = tasksLeft(posture, least);
  const accepted = left * web.maxInFlight;
  const holds = telegram.maxConnections <= accepted;
  const deploy = rollout.minimumHealthy < 1 ? ` (of ${web.tasks.min}, ${least} kept by a deploy)` : '';
  const zone =
    stage === 'production' && network.zones > 1 ? `${least} − ⌈${least} / ${network.zones} zones⌉` : String(least);
  return clause(
    holds,
    `telegram.maxConnections ${telegram.maxConnections} ${holds ? '≤' : '>'} (${zone})${deploy} × web.maxInFlight ${web.maxInFlight} = ${accepted}`,
    `telegram.maxConnections at most ${accepted}, what the fewest web tasks accept at once`,
    String(telegram.maxConnections),
  );
}

/**
 * The requests that Telegram may have open fit what the fewest web tasks accept, one zone gone in the midst of a deploy.
 * Requests, not connections: the updates of concurrent requests share one INSERT, so a task writes over one or two.
 */
export const webhookAbsorbs = law({
  name: 'webhook.absorbs',
  prevents: ['pool-exhaustion', 'false-200'],
  says: "Telegram's open webhook requests fit what the web tasks that are left after losing a zone accept at once.",
  clauses: (posture) => [requestsFit(posture)],
});
