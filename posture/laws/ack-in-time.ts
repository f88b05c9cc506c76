import { lifetimeOf, TELEGRAM } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { ascending, atMost, lessThan, law, type Clause } from './law.ts';

/** What is left for parsing, the event loop and the reply, ms. */
const MARGIN = 250;
/** An ack deadline is far from Telegram's own: at most this share of it. */
const FAR = 0.25;

/** The type of the allowed updates that Telegram keeps for the shortest time. */
export const shortestLived = ({ telegram }: Posture): string =>
  telegram.allowedUpdates.reduce((least, type) => (lifetimeOf(type) < lifetimeOf(least) ? type : least));

function clauses(posture: Posture): Clause[] {
  const { telegram, web, database, ingress } = posture;
  const { acquire, query } = database.timeouts;
  const shortest = shortestLived(posture);
  return [
    atMost({ gather: web.gather, acquire, query, margin: MARGIN }, { ackDeadline: telegram.ackDeadline }),
    ...ascending({
      ackDeadline: telegram.ackDeadline,
      'ALB idle': ingress.idleTimeout,
      'keep-alive': ingress.keepAlive,
    }),
    atMost({ ackDeadline: telegram.ackDeadline }, { "a quarter of Telegram's 60s": TELEGRAM.webhookTimeout * FAR }),
    atMost({ retryAfter: telegram.retryAfter }, { 'what an update can spare': TELEGRAM.retryAfterAtMost }),
    lessThan(
      { ackDeadline: telegram.ackDeadline, retryAfter: telegram.retryAfter },
      { [`lifetime of ${shortest}`]: lifetimeOf(shortest) },
    ),
    lessThan({ 'health check': ingress.healthCheck.timeout }, { 'its interval': ingress.healthCheck.interval }),
  ];
}

/**
 * Every webhook request is answered before anybody in between gives up. `query`, not `statement`: a server that vanished
 * in the midst of an INSERT sends no timeout, the client's own ends the wait.
 */
export const ackInTime = law({
  name: 'ack.in.time',
  prevents: ['slow-start', 'ipn-storm', 'false-200', 'db-drop'],
  says: 'Every webhook request is answered within its deadline, far inside every timeout between Telegram and the task.',
  clauses,
});
