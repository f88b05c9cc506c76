/** How long a task that keeps ending has to wait for its next start. */

export interface Backoff {
  /** ms */
  first: number;
  max: number;
}

/** The first restart comes at once, the next after `first` ms, doubled after each further one up to `max`. */
export const restartDelay = (crashesBefore: number, { first, max }: Backoff): number =>
  crashesBefore === 0 ? 0 : Math.min(max, first * 2 ** Math.min(crashesBefore - 1, 30));
