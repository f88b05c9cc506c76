import { leastTasks, rolesOf, tasksLeft, type Role } from '../limits.ts';
import { ECS } from '../outside.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, law, ms, type Clause } from './law.ts';

/** Desired counts between which autoscaling moves. */
function desiredCounts(posture: Posture, role: Role): number[] {
  const { min, max } = posture[role].tasks;
  return Array.from({ length: max - min + 1 }, (_, index) => min + index).filter((desired) => desired > 0);
}

/** Tasks that one wave of a deploy can start: those above the desired count, and in the place of those it may stop. */
export const waveSize = ({ rollout }: Posture, desired: number): number =>
  ECS.mostRunning(desired, rollout.surge) - Math.min(desired, ECS.leastRunning(desired, rollout.minimumHealthy));

/** Time from a start to the verdict that a new task fails: boot, grace, then the failures that make it unhealthy, ms. */
const verdict = ({ rollout, ingress }: Posture): number =>
  rollout.boot + rollout.healthGrace + ingress.healthCheck.interval * ingress.healthCheck.unhealthy;

/** Time until a started task takes work, ms. */
const ready = ({ rollout, ingress }: Posture): number =>
  rollout.boot + ingress.healthCheck.interval * ingress.healthCheck.healthy;

/** Waves of failing tasks that trip the deployment circuit breaker, at the desired count where it takes most. */
function wavesToTrip(posture: Posture, role: Role): number {
  const waves = desiredCounts(posture, role).map((desired) => {
    return Math.ceil(ECS.failuresToTrip(desired) / Math.max(1, waveSize(posture, desired)));
  });
  return Math.max(1, ...waves);
}

/** Terms of the longest time from a bad deploy to the old tasks alone, ms. */
export function rollbackTerms(posture: Posture, role: Role): Record<string, number> {
  const waves = wavesToTrip(posture, role);
  return {
    [`${role} ${waves} waves × (boot + grace + unhealthy)`]: waves * verdict(posture),
    'old tasks ready': ready(posture),
    stopTimeout: posture[role].stopTimeout,
  };
}

/** In the midst of a deploy one task works, in production also when a zone is lost then. */
function atLeastOne(posture: Posture, role: Role): Clause {
  const kept = leastTasks(posture, role);
  // Nobody waits for an answer of a media task: in a lost zone another one is started in the next.
  const bearsLoss = posture.stage === 'production' && role !== 'media';
  const left = bearsLoss ? tasksLeft(posture, kept) : kept;
  const { min } = posture[role].tasks;
  const holds = left >= 1 || min === 0;
  const lost = kept === left ? '' : `, of which ${left} are left without one of ${posture.network.zones} zones`;
  return clause(
    holds,
    `${role}: a deploy keeps ${kept} of ${min}${lost}: ${left} ${holds ? '≥' : '<'} 1`,
    `${role}: at least one task during a deploy${bearsLoss ? ', a zone lost or not' : ''}`,
    String(left),
  );
}

function roleConverges(posture: Posture, role: Role): Clause[] {
  const { rollout } = posture;
  const stuck = desiredCounts(posture, role).find((desired) => waveSize(posture, desired) < 1);
  const at = stuck ?? posture[role].tasks.min;
  const most = ECS.mostRunning(at, rollout.surge);
  const kept = Math.min(at, ECS.leastRunning(at, rollout.minimumHealthy));
  return [
    clause(
      stuck === undefined,
      `${role} of ${at}: surge runs ${most} ${stuck === undefined ? '>' : '≤'} ${kept} kept`,
      `${role}: at every desired count a deploy can start or stop at least one task`,
      `${most} running at most, ${kept} kept, of ${at}`,
    ),
    atLeastOne(posture, role),
    atMost(rollbackTerms(posture, role), { rollbackWithin: rollout.rollbackWithin }),
    // Tasks that scaling took away are gone before it takes more, or they would add to the STOPPING ones of a deploy.
    atMost(
      { [`${role}.stopTimeout`]: posture[role].stopTimeout },
      { scaleInCooldown: posture.scaling.scaleInCooldown },
    ),
  ];
}

function clauses(posture: Posture): Clause[] {
  const { rollout, ingress } = posture;
  return [
    atMost(
      {
        boot: rollout.boot,
        [`${ingress.healthCheck.healthy} × ${ms(ingress.healthCheck.interval)} healthy`]:
          ingress.healthCheck.interval * ingress.healthCheck.healthy,
      },
      { healthGrace: rollout.healthGrace },
    ),
    ...rolesOf(posture).flatMap((role) => roleConverges(posture, role)),
  ];
}

/** A good deploy comes to its end without a gap; a bad one is back at the old tasks in the declared time. */
export const rolloutConverges = law({
  name: 'rollout.converges',
  prevents: ['reload-in-prod', 'slow-start'],
  says: 'Every deploy can make progress and keeps a task even when a zone is lost in it, and a bad one is rolled back in the declared time.',
  clauses,
});
