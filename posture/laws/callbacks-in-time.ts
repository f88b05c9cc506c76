import { CALLBACKS } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, law, type Clause } from './law.ts';

/** What is left for the way there and back, and the event loop, ms. */
const MARGIN = 250;

function clauses({ web, database, ingress }: Posture): Clause[] {
  const { deadline } = web.callbacks;
  return [
    atMost(
      { 'web.callbacks.deadline': deadline, margin: MARGIN },
      { 'what NOWPayments waits': CALLBACKS.waits.nowPayments },
    ),
    atMost(
      { gather: web.gather, acquire: database.timeouts.acquire, margin: MARGIN },
      { 'web.callbacks.deadline': deadline },
    ),
    atMost({ 'web.callbacks.deadline': deadline }, { 'ALB idle': ingress.idleTimeout }),
  ];
}

/**
 * A callback is answered before its provider gives up, which tells of it a few times more and then never again. While the
 * pool has no connection it is refused before its own deadline; an INSERT that takes longer is refused at the deadline, and
 * what it stores all the same is there once when the callback comes again.
 */
export const callbacksInTime = law({
  name: 'callbacks.in.time',
  prevents: ['ipn-storm', 'false-200'],
  says: 'Every callback of a payment is answered before its provider gives up waiting, also while the database is away.',
  clauses,
});
