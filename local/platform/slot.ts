/** One place of the declared count of a role; tasks come and go in it. */
import type { Role } from '../../posture/limits.ts';
import type { TaskView } from '../contract/index.ts';
import type { Task } from './task.ts';

export interface Slot {
  readonly name: string;
  readonly role: Role;
  /** Starts so far; the first is no restart. */
  starts: number;
  /** Ends in a row, soon after the start, that nobody had asked for. */
  crashes: number;
  lastExit: string | undefined;
  current: Task | undefined;
  /** The last task that was here, shown while nothing runs. */
  previous: Task | undefined;
}

export const emptySlot = (role: Role, number: number): Slot => ({
  name: `${role}-${number}`,
  role,
  starts: 0,
  crashes: 0,
  lastExit: undefined,
  current: undefined,
  previous: undefined,
});

/** A task as the control room shows it. One that leaves or arrives has nothing to do with how its place was left before. */
export const viewOf = (task: Task, slot: Slot): TaskView => ({
  id: task.id,
  slot: slot.name,
  role: task.role,
  pid: task.state === 'stopped' ? undefined : task.pid,
  port: task.port,
  state: task.state,
  startedAt: task.startedAt.toISOString(),
  restarts: task.restarts,
  lastExit: task === (slot.current ?? slot.previous) ? slot.lastExit : undefined,
  killAt: task.killAt,
  health: task.health,
});

/** Why these places have no healthy task, with the last words of each. */
export function notReady(sick: readonly Slot[], what: string): Error {
  const why = sick.map(({ name, current, previous, lastExit }) => {
    const words = [current?.complaint ?? lastExit, (current ?? previous)?.lastWords].filter(Boolean);
    return `${name} (${words.join('; ') || 'no answer'})`;
  });
  return new Error(`${what}: ${why.join(', ')}`);
}
