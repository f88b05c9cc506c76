/** getUpdates: waits for updates where there is no webhook. */
import type { Clock } from '../clock.ts';
import { RawResult } from './answers.ts';
import type { AllowedUpdates } from './allowed-updates.ts';
import { conflict } from './errors.ts';
import { integer, type Params } from './params.ts';
import type { UpdateQueue } from './update-queue.ts';
import type { Webhook } from './webhook.ts';

/** Longest that Telegram lets a poll wait, s. */
const MAX_TIMEOUT = 50;

interface Waiter {
  answer(): void;
  abort(error: Error): void;
}

export class LongPoll {
  readonly #queue: UpdateQueue;
  readonly #webhook: Webhook;
  readonly #allowed: AllowedUpdates;
  readonly #clock: Clock;
  #waiter: Waiter | undefined;

  constructor(queue: UpdateQueue, webhook: Webhook, allowed: AllowedUpdates, clock: Clock) {
    this.#queue = queue;
    this.#webhook = webhook;
    this.#allowed = allowed;
    this.#clock = clock;
  }

  /** @throws ApiError 409 while a webhook is set, or when another poll takes over */
  async poll(params: Params): Promise<RawResult> {
    if (this.#webhook.active)
      throw conflict(
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    this.abort('terminated by other getUpdates request; make sure that only one bot instance is running');
    this.#allowed.update(params);
    const offset = integer(params, 'offset', 0);
    const limit = integer(params, 'limit', 100, 1, 100);
    const timeout = integer(params, 'timeout', 0, 0, MAX_TIMEOUT) * 1000;
    const take = () => this.#queue.poll(offset, limit);
    let found = take();
    if (found.length === 0 && timeout > 0) {
      await this.#wait(timeout);
      found = take();
    }
    return new RawResult(`[${found.map((update) => update.json).join()}]`);
  }

  /** There is a new update. */
  wake(): void {
    const waiter = this.#waiter;
    // In the next microtask, so that what a user does at once arrives at once.
    if (waiter) queueMicrotask(() => waiter.answer());
  }

  abort(why: string): void {
    this.#waiter?.abort(conflict(why));
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        cancel();
        if (this.#waiter === waiter) this.#waiter = undefined;
      };
      const waiter: Waiter = {
        answer: () => (end(), resolve()),
        abort: (error) => (end(), reject(error)),
      };
      const cancel = this.#clock.after(ms, () => waiter.answer());
      this.#waiter = waiter;
    });
  }
}
