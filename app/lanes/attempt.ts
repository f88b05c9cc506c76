/** One attempt at one update: its handler under a deadline, fenced outwards and in the database. */
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Logger } from '../log.ts';
import { HandlerTimeout, LaneLost } from '../outcome.ts';
import { lockLane, markDone, recordSends } from './inbox.ts';
import type { Lease } from './leases.ts';
import { persist } from './persist.ts';
import type { StoredUpdate, Turn, Tx, UpdateHandler } from './update.ts';

export interface AttemptOptions {
  pool: Pool;
  posture: Posture;
  handle: UpdateHandler;
  log: Logger;
  /** Aborted when the drain has run out of time. */
  drained: AbortSignal;
}

/** How an attempt ended: the failure, if it was one; and whether its own transaction has marked the update done. */
export interface Outcome {
  failure: unknown;
  done: boolean;
}

/** Handlers under way, and how many have ended in whatever way: what the watchdog calls progress. */
export interface AttemptCounts {
  underWay: number;
  ended: number;
}

export type Attempt = (lease: Lease, update: StoredUpdate) => Promise<Outcome>;

export function createAttempts(options: AttemptOptions): { attempt: Attempt; counts: AttemptCounts } {
  const { pool, posture, handle, log, drained } = options;
  const counts: AttemptCounts = { underWay: 0, ended: 0 };
  /** Stops of the handlers under way: one listener on the drain for all, as there may be hundreds. */
  const stops = new Set<(reason: Error) => void>();
  drained.addEventListener('abort', () => stops.forEach((stop) => stop(drained.reason as Error)), { once: true });

  /** Never rejects. A handler that ignores its signal is left behind, and can do nothing any more. */
  async function attempt(lease: Lease, update: StoredUpdate): Promise<Outcome> {
    const outcome: Outcome = { failure: undefined, done: false };
    const { handler } = posture.jobs[update.queue];
    const over = new AbortController();
    let ended = false;
    /** The transaction under way: what it commits is known before anything is decided about the update. */
    let transacting: Promise<unknown> | undefined;
    let stop!: (reason: Error) => void;
    const stopped = new Promise<never>((_, reject) => {
      stop = (reason) => {
        over.abort(reason);
        reject(reason);
      };
    });
    const hold = (): void => {
      over.signal.throwIfAborted();
      if (ended) throw new LaneLost('the handler has ended');
      lease.hold();
    };

    async function transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
      hold();
      if (transacting) throw new Error('a transaction of this turn is open already: do both in one');
      let marked = false;
      const running = inTransaction(
        pool,
        async (client) => {
          if (!(await lockLane(client, lease.claim))) throw new LaneLost(`lane ${update.lane} was taken over`);
          const tx = { query: (...args: Parameters<Tx['query']>) => (hold(), client.query(...args)) } as Tx;
          marks.set(tx, async () => {
            hold();
            if (!(await markDone(client, update))) throw new LaneLost('the update is not pending any more');
            marked = true;
          });
          // Whatever it waits for: a handler that is over must not keep the transaction open.
          return Promise.race([work(tx), stopped]);
        },
        hold,
      );
      transacting = running.catch(() => undefined);
      try {
        const result = await running;
        outcome.done ||= marked;
        return result;
      } finally {
        transacting = undefined;
      }
    }

    const turn: Turn = {
      update,
      signal: over.signal,
      deadline: Date.now() + handler,
      log,
      hold,
      transaction,
      done: async (tx) => {
        const mark = marks.get(tx);
        if (!mark) throw new Error("done() takes the transaction that this turn's transaction() has opened");
        await mark();
      },
      // Repeated: without it the send would be repeated after a short absence of the database.
      recordSends: async (sends) => {
        const ours = await persist(() => recordSends(pool, lease.claim, update, sends), drained, hold);
        if (!ours) throw new LaneLost(`lane ${update.lane} was taken over`);
      },
    };

    counts.underWay += 1;
    stops.add(stop);
    lease.onLost(stop);
    const timer = setTimeout(() => stop(new HandlerTimeout(`not handled within ${handler} ms`)), handler);
    try {
      drained.throwIfAborted();
      lease.hold();
      await Promise.race([handle(turn), stopped]);
    } catch (error) {
      outcome.failure = error ?? new Error('rejected with nothing');
    } finally {
      ended = true;
      clearTimeout(timer);
      lease.onLost(undefined);
      stops.delete(stop);
      // It is being rolled back, or its commit is under way: one statement, which has a deadline of its own.
      await transacting;
      counts.underWay -= 1;
      counts.ended += 1;
    }
    return outcome;
  }

  return { attempt, counts };
}

/** What marks the update of a transaction's turn done. */
const marks = new WeakMap<Tx, () => Promise<void>>();
