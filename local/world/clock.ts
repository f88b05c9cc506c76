/** Time of a simulation: its own waits may pass faster than the wall's, and all of them end when it stops. */
export class Clock {
  readonly #scale: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  /** `scale`: simulated milliseconds that pass in a real one. */
  constructor(scale = 1) {
    if (!(scale > 0))
      throw new RangeError(`timeScale must be above 0, got ${scale}: 60 makes a minute pass in a second`);
    this.#scale = scale;
  }

  /** Simulated milliseconds; only differences mean anything. */
  now(): number {
    return performance.now() * this.#scale;
  }

  /** Runs `action` after `ms` simulated milliseconds. Returns what cancels it. */
  after(ms: number, action: () => void): () => void {
    return this.afterReal(Math.max(0, ms / this.#scale), action);
  }

  /** The same in real milliseconds, for what people set in real time. */
  afterReal(ms: number, action: () => void): () => void {
    if (this.#stopped) return () => {};
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  /** Cancels every wait, now and from now on. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
