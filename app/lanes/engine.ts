/** The worker's engine: dispatches stored updates to lanes, takes lanes, handles them, sweeps up, and drains. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PgBoss } from 'pg-boss';
import type { Posture, QueueName } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import type { Logger } from '../log.ts';
import { startLoop, type Loop } from '../loop.ts';
import { createSweep, dispatch } from './dispatch.ts';
import { createLaneRunner, type LaneCounters } from './lane.ts';
import { createLeases } from './leases.ts';
import { QUEUES } from './queues.ts';
import { createSettler } from './settle.ts';
import { fetchTokens } from './tokens.ts';
import type { UpdateHandler } from './update.ts';

/** Tokens that one fetch takes at most, so that workers share a burst instead of the first one taking all of it. */
const FETCH = 50;

/** A dispatch of more updates than this makes the next one wait for company, ms. */
const BUSY = 4;
const COALESCE = 2;

export interface Engine {
  /** Something was stored: look now. */
  wake(): void;
  state(): Record<QueueName, LaneCounters & { active: number; capacity: number; ended: number }>;
  /**
   * Takes no further lanes and lets those in hand finish their update, for `drain` ms at most; then aborts them.
   * Lanes that have more to do are handed on at once, without using an attempt (fault reload-in-prod).
   */
  drain(milliseconds: number): Promise<void>;
}

interface EngineOptions {
  pool: Pool;
  boss: PgBoss;
  posture: Posture;
  handle: UpdateHandler;
  log: Logger;
}

export function startEngine({ pool, boss, posture, handle, log }: EngineOptions): Engine {
  let leaving = false;
  const drained = new AbortController();
  const settler = createSettler(pool, boss, () => wakeAll());
  const leases = createLeases(boss, posture, log);
  const runner = createLaneRunner({
    pool,
    posture,
    settler,
    handle,
    log,
    drained: drained.signal,
    leaving: () => leaving,
  });

  const counters = Object.fromEntries(QUEUES.map((queue) => [queue, { handled: 0, failed: 0, parked: 0 }])) as Record<
    QueueName,
    LaneCounters
  >;
  const running = Object.fromEntries(QUEUES.map((queue) => [queue, new Set()])) as Record<
    QueueName,
    Set<Promise<void>>
  >;

  /** Turns of lanes that are over, however they ended. */
  const ended = Object.fromEntries(QUEUES.map((queue) => [queue, 0])) as Record<QueueName, number>;

  function startFetching(queue: QueueName): Loop {
    const inHand = running[queue];
    // True where the last look took all that there was room for: there may be more.
    let hungry = false;
    const loop = startLoop({
      name: `lanes ${queue}`,
      every: posture.lanes.poll,
      log,
      turn: async () => {
        const free = posture.jobs[queue].lanes - inHand.size;
        hungry = free <= 0;
        if (hungry) return false;
        const wanted = Math.min(free, FETCH);
        const askedAt = performance.now();
        const tokens = await fetchTokens(boss, queue, wanted);
        hungry = tokens.length === wanted;
        for (const token of tokens) {
          const run: Promise<void> = runner.run(leases.take(token, askedAt), counters[queue]).finally(() => {
            inHand.delete(run);
            ended[queue] += 1;
            if (hungry) loop.wake();
          });
          inHand.add(run);
        }
        return hungry;
      },
    });
    return loop;
  }

  const fetching = new Map(QUEUES.map((queue) => [queue, startFetching(queue)]));
  const wakeAll = (): void => fetching.forEach((loop) => loop.wake());

  let busy = false;
  const dispatching = startLoop({
    name: 'dispatch',
    every: posture.lanes.poll,
    log,
    turn: async () => {
      // While much comes in, one dispatch waits for what comes within a moment, and serves it as well.
      if (busy) await sleep(COALESCE);
      const { count, queues } = await dispatch(pool, boss, posture);
      busy = count > BUSY;
      // Where another worker was faster and dispatched them all, there are lanes to be taken all the same.
      if (count === 0) wakeAll();
      for (const queue of queues) fetching.get(queue)!.wake();
      return count === posture.lanes.dispatchBatch;
    },
  });
  const sweep = createSweep(pool, boss, posture);
  const sweeping = startLoop({
    name: 'sweep',
    every: posture.lanes.sweep,
    log,
    turn: async () => void (await sweep()),
  });

  return {
    wake: () => dispatching.wake(),
    state: () =>
      Object.fromEntries(
        QUEUES.map((queue) => [
          queue,
          { active: running[queue].size, capacity: posture.jobs[queue].lanes, ended: ended[queue], ...counters[queue] },
        ]),
      ) as ReturnType<Engine['state']>,
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
        await Promise.all([dispatching, sweeping, ...fetching.values()].map((loop) => loop.stop()));
        await Promise.all(QUEUES.flatMap((queue) => [...running[queue]]));
        await settler.idle();
      } finally {
        clearTimeout(timer);
        await leases.stop();
      }
    },
  };
}
