/**
 * One service under ECS, second by second: deploys in steps of surge and minimum healthy, tasks that go on holding
 * their connections while STOPPING, hosts that vanish with their connections left behind, autoscaling.
 */
import { connectionsPerTask, keepaliveTimeout, type Role } from '../../../posture/limits.ts';
import { ECS } from '../../../posture/outside.ts';
import type { Posture } from '../../../posture/schema/index.ts';

export type RolloutEvent =
  | { at: number; kind: 'deploy' }
  | { at: number; kind: 'scale'; to: number }
  /** The zone with the most tasks is gone at once, its tasks' connections stay until keepalive. */
  | { at: number; kind: 'zone' }
  /** This many tasks are gone with their hosts. */
  | { at: number; kind: 'crash'; tasks: number };

interface Task {
  set: number;
  zone: number;
  state: 'starting' | 'healthy' | 'stopping' | 'ghost';
  /** When the present state ends, s. */
  until: number;
}

export interface RolloutOptions {
  posture: Posture;
  role: Role;
  desired: number;
  events: readonly RolloutEvent[];
  /** Seconds until a started task is healthy, and from its stop to its end. */
  boot: number;
  stop: number;
}

/** Most connections that the service held at one moment. */
export function simulateRollout({ posture, role, desired: initial, events, boot, stop }: RolloutOptions): number {
  const zones = posture.network.zones;
  const ghost = keepaliveTimeout(posture) / 1000;
  const { surge, minimumHealthy } = posture.rollout;
  let desired = initial;
  let newest = 0;
  let most = 0;
  let tasks: Task[] = Array.from({ length: desired }, (_, index) => ({
    set: 0,
    zone: index % zones,
    state: 'healthy',
    until: Infinity,
  }));

  const live = () => tasks.filter(({ state }) => state === 'starting' || state === 'healthy');
  const end = (task: Task, state: 'stopping' | 'ghost', until: number) => Object.assign(task, { state, until });

  /** ECS spreads each deployment evenly: the next task goes where its set has the fewest. */
  function emptiestZone(set: number): number {
    const counts = Array.from(
      { length: zones },
      (_, zone) => live().filter((t) => t.set === set && t.zone === zone).length,
    );
    return counts.indexOf(Math.min(...counts));
  }

  function apply(event: RolloutEvent, now: number): void {
    if (event.kind === 'deploy') newest += 1;
    else if (event.kind === 'scale') desired = event.to;
    else if (event.kind === 'crash') for (const task of live().slice(0, event.tasks)) end(task, 'ghost', now + ghost);
    else {
      const counts = Array.from({ length: zones }, (_, zone) => live().filter((task) => task.zone === zone).length);
      const lost = counts.indexOf(Math.max(...counts));
      for (const task of live().filter(({ zone }) => zone === lost)) end(task, 'ghost', now + ghost);
    }
  }

  function stopOne(candidates: Task[], now: number): boolean {
    const worst = candidates.find(({ state }) => state === 'starting') ?? candidates[0];
    if (!worst) return false;
    end(worst, 'stopping', now + stop);
    return true;
  }

  function reconcile(now: number): void {
    const mostRunning = ECS.mostRunning(desired, surge);
    const least = Math.min(desired, ECS.leastRunning(desired, minimumHealthy));
    const ofNewest = () => live().filter(({ set }) => set === newest);
    for (;;) {
      const healthy = live().filter(({ state }) => state === 'healthy').length;
      const old = live().filter(({ set, state }) => set !== newest && (state === 'starting' || healthy - 1 >= least));
      const surplus = ofNewest().length > desired ? ofNewest() : [];
      if (ofNewest().length < desired && live().length < mostRunning)
        tasks.push({ set: newest, zone: emptiestZone(newest), state: 'starting', until: now + boot });
      else if (!stopOne(old, now) && !stopOne(surplus, now)) return;
    }
  }

  const horizon = Math.max(0, ...events.map(({ at }) => at)) + 20 * (boot + stop) + ghost;
  for (let now = 0; now <= horizon; now++) {
    tasks = tasks.filter(({ state, until }) => !(until <= now && (state === 'stopping' || state === 'ghost')));
    for (const task of tasks)
      if (task.state === 'starting' && task.until <= now) Object.assign(task, { state: 'healthy', until: Infinity });
    for (const event of events) if (event.at === now) apply(event, now);
    reconcile(now);
    most = Math.max(most, tasks.length);
  }
  return most * connectionsPerTask(posture, role);
}
