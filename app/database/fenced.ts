/**
 * One attempt of a handler: under a deadline that stops it, and with transactions that only the holder of its work can
 * commit. The same for an update, which is held by its lane, and for a job, which is held by its own row.
 */
import type { Pool, PoolClient } from './pool.ts';
import { inTransaction } from './transaction.ts';
import { asTx, type Tx } from './tx.ts';

export interface FencedOptions {
  pool: Pool;
  /** Longest time of the attempt, ms. */
  within: number;
  /** What it is stopped with when that is over. */
  late: () => Error;
  /** What is thrown at a handler that goes on after its attempt is over. */
  over: () => Error;
  /** Throws where the work may be another's by now. */
  hold: () => void;
  /** Keeps the work from being taken over until the transaction ends; throws where it is another's already. */
  lock: (client: PoolClient) => Promise<void>;
  /** Marks the work done; throws where it no longer can be. */
  mark: (client: PoolClient) => Promise<void>;
}

/** How an attempt ended: the failure, if it was one; and whether its own transaction has marked the work done. */
export interface Outcome {
  failure: unknown;
  done: boolean;
}

export interface Fenced {
  /** Aborted when the attempt is stopped, for whatever reason. */
  signal: AbortSignal;
  /** Ends the attempt at once; its handler can change nothing any more. */
  stop: (reason: Error) => void;
  /** Throws where the handler must not act any more. */
  hold: () => void;
  transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  done: (tx: Tx) => Promise<void>;
  /** Never rejects. A handler that ignores its signal is left behind. */
  run(handle: () => Promise<unknown>): Promise<Outcome>;
}

export function fencedAttempt({ pool, within, late, over, hold: held, lock, mark }: FencedOptions): Fenced {
  const outcome: Outcome = { failure: undefined, done: false };
  const stopping = new AbortController();
  const marks = new WeakMap<Tx, () => Promise<void>>();
  let ended = false;
  /** The transaction under way: what it commits is known before anything is decided about the work. */
  let transacting: Promise<unknown> | undefined;
  let stop!: (reason: Error) => void;
  const stopped = new Promise<never>((_, reject) => {
    stop = (reason) => {
      stopping.abort(reason);
      reject(reason);
    };
  });
  // One that is stopped before it runs is told when it does.
  stopped.catch(() => undefined);

  function hold(): void {
    stopping.signal.throwIfAborted();
    if (ended) throw over();
    held();
  }

  async function transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    hold();
    if (transacting) throw new Error('a transaction of this turn is open already: do both in one');
    let marked = false;
    const running = inTransaction(
      pool,
      async (client) => {
        await lock(client);
        const tx = asTx(client, hold);
        marks.set(tx, async () => {
          hold();
          await mark(client);
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

  return {
    signal: stopping.signal,
    stop,
    hold,
    transaction,
    done: async (tx) => {
      const marking = marks.get(tx);
      if (!marking) throw new Error("done() takes the transaction that this turn's transaction() has opened");
      await marking();
    },
    async run(handle) {
      const timer = setTimeout(() => stop(late()), within);
      try {
        await Promise.race([stopping.signal.aborted ? stopped : handle(), stopped]);
      } catch (error) {
        outcome.failure = error ?? new Error('rejected with nothing');
      } finally {
        ended = true;
        clearTimeout(timer);
        // It is being rolled back, or its commit is under way: one statement, which has a deadline of its own.
        await transacting;
      }
      return outcome;
    },
  };
}
