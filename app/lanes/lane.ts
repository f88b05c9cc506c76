/** One turn of one lane: its pending updates, one at a time and in order, until none is left or others want a turn. */
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { Gather } from '../gather.ts';
import { describeError, type Logger } from '../log.ts';
import { LaneLost, Unreachable } from '../outcome.ts';
import type { Attempt, Outcome } from './attempt.ts';
import type { Claim } from './claim.ts';
import { decide, type Decision } from './decide.ts';
import { mayHaveMore, readLanes, recordFailure, type Recorded } from './inbox.ts';
import type { Lease } from './leases.ts';
import { persist } from './persist.ts';
import type { End, Settler } from './settle.ts';
import { SUSPECT_AFTER } from './takeover.ts';
import type { StoredUpdate } from './update.ts';

export interface LaneCounters {
  handled: number;
  failed: number;
  parked: number;
  /** Done, though what became of a send of theirs is not known. */
  unknown: number;
}

interface LaneOptions {
  pool: Pool;
  posture: Posture;
  settler: Settler;
  attempt: Attempt;
  log: Logger;
  /** Aborted when the drain has run out of time. */
  drained: AbortSignal;
  /** True once the process is leaving: no further update is begun. */
  leaving: () => boolean;
  /** A lane was given back, to be due after a pause, ms. */
  postponed: (claim: Claim, after: number) => void;
  /** A lane is no longer handled here, and its row says that it is. */
  abandoned: (claim: Claim) => void;
}

