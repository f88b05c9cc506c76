/**
 * A pace by GCRA, the generic cell rate algorithm: all of a bucket's state is one time, `tat`, at which what was let
 * through so far would be paid for. Pure functions of ms on one clock.
 */
export interface Pace {
  /** Between two, ms. */
  interval: number;
  /** How many may come at once. */
  burst: number;
}

/** Until one more may go, ms. */
export const waitFor = (tat: number, now: number, { interval, burst }: Pace): number =>
  Math.max(0, tat - now - (burst - 1) * interval);

/** The new `tat` when `count` have gone. */
export const paidAt = (tat: number, now: number, count: number, { interval }: Pace): number =>
  Math.max(tat, now) + count * interval;
