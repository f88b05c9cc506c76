import type { AddressInfo } from 'node:net';
import type { Progress } from '../progress.ts';

/** A running role: what main.ts needs to end it. */
export interface Task {
  address: AddressInfo | string | null;
  /** Stops taking work and finishes what was begun. */
  drain(): Promise<void>;
  /** Time that `drain` may take, ms; then the process ends all the same, before the orchestrator kills it. */
  drainWithin: number;
  /** For the watchdog: what is in hand, where anything can be. */
  progress?: () => Progress;
  /** For the watchdog: true while what is in hand waits for something that no other process would get either. */
  excused?: () => boolean;
  /** Rejects when the role finds, after it began to listen, that it can never work. */
  failed?: Promise<void>;
}
