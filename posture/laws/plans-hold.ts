import { longestCall, providersInUse } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, law, lessThan, plain, type Clause } from './law.ts';

interface Plan {
  credits: number;
  period: number;
  stars?: string | undefined;
}

/** What subscriptions declare of themselves: absent where the feature was taken out of the project. */
interface Plans {
  offered: Record<string, Plan>;
  grace: number;
  remindBefore: number;
  noticeBefore: number;
  renewBefore: number;
  reserve: number;
  checkAfter: number;
}
type Queues = Partial<Record<string, { deadline: number; patience: number }>>;
type Slots = Partial<Record<string, { every: number; deadline: number }>>;

/** Telegram sells months of 30 days, ms. */
const MONTH = 30 * 86_400_000;

/** What a month of Stars brings pays for the period that it is meant for. */
function paidByStars(posture: Posture, name: string, { credits, period, stars }: Plan): Clause[] {
  if (stars === undefined) return [];
  const brings = posture.payments.subscriptions[stars];
  const known = brings !== undefined;
  return [
    clause(
      known,
      `plan ${name} is paid by payments.subscriptions.${stars}, which is ${known ? '' : 'not '}sold`,
      `payments.subscriptions.${stars}, or the plan without \`stars\``,
      known ? 'sold' : 'not sold',
    ),
    ...(known ? [atMost({ [`${name}.credits`]: credits }, { [`${stars}.credits`]: brings.credits }, plain)] : []),
    atMost({ 'a month of Telegram': MONTH }, { [`${name}.period + grace`]: period + graceOf(posture) }),
  ];
}

const plansOf = (posture: Posture): Plans | undefined => (posture as { plans?: Plans }).plans;
const graceOf = (posture: Posture): number => plansOf(posture)?.grace ?? 0;

function clauses(posture: Posture): Clause[] {
  const plans = plansOf(posture);
  const work = posture.work as Queues;
  const slots = posture.schedules as Slots;
  if (!plans || !providersInUse(posture).includes('access'))
    return [clause(true, 'no access is sold', 'nothing', 'nothing')];
  const every = (name: string): number => slots[name]?.every ?? 0;
  // An access is asked for, found to be there, and prolonged.
  const calls = 2 * longestCall(posture.providers.access);
  return [
    ...Object.entries(plans.offered).flatMap(([name, plan]) => paidByStars(posture, name, plan)),
    lessThan(
      { 'access.takes': posture.providers.access.takes },
      { 'providers.access.timeout': posture.providers.access.timeout },
    ),
    lessThan({ 'two calls to access': calls }, { 'work.access.deadline': work['access']?.deadline ?? 0 }),
    lessThan(
      { 'work.plan.patience': work['plan']?.patience ?? 0, 'work.plan.deadline': work['plan']?.deadline ?? 0 },
      { 'plans.reserve': plans.reserve },
    ),
    lessThan({ 'reminders.every': every('reminders') }, { 'plans.remindBefore': plans.remindBefore }),
    lessThan({ 'trialNotices.every': every('trialNotices') }, { 'plans.noticeBefore': plans.noticeBefore }),
    lessThan({ 'renewals.every': every('renewals') }, { 'plans.renewBefore': plans.renewBefore }),
    lessThan(
      { 'providers.access.timeout': posture.providers.access.timeout },
      { 'plans.checkAfter': plans.checkAfter },
    ),
  ];
}

/** What is paid for is given, held for as long as it takes, and nobody is told of an end that has passed. */
export const plansHold = law({
  name: 'plans.hold',
  prevents: ['expiry-renewal-race', 'charge-without-record'],
  says: 'A month of Stars pays for its plan, credits are held for longer than writing a period down may take, and each reminder comes before the end that it speaks of.',
  clauses,
});
