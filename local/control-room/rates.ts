/** From counters that start at zero whenever a task restarts to totals that only grow, and rates. */

/** A total over sources that come, go and restart. */
export function growingTotal() {
  const last = new Map<string, number>();
  let total = 0;
  return {
    /** The source's counter now. One lower than before has restarted: all of it is new. */
    see(source: string, value: number): void {
      const before = last.get(source) ?? 0;
      total += value >= before ? value - before : value;
      last.set(source, value);
    },
    value: () => total,
  };
}

/** Rate per second of a growing total over a sliding window. */
export function slidingRate(windowMs: number) {
  const points: { at: number; total: number }[] = [];
  return {
    see(at: number, total: number): void {
      points.push({ at, total });
      // One point older than the window stays, so that the window is always covered.
      while (points.length > 2 && points[1]!.at <= at - windowMs) points.shift();
    },
    perSecond(): number {
      const first = points[0];
      const last = points[points.length - 1];
      if (!first || !last || last.at === first.at) return 0;
      return ((last.total - first.total) * 1000) / (last.at - first.at);
    },
  };
}
