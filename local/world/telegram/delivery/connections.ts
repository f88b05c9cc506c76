/** How many connections to the webhook there are: opened at Telegram's pace, one only while nothing succeeds. */
import type { Clock } from '../../clock.ts';

/** After so long without a success, ms, Telegram keeps to one connection. */
const INACTIVE_AFTER = 10_000;

/** At most `count` events in `window` ms. */
class Pace {
  readonly #window: number;
  readonly #count: number;
  #events: number[] = [];

  constructor(window: number, count: number) {
    this.#window = window;
    this.#count = count;
  }

  /** When the next event may be, by the clock. */
  next(now: number): number {
    this.#events = this.#events.filter((at) => now - at < this.#window);
    return this.#events.length < this.#count ? now : this.#events[0]! + this.#window;
  }

  add(now: number): void {
    this.#events.push(now);
  }
}

export class Connections {
  readonly #max: number;
  readonly #clock: Clock;
  // Source: telegram-bot-api, WebhookActor::start_up.
  readonly #whileActive = new Pace(500, 10);
  readonly #whileInactive = new Pace(2000, 1);
  #open = 0;
  #busy = 0;
  #lastSuccess = -Infinity;

  constructor(max: number, clock: Clock) {
    this.#max = max;
    this.#clock = clock;
  }

  get busy(): number {
    return this.#busy;
  }

  /** Opens what `lanes` can use. Returns when more may be opened, where that is later than now. */
  grow(lanes: number): number | undefined {
    const now = this.#clock.now();
    const wanted = Math.min(lanes, this.#active(now) ? this.#max : 1);
    const pace = this.#active(now) ? this.#whileActive : this.#whileInactive;
    for (; this.#open < wanted; this.#open++) {
      const next = pace.next(now);
      if (next > now) return next;
      pace.add(now);
    }
    return undefined;
  }

  /** Takes a free connection where there is one. */
  take(): boolean {
    const usable = this.#active(this.#clock.now()) ? this.#open : Math.min(1, this.#open);
    if (this.#busy >= usable) return false;
    this.#busy++;
    return true;
  }

  /** `kept`: the peer left the connection open. */
  release(kept: boolean): void {
    this.#busy--;
    if (!kept) this.#open--;
  }

  succeeded(): void {
    this.#lastSuccess = this.#clock.now();
  }

  #active(now: number): boolean {
    return now - this.#lastSuccess <= INACTIVE_AFTER;
  }
}
