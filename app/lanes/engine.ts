/** The worker's engine: claims lanes, handles them, runs suspects alone, sweeps up, and drains. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Posture, QueueName } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { describeError, type Logger } from '../log.ts';
import { startLoop, type Loop } from '../loop.ts';
import { notifyWorkers } from './announce.ts';
import { createAttempts } from './attempt.ts';
import { claimLanes, claimSuspect, giveBackUnknown, runAlone, type Claim } from './claim.ts';
import { createLaneRunner, type LaneCounters } from './lane.ts';
import { createLeases, type Lease } from './leases.ts';
import { QUEUES } from './queues.ts';
import { createSettler } from './settle.ts';
import { createSweep } from './sweep.ts';
import { freeOrphans } from './takeover.ts';
import type { UpdateHandler } from './update.ts';

/**
 * A claim of more lanes than BUSY makes the next one wait COALESCE ms for company. No keys: one thousandth of any declared
 * time, they change what a claim costs and nothing that is promised.
 */
const BUSY = 4;
const COALESCE = 2;
/** A lane that is postponed for less is waited for to the millisecond; for the others, the poll is exact enough. ms. */
const PUNCTUAL = 10_000;

export interface Engine {
  /** Something was stored: look now. */
  wake(): void;
  state(): Record<QueueName, LaneCounters & { active: number; capacity: number; ended: number }>;
  /** Lanes that other workers took from this one in the last minutes, though it lives (fault second-effect). */
  lost(): number;
  /** Handlers under way and ended. What waits for its settle waits rightly, and is not in hand (fault passive-watchdog). */
  progress(): { inHand: number; ended: number };
  /**
   * Takes no further lanes and lets those in hand finish their update, for `drain` ms at most; then aborts them.
   * Lanes that have more to do are handed on at once, without using an attempt (fault reload-in-prod).
   */
  drain(milliseconds: number): Promise<void>;
}

interface EngineOptions {
  pool: Pool;
  /** The listener's, for the lease. */
  connection: () => pg.Client | undefined;
  /** Only lanes of this bot are taken (fault foreign-bot). */
  botId: number;
  posture: Posture;
  handle: UpdateHandler;
  log: Logger;
}

const each = <T>(make: (queue: QueueName) => T): Record<QueueName, T> =>
  Object.fromEntries(QUEUES.map((queue) => [queue, make(queue)])) as Record<QueueName, T>;

