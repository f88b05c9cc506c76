/** One slot of a schedule under its deadline: begun and ended in the log, whatever becomes of it (fault iteration-hang). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'pg-boss';
import { describeError, type Logger } from '../log.ts';
import { ENDING } from './queues.ts';

/** What a schedule's handler is given. */
export interface Run {
  job: { id: string; name: string };
  /** Where the slot begins, as PostgreSQL writes it: by it a run finds what it did before a crash. Undefined for one that the release before has begun. */
  slot?: string | undefined;
  /** Aborts at the deadline, and when the worker drains. Pass it to everything that waits. */
  signal: AbortSignal;
  /** When the signal aborts at the latest, ms since 1970. */
  deadline: number;
  log: Logger;
}

/** Resolves to what the log should say of it. It may be run again after a crash, so it finds what it did. */
export type ScheduleHandler = (run: Run) => Promise<Record<string, unknown>>;

/** `cut short`: by the drain, and the next slot goes on where this one ended. */
export type Outcome = 'done' | 'failed' | 'late' | 'cut short';

interface RunOptions {
  slot: string | undefined;
  handler: ScheduleHandler;
  /** ms */
  deadline: number;
  draining: AbortSignal;
  log: Logger;
}

/** Never rejects. A handler that goes on after its signal is waited for as long as the job may be kept, then left. */
export async function runJob({ id, name }: Pick<Job, 'id' | 'name'>, options: RunOptions): Promise<Outcome> {
  const { slot, handler, deadline, draining } = options;
  const log = options.log.child({ job: name, id, slot });
  const late = AbortSignal.timeout(deadline);
  const signal = AbortSignal.any([late, draining]);
  const began = Date.now();
  let outcome: Outcome = 'failed';
  let said: Record<string, unknown> = {};
  log.info({ within: deadline }, 'job begins');
  try {
    said = await Promise.race([
      handler({ job: { id, name }, slot, signal, deadline: began + deadline, log }),
      overstayed(signal),
    ]);
    outcome = late.aborted ? 'late' : draining.aborted ? 'cut short' : 'done';
  } catch (error) {
    said = { error: describeError(error) };
    if (late.aborted) outcome = 'late';
    else if (draining.aborted) outcome = 'cut short';
  } finally {
    const level = outcome === 'done' || outcome === 'cut short' ? 'info' : 'warn';
    log[level]({ outcome, took: Date.now() - began, ...said }, 'job ended');
  }
  return outcome;
}

/** Rejects when `signal` has been aborted for as long as a job gets to end. */
async function overstayed(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise((aborted) => signal.addEventListener('abort', aborted, { once: true }));
  await sleep(ENDING / 2, undefined, { ref: false });
  throw new Error(`it went on ${ENDING / 2000} s after it was told to end, and was left behind`);
}
