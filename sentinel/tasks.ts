/** How many tasks run and how many are wanted: asked of whoever runs them, where somebody does. */
import type { Role } from '../posture/limits.ts';

export interface TaskCount {
  role: Role;
  wanted: number;
  running: number;
}

export type TasksAnswer = { kind: 'counted'; tasks: TaskCount[] } | { kind: 'unusable'; reason: string };

/** Asks once; rejects where there is no answer, or when `signal` ends it. */
export type CountTasks = (signal: AbortSignal) => Promise<TaskCount[]>;

/** Never throws, and is no later than `signal`, whatever the question does. */
export async function countTasks(count: CountTasks, signal: AbortSignal): Promise<TasksAnswer> {
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no answer in time')), { once: true });
  });
  try {
    return { kind: 'counted', tasks: await Promise.race([count(signal), late]) };
  } catch (error) {
    return { kind: 'unusable', reason: signal.aborted ? 'no answer in time' : (error as Error).name };
  }
}
