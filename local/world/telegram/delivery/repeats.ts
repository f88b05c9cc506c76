/** Chaos: updates that are delivered again, as after an answer that got lost. Each at a random moment, out of order. */
import type { Clock } from '../../clock.ts';

/** What is delivered again. */
export interface Copy {
  readonly id: number;
  readonly json: string;
}

export class Repeats {
  readonly #clock: Clock;
  readonly #within: number;
  readonly #onDue: () => void;
  #due: Copy[] = [];
  #waiting = 0;

  /** `within`: longest real wait, ms. `onDue` is called when one may leave. */
  constructor(clock: Clock, within: number, onDue: () => void) {
    this.#clock = clock;
    this.#within = within;
    this.#onDue = onDue;
  }

  /** Those that have not left yet. */
  get pending(): number {
    return this.#waiting + this.#due.length;
  }

  get due(): number {
    return this.#due.length;
  }

  /** Plans up to `most` further deliveries of an update that is now being delivered for the first time. */
  plan({ id, json }: Copy, most: number): void {
    for (let left = Math.ceil(Math.random() * most); left > 0; left--) {
      this.#waiting++;
      this.#clock.afterReal(Math.random() * this.#within, () => {
        this.#waiting--;
        this.#due.push({ id, json });
        this.#onDue();
      });
    }
  }

  /** One that is due, at random. */
  take(): Copy | undefined {
    const last = this.#due.pop();
    if (last === undefined || this.#due.length === 0) return last;
    const at = Math.floor(Math.random() * (this.#due.length + 1));
    if (at === this.#due.length) return last;
    const taken = this.#due[at];
    this.#due[at] = last;
    return taken;
  }
}
