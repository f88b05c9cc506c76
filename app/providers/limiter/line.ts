/**
 * The line of sends that wait for the bot's own rate. Who comes first goes first; what was granted and not used within
 * the length of a block is void, so that no task saves up for a burst.
 */
import { RetryLater } from '../../outcome.ts';
import { BLOCK_SECONDS, type Grants } from './grants.ts';

interface Block {
  left: number;
  /** performance.now() from and until which it may be used. */
  from: number;
  until: number;
}

/**
 * Who goes before whom: an answer that somebody waits for; what is said to many; what is shown of an answer while it is
 * being written, and is replaced by the answer.
 */
export type Rank = 'first' | 'behind' | 'last';
const RANKS: readonly Rank[] = ['first', 'behind', 'last'];

interface Waiter {
  /** performance.now() at which it gives up. */
  by: number;
  /** Lets everybody pass whose rank is before its own. */
  rank: number;
  go(): void;
  refuse(after: number): void;
}

interface LineOptions {
  /** Sends a second of all tasks. */
  global: number;
  grants: Grants;
}

export function createLine({ global, grants }: LineOptions) {
  const most = Math.max(1, Math.floor(global * BLOCK_SECONDS));
  const blocks: Block[] = [];
  const waiters: Waiter[] = [];
  /** Sends that left with one grant and count as several: paid from what is granted next. */
  let debt = 0;
  /** Sends since the last lease, when that was, and how many it asked for: what the next one is made of. */
  let used = 0;
  let leasedAt = -Infinity;
  let leased = 0;
  /** Where those who are turned away stand: each is told to come back one send later than the one before. */
  let end = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  let asking: Promise<void> | undefined;

  /** Takes one send from what is granted. */
  function use(now: number): boolean {
    for (let block = blocks[0]; block; block = blocks[0]) {
      if (block.until > now && block.from > now) return false;
      const paid = block.until > now ? Math.min(debt, block.left) : 0;
      debt -= paid;
      block.left -= paid;
      if (block.until <= now || block.left === 0) blocks.shift();
      else {
        block.left -= 1;
        used += 1;
        return true;
      }
    }
    return false;
  }

  /** What is missing, or what was used lately, though at most twice the last block: a single send takes one. */
  function wanted(missing: number, now: number): number {
    const lately = (used / Math.max(1, now - leasedAt)) * BLOCK_SECONDS * 1000;
    return Math.min(most, Math.max(missing, Math.min(Math.ceil(lately), 2 * leased)));
  }

  function ask(): void {
    if (asking) return;
    const now = performance.now();
    const missing = waiters.length + debt - blocks.reduce((sum, { left }) => sum + left, 0);
    if (missing <= 0) return;
    const count = wanted(missing, now);
    asking = grants.next(count).then((grant) => {
      const then = performance.now();
      asking = undefined;
      leasedAt = then;
      leased = count;
      used = 0;
      if (grant.count > 0) {
        const from = then + grant.wait;
        blocks.push({ left: grant.count, from, until: from + BLOCK_SECONDS * 1000 });
        blocks.sort((a, b) => a.from - b.from);
      } else turnAway(grant.wait, then);
      serve();
    });
  }

  /** Nothing is to be had within the patience of anybody who has no grant yet; nor is a debt waited for. */
  function turnAway(wait: number, now: number): void {
    debt = 0;
    const granted = blocks.reduce((sum, { left }) => sum + left, 0);
    for (const waiter of waiters.splice(granted)) refuse(waiter, wait, now);
  }

  function refuse(waiter: Waiter, wait: number, now: number): void {
    end = Math.max(end, now + wait) + 1000 / global;
    waiter.refuse(Math.ceil(end - now));
  }

  function serve(): void {
    const now = performance.now();
    while (waiters.length > 0 && use(now)) waiters.shift()!.go();
    while (waiters[0] && waiters[0].by <= now) refuse(waiters.shift()!, 0, now);
    clearTimeout(timer);
    timer = undefined;
    const [first] = waiters;
    if (first) {
      const next = blocks[0] ? Math.min(blocks[0].from, first.by) : first.by;
      timer = setTimeout(serve, Math.max(1, next - now));
    }
    ask();
  }

  return {
    /**
     * Resolves when `messages` may be sent, in the order of asking within a rank; undefined where that is at once. What
     * nobody waits for lets the answer at hand pass.
     * @throws {RetryLater} when that is not before `by` (performance.now()); the signal's reason when that is aborted
     */
    take(messages: number, by: number, signal: AbortSignal, rank: Rank = 'first'): Promise<void> | undefined {
      if (waiters.length === 0 && use(performance.now())) {
        debt += messages - 1;
        if (debt > 0) ask();
        return undefined;
      }
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiters.splice(waiters.indexOf(waiter), 1);
          reject(signal.reason as Error);
        };
        const settle = () => signal.removeEventListener('abort', leave);
        const waiter: Waiter = {
          by,
          rank: RANKS.indexOf(rank),
          go() {
            settle();
            debt += messages - 1;
            resolve();
          },
          refuse(after) {
            settle();
            reject(new RetryLater(after, `telegram: no send is free within the rate for ${after} ms`));
          },
        };
        signal.addEventListener('abort', leave, { once: true });
        const after = waiters.findIndex((other) => other.rank > waiter.rank);
        waiters.splice(after === -1 ? waiters.length : after, 0, waiter);
        serve();
      });
    },
    waiting: () => waiters.length,
    /** Nobody waits any more when this is called: the handlers have ended. */
    async close(): Promise<void> {
      clearTimeout(timer);
      await asking;
    },
  };
}

export type Line = ReturnType<typeof createLine>;
