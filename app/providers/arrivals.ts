/**
 * Whether sends arrive, as this worker has seen of late. Telegram may answer questions and show "typing…" while it fails at
 * sends alone; the one repeat of a send must not be spent on finding that out (fault ambiguous-send). So while the latest
 * send of all was left without an answer, one repeat goes first, the others wait for what becomes of it, and after it has
 * failed as well, for a pause of their own.
 */
export interface Arrivals {
  /** Telegram has taken a send, or refused it in its own words: sends arrive. */
  answered(): void;
  /** A send of `key` left, and no answer says what became of it. */
  unknown(key: string): void;
  /**
   * How long the repeat of `key` has to wait, ms; 0: it leaves now. `pause`: how long after a failure of another one
   * it goes first itself, ms.
   */
  wait(key: string, pause: number): number;
}

/** How soon who waits for the first one looks again, ms. */
const LOOK_AGAIN = 1_000;

/** @param longest how long a send may be under way, ms */
export function createArrivals(longest: number): Arrivals {
  let latest: { key: string; at: number } | undefined;
  let first: { key: string; until: number } | undefined;
  return {
    answered() {
      latest = first = undefined;
    },
    unknown(key) {
      latest = { key, at: performance.now() };
      first = undefined;
    },
    wait(key, pause) {
      if (!latest) return 0;
      const now = performance.now();
      if (first && first.key !== key && first.until > now) return LOOK_AGAIN;
      const left = latest.key === key ? 0 : latest.at + pause - now;
      if (left > 0) return Math.ceil(left);
      first = { key, until: now + longest };
      return 0;
    },
  };
}
