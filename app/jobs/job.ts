/** What a job's handler is given, and how a table of handlers is written. */
import type { JobName } from '../../posture/schema/index.ts';
import type { Tx } from '../database/tx.ts';
import type { Logger } from '../log.ts';
import type { JobQueue } from './queue.ts';

/** One attempt at one job. */
export interface JobRun<Input> {
  job: {
    id: string;
    queue: JobName;
    /** Attempts before this one; what waited for somebody else is none. */
    attempts: number;
  };
  input: Input;
  /** Aborted at the deadline, when the job is another's, and when the drain runs out. Pass it to everything that waits. */
  signal: AbortSignal;
  /** When the signal is aborted at the latest, ms since the epoch. */
  deadline: number;
  /** Names the queue and the job. */
  log: Logger;
  /** Says that it goes on, for the watchdog: call it now and then in what takes minutes. */
  alive: () => void;
  /** Throws where the job may be another's: call it before an effect outside of the database. */
  hold: () => void;
  /**
   * Runs `work` in one transaction that only the holder of the job can commit. One at a time. A call to Telegram or to a
   * provider inside it throws at once.
   * @throws {JobLost} where the job is another's; whatever `work` throws, rolled back
   */
  transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /** Ends the job in the same commit: its effects and "done" are there together, or neither. */
  done: (tx: Tx) => Promise<void>;
}

/**
 * Does one job; what it resolves to is kept as its output and logged. It runs again after a crash, so it writes its
 * effects with `done` in one transaction, or finds what it did. Throws `RetryLater` for "not now" (uses no attempt) and
 * `Hopeless` for what no repetition mends; any other error is an attempt.
 */
export type JobHandler<Input> = (run: JobRun<Input>) => Promise<Record<string, unknown> | void>;

/** A queue with who handles it. The input's type is the queue's, and known to the two of them only. */
export interface Job<Name extends JobName = JobName> {
  queue: JobQueue<Name>;
  handle: JobHandler<unknown>;
}

export const job = <Name extends JobName, Input>(
  queue: JobQueue<Name, Input>,
  handle: JobHandler<Input>,
): Job<Name> => ({
  queue,
  handle: handle as JobHandler<unknown>,
});

/** Exhaustive by type: a queue declared in the posture and missing here does not compile. */
export type Jobs = { [Name in JobName]: Job<Name> };
