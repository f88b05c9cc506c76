import { sellsSomething } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { clause, law, type Clause } from './law.ts';

function clauses(posture: Posture): Clause[] {
  const { stage, people } = posture;
  if (stage !== 'production') return [clause(true, 'development: nobody pays', 'nothing', 'nothing')];
  if (!sellsSomething(posture)) return [clause(true, 'nothing is for sale', 'nothing', 'nothing')];
  const named = people.owners.length;
  return [
    clause(
      named > 0,
      named > 0 ? `${named} in people.owners` : 'nobody in people.owners',
      'a Telegram id in people.owners, or nothing for sale (features.wallet: false)',
      String(named),
    ),
  ];
}

/** Telegram's terms (6.2.1) want payment support to be answered; what is parked waits for somebody who may decide. */
export const ownerNamed = law({
  name: 'owner.named',
  prevents: ['payment-lost'],
  says: 'Where something is for sale in production, somebody is named who answers for it, and may refund.',
  clauses,
});
