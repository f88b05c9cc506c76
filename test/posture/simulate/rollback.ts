/** A bad deploy: every new task fails, ECS counts, trips its breaker and goes back. Times in ms. */
import type { Role } from '../../../posture/limits.ts';
import { ECS } from '../../../posture/outside.ts';
import type { Posture } from '../../../posture/schema/index.ts';

export interface RollbackOptions {
  posture: Posture;
  role: Role;
  desired: number;
  /** How long a task takes to be found failed, as a share of the longest; one number after the other, then again. */
  shares: readonly number[];
}

/** Time from the deploy until only the old tasks are left. */
export function simulateRollback({ posture, role, desired, shares }: RollbackOptions): number {
  const { rollout, ingress } = posture;
  const longest = rollout.boot + rollout.healthGrace + ingress.healthCheck.interval * ingress.healthCheck.unhealthy;
  const least = Math.min(desired, ECS.leastRunning(desired, rollout.minimumHealthy));
  const places = ECS.mostRunning(desired, rollout.surge) - least;
  const failures = ECS.failuresToTrip(desired);
  const free = Array.from({ length: places }, () => 0);
  const failed: number[] = [];
  // Each place starts its next task when its last one has failed; the breaker trips at the failure that fills the count.
  for (let task = 0; task < failures; task++) {
    const place = free.indexOf(Math.min(...free));
    free[place]! += longest * shares[task % shares.length]!;
    failed.push(free[place]!);
  }
  const tripped = failed.sort((a, b) => a - b)[failures - 1]!;
  const ready = rollout.boot + ingress.healthCheck.interval * ingress.healthCheck.healthy;
  return tripped + (least < desired ? ready : 0) + posture[role].stopTimeout;
}
