/**
 * Leases: a worker renews the tokens that it holds, in one statement. A worker that is killed or frozen stops doing so,
 * and after `lanes.heartbeat` any other worker's supervisor takes its tokens away (faults stuck-lock, advisory-leak).
 */
import type { CommandResponse, PgBoss } from 'pg-boss';
import type { Posture } from '../../posture/schema/index.ts';
import type { Logger } from '../log.ts';
import { startLoop, type Loop } from '../loop.ts';
import { LaneLost } from '../outcome.ts';
import type { Token } from './tokens.ts';

/** A held token. */
export interface Lease {
  token: Token;
  /** Calls this when the token is found to be another's, until the next call of `onLost`. */
  onLost(listener: ((reason: LaneLost) => void) | undefined): void;
  /** Throws {@link LaneLost} unless the lease was renewed so recently that nobody can have taken it. */
  hold(): void;
  /** Stops renewing. */
  drop(): void;
}

export interface Leases {
  /**
   * `askedAt`: performance.now() when the token was asked for. A process that was frozen before it had the answer must not
   * take a lease for fresh that has run out meanwhile.
   */
  take(token: Token, askedAt: number): Lease;
  readonly size: number;
  stop(): Promise<void>;
}

interface Held {
  token: Token;
  lost: LaneLost | undefined;
  listener: ((reason: LaneLost) => void) | undefined;
  /** performance.now() at which the last renewal that succeeded was *sent*; it goes on while a process is frozen. */
  renewedAt: number;
}

export function createLeases(boss: PgBoss, posture: Posture, log: Logger): Leases {
  const { heartbeat, touch } = posture.lanes;
  const held = new Map<string, Held>();

  function lose(lease: Held, why: string): void {
    held.delete(lease.token.id);
    log.warn({ lane: lease.token.lane }, `lane lost: ${why}`);
    lease.lost = new LaneLost(`lane ${lease.token.lane} was taken over: ${why}`);
    lease.listener?.(lease.lost);
  }

  /** Renews these in one statement; true where all of them are still ours. */
  async function renew(queue: Token['queue'], leases: Held[]): Promise<boolean> {
    const sentAt = performance.now();
    const attempts = leases.map(({ token }) => ({ id: token.id, retryCount: token.retryCount }));
    // pg-boss returns how many it touched, but does not declare it; checked, so that an upgrade cannot silently change it.
    const { affected } = (await boss.touch(queue, attempts)) as CommandResponse & { affected?: unknown };
    if (typeof affected !== 'number') throw new TypeError('pg-boss no longer tells how many jobs it touched');
    if (affected < leases.length) return false;
    for (const lease of leases) lease.renewedAt = sentAt;
    return true;
  }

  const loop: Loop = startLoop({
    name: 'leases',
    every: touch,
    log,
    turn: async () => {
      for (const [queue, leases] of Map.groupBy(held.values(), ({ token }) => token.queue)) {
        if (await renew(queue, leases)) continue;
        // Some were lost, or ended here meanwhile: ask one by one which.
        for (const lease of leases) {
          const stillHeld = () => held.get(lease.token.id) === lease;
          if (stillHeld() && !(await renew(queue, [lease])) && stillHeld()) lose(lease, 'the token is no longer ours');
        }
      }
    },
  });

  return {
    take(token, askedAt) {
      const lease: Held = { token, lost: undefined, listener: undefined, renewedAt: askedAt };
      held.set(token.id, lease);
      return {
        token,
        onLost(listener) {
          lease.listener = listener;
        },
        hold() {
          if (!lease.lost && performance.now() - lease.renewedAt >= heartbeat)
            lose(lease, `no renewal for ${heartbeat} ms`);
          if (lease.lost) throw lease.lost;
        },
        drop: () => held.delete(token.id),
      };
    },
    get size() {
      return held.size;
    },
    stop: () => loop.stop(),
  };
}
