/** One attempt at one update: its handler under a deadline, fenced outwards and in the database. */
import type { Posture } from '../../posture/schema/index.ts';
import { fencedAttempt, type Outcome } from '../database/fenced.ts';
import type { Pool } from '../database/pool.ts';
import type { Logger } from '../log.ts';
import { HandlerTimeout, LaneLost } from '../outcome.ts';
import { lockLane, markDone, recordSends } from './inbox.ts';
import type { Lease } from './leases.ts';
import { persist } from './persist.ts';
import type { StoredUpdate, Turn, UpdateHandler } from './update.ts';

export type { Outcome } from '../database/fenced.ts';

export interface AttemptOptions {
  pool: Pool;
  posture: Posture;
  handle: UpdateHandler;
  log: Logger;
  /** Aborted when the drain has run out of time. */
  drained: AbortSignal;
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
    const { handler } = posture.jobs[update.queue];
    const fenced = fencedAttempt({
      pool,
      within: handler,
      late: () => new HandlerTimeout(`not handled within ${handler} ms`),
      over: () => new LaneLost('the handler has ended'),
      hold: () => lease.hold(),
      lock: async (client) => {
        if (!(await lockLane(client, lease.claim))) throw new LaneLost(`lane ${update.lane} was taken over`);
      },
      mark: async (client) => {
        if (!(await markDone(client, update))) throw new LaneLost('the update is not pending any more');
      },
    });
    const { signal, stop, hold, transaction, done } = fenced;
    const turn: Turn = {
      update,
      signal,
      deadline: Date.now() + handler,
      log,
      hold,
      transaction,
      done,
      // Repeated: without it the send would be repeated after a short absence of the database.
      recordSends: async (sends) => {
        const ours = await persist(() => recordSends(pool, lease.claim, update, sends), drained, hold);
        if (!ours) throw new LaneLost(`lane ${update.lane} was taken over`);
      },
    };

    counts.underWay += 1;
    stops.add(stop);
    lease.onLost(stop);
    try {
      return await fenced.run(async () => {
        drained.throwIfAborted();
        lease.hold();
        await handle(turn);
      });
    } finally {
      lease.onLost(undefined);
      stops.delete(stop);
      counts.underWay -= 1;
      counts.ended += 1;
    }
  }

  return { attempt, counts };
}
