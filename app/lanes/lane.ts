/** One turn of one lane: its pending updates, one at a time and in order, until none is left or others want a turn. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Posture } from '../../posture/schema/index.ts';
import { isTransient } from '../database/errors.ts';
import type { Pool } from '../database/pool.ts';
import { Gather } from '../gather.ts';
import { describeError, type Logger } from '../log.ts';
import { countFailure, READ_LIMIT, readLanes, recordSends } from './inbox.ts';
import type { Lease } from './leases.ts';
import { HandlerTimeout, Hopeless, LaneLost, RetryLater, Unreachable } from '../outcome.ts';
import type { End, Settler } from './settle.ts';
import type { StoredUpdate, Turn, UpdateHandler } from './update.ts';

export interface LaneCounters {
  handled: number;
  failed: number;
  parked: number;
}

interface LaneOptions {
  pool: Pool;
  posture: Posture;
  settler: Settler;
  handle: UpdateHandler;
  log: Logger;
  /** Aborted when the drain has run out of time. */
  drained: AbortSignal;
  /** True once the process is leaving: no further update is begun. */
  leaving: () => boolean;
}

/** What the handling of one update asks for: the next one, or the end of the lane's turn. */
type Next = 'next' | End;

export function createLaneRunner(options: LaneOptions) {
  const { pool, posture, settler, handle, log, drained, leaving } = options;
  const reads = new Gather<string, StoredUpdate[]>({
    flush: (lanes) => readLanes(pool, lanes),
    max: 100,
    writers: 2,
    wait: 0,
  });

  async function read(lease: Lease): Promise<StoredUpdate[]> {
    return whileHeld(lease, () => reads.add(lease.token.lane));
  }

  /** Repeats what the database refused for a passing reason, until `check` throws. */
  async function persist<T>(work: () => Promise<T>, check?: () => void): Promise<T> {
    for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
      try {
        return await work();
      } catch (error) {
        if (!isTransient(error)) throw error;
        await sleep(pause * (0.5 + Math.random()), undefined, { signal: drained }).catch(() => undefined);
        drained.throwIfAborted();
        check?.();
      }
    }
  }

  /** The same, as long as the lane is ours. */
  const whileHeld = <T>(lease: Lease, work: () => Promise<T>): Promise<T> => persist(work, () => lease.hold());

  /** Handles a lane until its token is ended. Never rejects: a lane's trouble is the lane's alone (fault job-kills-loop). */
  async function run(lease: Lease, counters: LaneCounters): Promise<void> {
    try {
      await turn(lease, counters);
    } catch (error) {
      // The token stays as it is. If it is still ours it expires, and another worker goes on from the first pending update.
      if (!(error instanceof LaneLost))
        log.error({ lane: lease.token.lane, error: describeError(error) }, 'lane abandoned');
    } finally {
      lease.drop();
    }
  }

  async function turn(lease: Lease, counters: LaneCounters): Promise<void> {
    const { token } = lease;
    const until = performance.now() + posture.jobs[token.queue].turn;
    let updates = await read(lease);
    if (token.retryCount > 0 && updates[0]) updates = await countTakeover(lease, updates, counters);
    for (;;) {
      for (const [index, update] of updates.entries()) {
        if (leaving() || performance.now() > until) return void (await end(lease, {}));
        const last = index === updates.length - 1 && updates.length < READ_LIMIT;
        const next = await handleOne(lease, update, last, counters);
        if (next !== 'next') return;
      }
      if (updates.length < READ_LIMIT) return void (await end(lease, {}));
      updates = await read(lease);
    }
  }

  /** The token goes with the commit: from here on, not finding it is no loss. */
  async function end(lease: Lease, how: End, done?: StoredUpdate): Promise<boolean> {
    lease.drop();
    return persist(() => settler.settle(lease.token, done, how));
  }

  /** The update that a worker had in hand when it was lost may be what killed it (fault oom): after some, it is parked. */
  async function countTakeover(lease: Lease, updates: StoredUpdate[], counters: LaneCounters): Promise<StoredUpdate[]> {
    const [first, ...rest] = updates;
    const parked = await whileHeld(lease, () =>
      countFailure(pool, first!, 'takeovers', posture.lanes.takeovers, 'its worker was lost while handling it'),
    );
    if (!parked) return updates;
    counters.parked += 1;
    log.error({ lane: first!.lane, updateId: first!.updateId }, 'update parked: its worker was lost each time');
    return rest.length > 0 ? rest : read(lease);
  }

  /** Handles one update and settles it. `last`: nothing more of the lane is known, so its token ends with it. */
  async function handleOne(
    lease: Lease,
    update: StoredUpdate,
    last: boolean,
    counters: LaneCounters,
  ): Promise<Next | 'ended'> {
    const failure = await attempt(lease, update).then(
      () => undefined,
      (error: unknown) => error ?? new Error('rejected with nothing'),
    );
    if (failure === undefined || failure instanceof Unreachable) {
      if (failure) log.info({ lane: update.lane, updateId: update.updateId }, failure.message);
      return finish(lease, update, last, counters);
    }
    if (failure instanceof LaneLost) throw failure;
    drained.throwIfAborted();
    // Overtaken meanwhile, as after a freeze: what became of the update is no longer ours to say.
    lease.hold();
    // The next attempt must not repeat what this one has sent.
    if (update.sends.length > 0) await whileHeld(lease, () => recordSends(pool, update, update.sends));
    if (failure instanceof RetryLater || isTransient(failure)) {
      const after = failure instanceof RetryLater ? failure.after : TRANSIENT_PAUSE;
      log.info(
        { lane: update.lane, updateId: update.updateId, after, reason: describeError(failure) },
        'update postponed',
      );
      await end(lease, { after });
      return 'ended';
    }
    return fail(lease, update, failure, counters);
  }

  async function finish(
    lease: Lease,
    update: StoredUpdate,
    last: boolean,
    counters: LaneCounters,
  ): Promise<Next | 'ended'> {
    // Marked done whoever holds the lane by now, and however long the database is away: it has been handled, and whoever
    // takes the lane over before that is known sends its answer again.
    const won = last ? await end(lease, {}, update) : await persist(() => settler.settle(lease.token, update));
    if (won) counters.handled += 1;
    else if (!last) lease.hold();
    return last ? 'ended' : 'next';
  }

  async function fail(
    lease: Lease,
    update: StoredUpdate,
    failure: unknown,
    counters: LaneCounters,
  ): Promise<Next | 'ended'> {
    const { attempts, backoff } = posture.jobs[update.queue];
    const limit = failure instanceof Hopeless ? 1 : attempts;
    const error = describeError(failure);
    counters.failed += 1;
    const parked = await whileHeld(lease, () => countFailure(pool, update, 'attempts', limit, error));
    log.error(
      {
        lane: update.lane,
        updateId: update.updateId,
        attempt: update.attempts + 1,
        of: limit,
        error,
        stack: stackOf(failure),
      },
      parked ? 'update parked, its chat goes on' : 'update failed, to be tried again',
    );
    if (parked) {
      counters.parked += 1;
      return 'next';
    }
    await end(lease, { after: Math.min(backoff.first * 2 ** update.attempts, backoff.max) });
    return 'ended';
  }

  /** Stops of the handlers under way: one listener on the drain for all, as there may be hundreds. */
  const stops = new Set<(reason: Error) => void>();
  drained.addEventListener('abort', () => stops.forEach((stop) => stop(drained.reason as Error)), { once: true });

  /** Runs the handler under its deadline. A handler that ignores its signal is left behind, and can no longer send. */
  async function attempt(lease: Lease, update: StoredUpdate): Promise<void> {
    const { handler } = posture.jobs[update.queue];
    drained.throwIfAborted();
    lease.hold();
    const over = new AbortController();
    let ended = false;
    let stop!: (reason: Error) => void;
    const stopped = new Promise<never>((_, reject) => {
      stop = (reason) => {
        over.abort(reason);
        reject(reason);
      };
    });
    const timer = setTimeout(() => stop(new HandlerTimeout(`not handled within ${handler} ms`)), handler);
    lease.onLost(stop);
    stops.add(stop);
    const turn: Turn = {
      update,
      signal: over.signal,
      deadline: Date.now() + handler,
      log,
      hold: () => {
        over.signal.throwIfAborted();
        if (ended) throw new LaneLost('the handler has ended');
        lease.hold();
      },
      // Without it the send would be repeated after a short absence of the database.
      recordSends: (sends) =>
        persist(
          () => recordSends(pool, update, sends),
          () => turn.hold(),
        ),
    };
    try {
      await Promise.race([handle(turn), stopped]);
    } finally {
      ended = true;
      clearTimeout(timer);
      lease.onLost(undefined);
      stops.delete(stop);
    }
  }

  return { run };
}

/** Pause after the database refused a handler for a passing reason; uses no attempt. */
const TRANSIENT_PAUSE = 1_000;

const stackOf = (error: unknown): string | undefined =>
  error instanceof Error ? error.stack?.split('\n').slice(1, 8).join(' ').replace(/\s+/g, ' ') : undefined;