export function startEngine({ pool, connection, botId, posture, handle, log }: EngineOptions): Engine {
  let leaving = false;
  const drained = new AbortController();
  const settler = createSettler({ pool, botId, wait: posture.lanes.gather, renewed: () => wakeAll() });
  const leases = createLeases({ pool, connection, botId, posture, log, ready: () => wakeAll() });
  const { attempt, counts } = createAttempts({ pool, posture, handle, log, drained: drained.signal });
  const timers = new Set<NodeJS.Timeout>();
  const runner = createLaneRunner({
    pool,
    posture,
    settler,
    attempt,
    log,
    drained: drained.signal,
    leaving: () => leaving,
    postponed,
    abandoned: ({ queue, alone }) => void unanswered.add(alone ? undefined : queue),
  });

  /**
   * Queues, undefined for suspects, of which this worker may own lanes that it does not handle: the answer to a claim was
   * lost. They are given back before the next claim.
   */
  const unanswered = new Set<QueueName | undefined>();
  const counters = each<LaneCounters>(() => ({ handled: 0, failed: 0, parked: 0, unknown: 0 }));
  const running = each(() => new Set<Promise<void>>());
  /** Turns of lanes that are over, however they ended. */
  const ended = each(() => 0);
  /** Queues of which nothing is claimed, while a suspect is to run alone. */
  const heldBack = new Set<QueueName>();

  /** So that a short pause between attempts ends in time (law retries.bounded). */
  function postponed({ queue }: Claim, after: number): void {
    if (leaving || after > PUNCTUAL) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      fetching[queue].wake();
    }, after);
    timers.add(timer);
  }

  /** Runs a lane; what is under way is in `running`, for the drain. */
  function start(lease: Lease, over?: () => void): Set<Promise<void>> {
    const { queue } = lease.claim;
    const inHand = running[queue];
    const run: Promise<void> = runner.run(lease, counters[queue]).finally(() => {
      inHand.delete(run);
      ended[queue] += 1;
      over?.();
    });
    return inHand.add(run);
  }

  async function claiming<T>(queue: QueueName | undefined, claim: () => Promise<T>): Promise<T> {
    if (unanswered.has(queue)) {
      await giveBackUnknown(pool, leases.id, queue, leases.lanes());
      unanswered.delete(queue);
    }
    try {
      return await claim();
    } catch (error) {
      unanswered.add(queue);
      throw error;
    }
  }

  function startFetching(queue: QueueName): Loop {
    // True where the last look took all that there was room for: there may be more.
    let hungry = false;
    let busy = false;
    const loop = startLoop({
      name: `lanes ${queue}`,
      every: posture.lanes.poll,
      log,
      turn: async () => {
        // While many lanes are ready at a time, one claim waits for what comes within a moment, and takes it as well.
        if (busy) await sleep(COALESCE);
        const free = posture.jobs[queue].lanes - running[queue].size;
        hungry = free <= 0 || heldBack.has(queue) || !leases.fresh();
        if (hungry) return false;
        const wanted = Math.min(free, posture.lanes.claimBatch);
        const claims = await claiming(queue, () => claimLanes(pool, leases.id, botId, queue, wanted));
        hungry = claims.length === wanted;
        busy = claims.length > BUSY;
        for (const claim of claims) {
          start(leases.take(claim), () => {
            if (hungry) loop.wake();
          });
        }
        return hungry;
      },
    });
    return loop;
  }

  const fetching = each(startFetching);
  const wakeAll = (): void => Object.values(fetching).forEach((loop) => loop.wake());

  /** Holds the queues back, the least urgent first, until nothing of them is in hand. */
  async function becomeIdle(): Promise<void> {
    for (const queue of QUEUES.toReversed()) {
      heldBack.add(queue);
      while (running[queue].size > 0) await Promise.race(running[queue]);
    }
  }

  const suspects = startLoop({
    name: 'suspects',
    every: posture.lanes.poll,
    log,
    turn: async () => {
      if (!leases.fresh() || leaving) return;
      const claim = await claiming(undefined, () => claimSuspect(pool, leases.id, botId));
      if (!claim) return;
      const lease = leases.take(claim);
      let isAlone = false;
      try {
        await becomeIdle();
        isAlone = await runAlone(pool, claim);
        if (!isAlone) return;
        log.warn({ lane: claim.lane, updateId: claim.updates[0]?.updateId }, 'a suspect runs alone');
        await Promise.all(start(lease));
      } finally {
        // Whoever lives keeps what it owns: what it does not handle is given back before the next claim.
        if (!isAlone) {
          lease.drop();
          unanswered.add(undefined);
        }
        heldBack.clear();
        wakeAll();
      }
    },
  });

  const sweep = createSweep(pool, posture);
  const sweeping = startLoop({
    name: 'sweep',
    every: posture.lanes.sweep,
    log,
    turn: async (signal) => {
      if ((await sweep(signal)) + (await freeOrphans(pool, posture)) > 0) wakeAll();
    },
  });

  return {
    wake: wakeAll,
    state: () =>
      each((queue) => ({
        active: running[queue].size,
        capacity: posture.jobs[queue].lanes,
        ended: ended[queue],
        ...counters[queue],
      })),
    lost: () => leases.lost(),
    progress: () => ({ inHand: counts.underWay, ended: counts.ended }),
    async drain(milliseconds) {
      leaving = true;
      const timer = setTimeout(() => {
        log.error(
          { lanes: leases.size },
          'the drain ran out of time; handlers are aborted, their updates are taken over',
        );
        drained.abort(new Error('the drain ran out of time'));
      }, milliseconds);
      try {
        for (const waiting of timers) clearTimeout(waiting);
        await Promise.all([suspects, sweeping, ...Object.values(fetching)].map((loop) => loop.stop()));
        await Promise.all(QUEUES.flatMap((queue) => [...running[queue]]));
        await settler.idle();
      } finally {
        clearTimeout(timer);
        await leases.leave();
        // Others need not wait for their poll.
        await notifyWorkers(pool).catch((error: unknown) =>
          log.warn({ error: describeError(error) }, 'other workers were not told of what is left; they will look'),
        );
      }
    },
  };
}
