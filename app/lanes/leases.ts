/**
 * Leases. A worker has one row, which it renews; that is the lease of every lane it holds. One that is killed or frozen
 * stops renewing, and another worker takes its lanes away (faults stuck-lock, advisory-leak).
 *
 * A lane lives until what became of its update is committed: a wait for the database, a lock or a queue is no loss. And
 * nobody is lost because *the database* was away: lanes are taken over only when other workers could write for the
 * whole lease, so the first one back after an outage finds nobody dead (fault second-effect).
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Posture } from '../../posture/schema/index.ts';
import type { Pool } from '../database/pool.ts';
import { describeError, type Logger } from '../log.ts';
import { startLoop, type Loop } from '../loop.ts';
import { LaneLost } from '../outcome.ts';
import { takeOver } from './takeover.ts';
import type { Claim } from './claim.ts';

/** A claim that is held. */
export interface Lease {
  claim: Claim;
  /** Calls this when the lane is found to be another's, until the next call of `onLost`. */
  onLost(listener: ((reason: LaneLost) => void) | undefined): void;
  /** Throws {@link LaneLost} unless the lease was renewed so recently that nobody can have taken it. */
  hold(): void;
  /** True once the lane is known to be another's. */
  readonly lost: boolean;
  drop(): void;
}

export interface Leases {
  /** The row of this worker; changes when it was found to be lost. */
  readonly id: string;
  /** Whether anything may be claimed: the row is there, and its renewal recent. */
  fresh(): boolean;
  take(claim: Claim): Lease;
  readonly size: number;
  /** Lanes that others took from this worker in the last minutes, though it lives. */
  lost(): number;
  /** Names of the lanes that are held. */
  lanes(): string[];
  /** Ends renewing, gives back what is still held, and removes the row. */
  leave(): Promise<void>;
}

interface LeasesOptions {
  pool: Pool;
  /** A connection beside the pool, while there is one: a lease is not lost because handlers have taken all the others. */
  connection: () => pg.Client | undefined;
  botId: number;
  posture: Posture;
  log: Logger;
  /** Called when lanes may be claimed that could not be before: by this worker, or as another was lost. */
  ready: () => void;
}

/** Time that goes on while the process is frozen, and while its machine sleeps, which one of the two clocks misses. ms. */
export function stopwatch(): () => number {
  const [monotonic, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - monotonic, Date.now() - wall);
}

/** How long a loss is told: each look of an alarm sees it at least once, ms. */
const TOLD_FOR = 5 * 60_000;

interface Held {
  claim: Claim;
  lost: LaneLost | undefined;
  listener: ((reason: LaneLost) => void) | undefined;
}

const REGISTER = {
  name: 'register-worker',
  text: `INSERT INTO evenkeel.worker (id, bot_id, lease) VALUES ($1, $2, $3 * interval '1 ms')
         ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()`,
};
/** Renews the row, and the pulse of all: a gap of half a lease, in which nobody could write, begins it anew. */
const RENEW = {
  name: 'renew-worker',
  text: `
    WITH beat AS (
      INSERT INTO evenkeel.pulse AS p (bot_id) VALUES ($2)
      ON CONFLICT (bot_id) DO UPDATE SET seen_at = clock_timestamp(), since = CASE
        WHEN clock_timestamp() - p.seen_at < (SELECT min(lease) FROM evenkeel.worker WHERE bot_id = $2) / 2 THEN p.since
        ELSE clock_timestamp()
      END
    )
    UPDATE evenkeel.worker SET seen_at = clock_timestamp() WHERE id = $1`,
};
/** lane_owner. */
const GIVE_BACK = {
  name: 'give-back',
  text: `WITH gone AS (DELETE FROM evenkeel.worker WHERE id = $1)
         UPDATE evenkeel.lane SET owner = NULL, alone = false, due_at = now() WHERE owner = $1`,
};

export function createLeases({ pool, connection, botId, posture, log, ready }: LeasesOptions): Leases {
  const { heartbeat, touch } = posture.lanes;
  const held = new Set<Held>();
  let id = randomUUID() as string;
  let registered = false;
  let failures = 0;
  let losses: { at: number; lanes: number }[] = [];
  /** Since the last renewal that succeeded was *sent*. */
  let sinceRenewal: () => number = () => Infinity;

  function lose(lease: Held, why: string): void {
    held.delete(lease);
    log.warn({ lane: lease.claim.lane }, `lane lost: ${why}`);
    lease.lost = new LaneLost(`lane ${lease.claim.lane} was taken over: ${why}`);
    lease.listener?.(lease.lost);
  }

  async function renew(): Promise<void> {
    const sent = stopwatch();
    // In turn with the pool while it fails: it may be the one that is to blame, or the other.
    const db = (failures % 2 === 0 ? connection() : undefined) ?? pool;
    failures += 1;
    if (!registered) {
      await db.query({ ...REGISTER, values: [id, botId, heartbeat] });
      registered = true;
    } else if ((await db.query({ ...RENEW, values: [id, botId] })).rowCount === 0) {
      if (held.size > 0) losses.push({ at: performance.now(), lanes: held.size });
      for (const lease of held) lose(lease, 'another worker took this one for dead');
      id = randomUUID();
      registered = false;
      failures = 0;
      return renew();
    }
    failures = 0;
    const stale = sinceRenewal() >= heartbeat;
    sinceRenewal = sent;
    if (stale) ready();
  }

  const loop: Loop = startLoop({
    name: 'leases',
    every: touch,
    // After an outage every worker is back well within the heartbeat that others watch it for.
    backoff: touch,
    log,
    turn: async () => {
      await renew();
      const { workers, lanes } = await takeOver(pool, posture, botId);
      if (workers === 0) return;
      log.warn({ workers, lanes }, 'workers were lost; their chats are taken over');
      ready();
    },
  });

  return {
    get id() {
      return id;
    },
    fresh: () => registered && sinceRenewal() < heartbeat,
    take(claim) {
      const lease: Held = { claim, lost: undefined, listener: undefined };
      held.add(lease);
      return {
        claim,
        onLost(listener) {
          lease.listener = listener;
        },
        hold() {
          if (lease.lost) throw lease.lost;
          // Perhaps nobody has taken it, as the database may be away for all; but this worker cannot know.
          if (sinceRenewal() >= heartbeat) throw new LaneLost(`lane ${claim.lane}: no renewal for ${heartbeat} ms`);
        },
        get lost() {
          return lease.lost !== undefined;
        },
        drop: () => held.delete(lease),
      };
    },
    get size() {
      return held.size;
    },
    lost() {
      losses = losses.filter(({ at }) => performance.now() - at < TOLD_FOR);
      return losses.reduce((sum, { lanes }) => sum + lanes, 0);
    },
    lanes: () => [...held].map(({ claim }) => claim.lane),
    async leave() {
      await loop.stop();
      if (!registered) return;
      await pool
        .query({ ...GIVE_BACK, values: [id] })
        .catch((error: unknown) =>
          log.warn({ error: describeError(error) }, 'lanes could not be given back; they are taken over'),
        );
    },
  };
}
