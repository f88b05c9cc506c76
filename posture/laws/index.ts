/** All laws, and the proof that a posture obeys them. Pure: plain numbers in, verdicts out. */
import { promises, type Promised } from '../promises.ts';
import { PostureError } from '../resolve.ts';
import type { Posture } from '../schema/index.ts';
import { ackInTime } from './ack-in-time.ts';
import { alarmsDetect } from './alarms-detect.ts';
import { alarmsMeasure } from './alarms-measure.ts';
import { callbacksInTime } from './callbacks-in-time.ts';
import { smallestChanges, writeChange, type Change } from './changes.ts';
import { connectionsFit } from './connections-fit.ts';
import { diskFits } from './disk-fits.ts';
import { drainFits } from './drain-fits.ts';
import { filesFit } from './files-fit.ts';
import { historyBounded } from './history-bounded.ts';
import { lanesRecover } from './lanes-recover.ts';
import type { Law, Verdict, Violation } from './law.ts';
import { memoryFits } from './memory-fits.ts';
import { ownerNamed } from './owner-named.ts';
import { paymentsFound } from './payments-found.ts';
import { plansHold } from './plans-hold.ts';
import { poolShares } from './pool-shares.ts';
import { preCheckoutInTime } from './pre-checkout-in-time.ts';
import { pricesHold } from './prices-hold.ts';
import { ratesObeyed } from './rates-obeyed.ts';
import { recoveryDeclared } from './recovery-declared.ts';
import { rendersBounded } from './renders-bounded.ts';
import { retriesBounded } from './retries-bounded.ts';
import { rolloutConverges } from './rollout-converges.ts';
import { schedulesHold } from './schedules-hold.ts';
import { storageLasts } from './storage-lasts.ts';
import { timeoutsNest } from './timeouts-nest.ts';
import { webhookAbsorbs } from './webhook-absorbs.ts';
import { workAbsorbs } from './work-absorbs.ts';

export const laws: readonly Law[] = [
  connectionsFit,
  poolShares,
  webhookAbsorbs,
  workAbsorbs,
  ackInTime,
  callbacksInTime,
  preCheckoutInTime,
  pricesHold,
  paymentsFound,
  timeoutsNest,
  drainFits,
  lanesRecover,
  retriesBounded,
  rendersBounded,
  plansHold,
  memoryFits,
  historyBounded,
  filesFit,
  diskFits,
  ratesObeyed,
  rolloutConverges,
  storageLasts,
  recoveryDeclared,
  schedulesHold,
  alarmsDetect,
  alarmsMeasure,
  ownerNamed,
];

/** A violation with the changes that would satisfy it, the smallest first. */
export interface Refusal extends Violation {
  changes: Change[];
  /** All of it in one line. */
  line: string;
}

export interface Proof {
  holds: boolean;
  laws: (Pick<Law, 'name' | 'says' | 'prevents'> & Pick<Verdict, 'holds' | 'arithmetic'>)[];
  violations: Refusal[];
  promises: Promised[];
}

const lineOf = ({ law, sum, prevents }: Violation, advice: string): string =>
  `${law}: ${sum}. Prevents ${prevents.join(', ')}. ${advice}.`;

function refuse(posture: Posture, violation: Violation): Refusal {
  const changes = smallestChanges(posture, violation, laws);
  const advice =
    changes.length > 0
      ? `Smallest change: ${changes.map(writeChange).join(', or ')}${changes[0]!.complete ? '' : ' (other violations stay)'}`
      : `No single key satisfies it; wanted: ${violation.wanted}`;
  return { ...violation, changes, line: lineOf(violation, advice) };
}

const brokenBy = (posture: Posture): Violation[] => laws.flatMap((law) => law.check(posture).violations);

/** Checks every law. The changes that would satisfy a broken one are searched only where one is broken. */
export function prove(posture: Posture): Proof {
  const verdicts = laws.map((law) => ({ law, verdict: law.check(posture) }));
  const violations = verdicts.flatMap(({ verdict }) => verdict.violations).map((one) => refuse(posture, one));
  return {
    holds: violations.length === 0,
    laws: verdicts.map(({ law: { name, says, prevents }, verdict: { holds, arithmetic } }) => ({
      name,
      says,
      prevents,
      holds,
      arithmetic,
    })),
    violations,
    promises: promises(posture),
  };
}

/**
 * Refuses a posture that breaks a law, before anything is created or started on it.
 * @throws {PostureError} with one line for each violation
 */
export function assertProven(posture: Posture): void {
  const broken = brokenBy(posture);
  if (broken.length > 0) throw new PostureError(broken.map((violation) => refuse(posture, violation).line));
}

/**
 * As {@link assertProven}, each law asked once: for who starts where nobody waits to choose between changes, whose search
 * keeps a processor busy for longer than whoever watches the start has patience.
 * @throws {PostureError} with one line for each violation, and what is wanted in place of the changes
 */
export function assertHolds(posture: Posture): void {
  const broken = brokenBy(posture);
  if (broken.length > 0)
    throw new PostureError(
      broken.map((violation) => lineOf(violation, `Wanted: ${violation.wanted}; npm run posture finds what to change`)),
    );
}

export type { Change } from './changes.ts';
export type { Law, Verdict, Violation } from './law.ts';
