/**
 * Micro-batching: calls that come within a moment of each other share one round trip. Used where a commit is the cost:
 * storing updates, settling lanes.
 */

interface Waiting<T, R> {
  item: T;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
}

export interface GatherOptions<T, R> {
  /** Handles a batch; the result is shared by its items, or is one result an item. */
  flush: (items: T[]) => Promise<R[]>;
  /** Largest batch. */
  max: number;
  /** Batches under way at once. */
  writers: number;
  /**
   * How long the first item of a batch waits for others, ms. Only while there is company: after a batch of one or two,
   * the next goes at once.
   */
  wait: number;
}

/** Batches larger than this make the next one wait. */
const COMPANY = 2;

export class Gather<T, R> {
  readonly #options: GatherOptions<T, R>;
  #waiting: Waiting<T, R>[] = [];
  #active = new Set<Promise<void>>();
  #scheduled = false;
  /** Size of the batch before. */
  #last = 0;

  constructor(options: GatherOptions<T, R>) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Resolves with the item's result once its batch is through, rejects with the error of its batch. */
  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Waits until nothing is waiting or under way. */
  async idle(): Promise<void> {
    while (this.#waiting.length > 0 || this.#active.size > 0) {
      await Promise.race(this.#active.size > 0 ? this.#active : [new Promise(setImmediate)]);
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#active.size >= this.#options.writers) return;
    this.#scheduled = true;
    const start = () => {
      this.#scheduled = false;
      this.#start();
    };
    const { wait, max } = this.#options;
    if (wait > 0 && this.#last > COMPANY && this.#waiting.length < max) setTimeout(start, wait);
    else setImmediate(start);
  }

  #start(): void {
    const batch = this.#waiting.splice(0, this.#options.max);
    if (batch.length === 0) return;
    this.#last = batch.length;
    const running: Promise<void> = this.#flush(batch).finally(() => {
      this.#active.delete(running);
      if (this.#waiting.length > 0) this.#schedule();
    });
    this.#active.add(running);
    if (this.#waiting.length > 0) this.#schedule();
  }

  async #flush(batch: Waiting<T, R>[]): Promise<void> {
    try {
      const results = await this.#options.flush(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index]!));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
