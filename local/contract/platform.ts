/** What stands in for the cloud, as the control room sees it. */
import type { Health } from '../../contract/health.ts';
import type { Role } from '../../posture/limits.ts';

export type TaskState = 'starting' | 'healthy' | 'unhealthy' | 'draining' | 'stopped';

/** One supervised process. */
export interface TaskView {
  id: string;
  /** Its place of the declared count, such as `worker-1`: one task serves there, and others may be leaving it. */
  slot: string;
  role: Role;
  pid: number | undefined;
  port: number;
  state: TaskState;
  startedAt: string;
  /** Starts before it in its place. */
  restarts: number;
  /** How it ended; while it serves, how the one before it in its place did. */
  lastExit: string | undefined;
  /** Of one that was asked to end: when it is ended by SIGKILL, Unix time in ms. */
  killAt: number | undefined;
  health: Health | undefined;
}

/** What the control room reads of the platform. */
export interface PlatformView {
  tasks(): TaskView[];
  /** The last lines of the tasks' logs that name this update. */
  about(updateId: number): { task: string; line: string }[];
  /** When a worker has taken over the chats of lost ones, Unix time in ms. */
  takeovers(): number[];
  /** Ends a task the hard way; the supervisor replaces it. */
  kill(taskId: string, signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Crash-restarts the database (`pg_ctl restart -m immediate`). */
  restartDatabase(): Promise<void>;
  database(): { state: 'up' | 'restarting' | 'down'; connections: number; maxConnections: number };
  frontDoor(): { url: string; requests: number; errors: number };
}

/** Credits of one person, and the last of their entries, the latest below. Amounts as text: they may be large. */
export interface LedgerView {
  available: string;
  held: string;
  debt: string;
  entries: { id: string; kind: string; cause: string; account: string; amount: string; at: number }[];
}