export function createLaneRunner(options: LaneOptions) {
  const { pool, posture, settler, attempt, log, drained, leaving, postponed, abandoned } = options;
  const reads = new Gather<Claim, StoredUpdate[]>({
    flush: (lanes) => readLanes(pool, lanes),
    // As the settler's: two under way, and small enough to be far from any timeout.
    max: 100,
    writers: 2,
    wait: 0,
  });

  /** Handles a lane until it is given up. Never rejects: a lane's trouble is the lane's alone (fault job-kills-loop). */
  async function run(lease: Lease, counters: LaneCounters): Promise<void> {
    try {
      await turn(lease, counters);
    } catch (error) {
      if (drained.aborted) return;
      if (!(error instanceof LaneLost))
        log.error({ lane: lease.claim.lane, error: describeError(error) }, 'lane abandoned');
      // Where the lane is another's this changes nothing; else nobody would take it from a worker that lives.
      abandoned(lease.claim);
    } finally {
      // Only now: a lease lives until its settle is committed (fault second-effect).
      lease.drop();
    }
  }

  async function turn(lease: Lease, counters: LaneCounters): Promise<void> {
    const { claim } = lease;
    const until = performance.now() + posture.jobs[claim.queue].turn;
    let list = claim.updates;
    let readAt = performance.now();
    for (let begun = 0; ;) {
      const more = mayHaveMore(list);
      for (const [index, update] of list.entries()) {
        // A turn handles at least one update, however short it is declared.
        if (leaving() || (begun > 0 && performance.now() > until)) return end(lease, { after: 0 });
        const suspect = update.takeovers >= SUSPECT_AFTER;
        if (suspect !== claim.alone) return end(lease, { after: 0, suspect });
        update.age += performance.now() - readAt;
        begun += 1;
        if (!(await handleOne(lease, update, index === list.length - 1 && !more, counters))) return;
      }
      if (!more) return end(lease, 'empty');
      list = await persist(
        () => reads.add(claim),
        drained,
        () => lease.hold(),
      );
      readAt = performance.now();
    }
  }

  async function end(lease: Lease, how: End, done?: { update: StoredUpdate; unknown: boolean }): Promise<void> {
    await persist(() => settler.settle(lease.claim, done, how), drained);
    if (how !== 'empty') postponed(lease.claim, how.after);
  }

  /** Handles one update and settles it; true where the lane goes on. `last`: nothing more of it is known. */
  async function handleOne(
    lease: Lease,
    update: StoredUpdate,
    last: boolean,
    counters: LaneCounters,
  ): Promise<boolean> {
    const began = performance.now();
    const told = { lane: update.lane, updateId: update.updateId, attempt: update.attempts + 1 };
    log.debug({ ...told, lost: update.takeovers, waited: Math.round(update.age) }, 'attempt begins');
    const outcome = await attempt(lease, update);
    // Cut short by us: no attempt. Whoever goes on should know what was sent.
    if (drained.aborted && outcome.failure !== undefined && !outcome.done) {
      if (update.sends.length > 0) await record(lease, update, outcome.failure, { counted: false, limit: Infinity });
      throw drained.reason;
    }
    const decision = decide(outcome.failure, update, posture.jobs[update.queue]);
    tell(update, outcome, decision);
    if (outcome.failure === undefined)
      log.debug({ ...told, took: Math.round(performance.now() - began) }, 'update handled');
    if (outcome.done || decision.kind === 'done') {
      const unknown = decision.kind === 'done' && decision.unknown;
      if (unknown) await record(lease, update, outcome.failure, { counted: false, limit: 0 });
      counters.handled += 1;
      if (unknown) counters.unknown += 1;
      return finish(lease, outcome.done ? undefined : { update, unknown }, last);
    }
    const counted = decision.kind === 'park' || decision.counted;
    const limit = decision.kind === 'park' ? 1 : Infinity;
    if (counted) counters.failed += 1;
    // Also where nothing is counted: the next attempt must not repeat what this one has sent.
    const recorded =
      counted || update.sends.length > 0 ? await record(lease, update, outcome.failure, { counted, limit }) : 'pending';
    if (recorded === 'lost') throw new LaneLost(`lane ${update.lane} was taken over`);
    if (recorded === 'parked') {
      counters.parked += 1;
      log.error({ lane: update.lane, updateId: update.updateId }, 'update parked, its chat goes on');
      return finish(lease, undefined, last);
    }
    await end(lease, { after: decision.kind === 'again' ? decision.after : 0, suspect: lease.claim.alone });
    return false;
  }

  /** Marked done whoever holds the lane by now, and however long the database is away: it has been handled. */
  async function finish(lease: Lease, done: { update: StoredUpdate; unknown: boolean } | undefined, last: boolean) {
    if (last) {
      await end(lease, 'empty', done);
      return false;
    }
    if (done) await persist(() => settler.settle(lease.claim, done), drained);
    lease.hold();
    return true;
  }

  /** Writes a failed attempt down; once only where the drain has run out of time. */
  async function record(
    { claim }: Lease,
    update: StoredUpdate,
    failure: unknown,
    count: { counted: boolean; limit: number },
  ): Promise<Recorded> {
    const limit = Number.isFinite(count.limit) ? count.limit : 32_767;
    const write = () => recordFailure(pool, claim, update, { ...count, limit, error: describeError(failure) });
    return drained.aborted ? write() : persist(write, drained);
  }

  function tell(update: StoredUpdate, { failure, done }: Outcome, decision: Decision): void {
    if (failure === undefined) return;
    const at = { lane: update.lane, updateId: update.updateId };
    if (done) {
      log.error(
        { ...at, error: describeError(failure), stack: stackOf(failure) },
        'done, but its handler failed afterwards',
      );
      return;
    }
    if (failure instanceof Unreachable) log.info(at, failure.message);
    else if (decision.kind === 'done')
      log.warn({ ...at, reason: describeError(failure) }, 'update done, its send unknown');
    else if (decision.kind === 'again' && !decision.counted)
      log.info({ ...at, after: decision.after, reason: describeError(failure) }, 'update postponed');
    else
      log.error(
        { ...at, attempt: update.attempts + 1, error: describeError(failure), stack: stackOf(failure) },
        decision.kind === 'park' ? 'the last attempt at an update failed' : 'update failed, to be tried again',
      );
  }

  return { run };
}

const stackOf = (error: unknown): string | undefined =>
  error instanceof Error ? error.stack?.split('\n').slice(1, 8).join(' ').replace(/\s+/g, ' ') : undefined;
