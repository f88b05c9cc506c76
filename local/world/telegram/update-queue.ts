/** Updates that wait for the bot: kept in order, each until it is acknowledged or its lifetime is over. */
import { Fifo } from '../fifo.ts';
import type { Clock } from '../clock.ts';

const HOUR = 3_600_000;

/** Lifetimes, ms (source: telegram-bot-api, Client.cpp: add_update). */
export const LIFETIME = { message: 24 * HOUR, query: 150_000 } as const;

export type UpdateType = 'message' | 'edited_message' | 'callback_query' | 'pre_checkout_query' | 'subscription';

export interface PendingUpdate {
  readonly id: number;
  /** Updates of one lane are delivered one after the other. */
  readonly lane: string;
  /** The update as it is sent. */
  readonly json: string;
  /** By the simulation's clock, ms. */
  readonly expiresAt: number;
  /** Taken over by the webhook's delivery, which from then on decides about its end. */
  loaded: boolean;
  failures: number;
  /** Last pause between two attempts, s. */
  delay: number;
}

/** As JSON. */
export interface QueueState {
  nextId: number;
  /** `left`: of their lifetime, ms. */
  pending: { id: number; lane: string; json: string; left: number }[];
}

/** Ids start at random and grow by one, as they do after a week's silence. */
export class UpdateQueue {
  readonly #clock: Clock;
  readonly #pending = new Map<number, PendingUpdate>();
  readonly #byLifetime = new Map<number, Fifo<PendingUpdate>>();
  #nextId = 100_000_000 + Math.floor(Math.random() * 800_000_000);
  #cursor = this.#nextId;
  #expired = 0;
  /** Called after each new update. */
  onPush: () => void = () => {};

  constructor(clock: Clock, state?: QueueState) {
    this.#clock = clock;
    if (!state) return;
    this.#cursor = state.pending[0]?.id ?? state.nextId;
    for (const { id, lane, json, left } of state.pending) this.#add(id, lane, json, left);
    this.#nextId = state.nextId;
  }

  state(): QueueState {
    const now = this.#clock.now();
    const pending = [...this.#pending.values()].map(({ id, lane, json, expiresAt }) => {
      return { id, lane, json, left: Math.max(0, expiresAt - now) };
    });
    return { nextId: this.#nextId, pending };
  }

  get size(): number {
    this.#dropExpired();
    return this.#pending.size;
  }

  /** Updates that ended unacknowledged. */
  get expired(): number {
    this.#dropExpired();
    return this.#expired;
  }

  /** `payload`: the JSON text of the update's one field. Returns the update's id. */
  push(type: UpdateType, lane: string, lifetime: number, payload: string): number {
    this.#dropExpired();
    const id = this.#nextId++;
    this.#add(id, lane, `{"update_id":${id},"${type}":${payload}}`, lifetime);
    this.onPush();
    return id;
  }

  #add(id: number, lane: string, json: string, lifetime: number): void {
    const update: PendingUpdate = {
      id,
      lane,
      json,
      expiresAt: this.#clock.now() + lifetime,
      loaded: false,
      failures: 0,
      delay: 1,
    };
    this.#pending.set(id, update);
    let line = this.#byLifetime.get(lifetime);
    if (!line) this.#byLifetime.set(lifetime, (line = new Fifo()));
    line.push(update);
  }

  /** The next updates, at most `limit`, that no delivery has yet, oldest first. */
  load(limit: number): PendingUpdate[] {
    this.#dropExpired();
    const loaded: PendingUpdate[] = [];
    for (; loaded.length < limit && this.#cursor < this.#nextId; this.#cursor++) {
      const update = this.#pending.get(this.#cursor);
      if (!update || update.loaded) continue;
      update.loaded = true;
      loaded.push(update);
    }
    return loaded;
  }

  /** Gives back what a delivery had loaded: the next one begins anew. */
  unload(): void {
    const now = this.#clock.now();
    for (const update of this.#pending.values()) {
      if (update.expiresAt < now) this.expire(update);
      update.loaded = false;
      update.failures = 0;
      update.delay = 1;
    }
    this.#cursor = this.#pending.keys().next().value ?? this.#nextId;
  }

  /** getUpdates: acknowledges all below `offset`, and returns the oldest from there; a negative offset counts from the end. */
  poll(offset: number, limit: number): PendingUpdate[] {
    this.#dropExpired();
    const from = offset < 0 ? this.#nextId + offset : offset;
    const found: PendingUpdate[] = [];
    for (const update of this.#pending.values()) {
      if (update.id < from) this.acknowledge(update);
      else if (found.length < limit) found.push(update);
      else break;
    }
    return found;
  }

  acknowledge(update: PendingUpdate): void {
    this.#pending.delete(update.id);
  }

  /** Ends an update that was never acknowledged. */
  expire(update: PendingUpdate): void {
    if (this.#pending.delete(update.id)) this.#expired++;
  }

  /** drop_pending_updates */
  clear(): void {
    this.#pending.clear();
    this.#byLifetime.clear();
    this.#cursor = this.#nextId;
  }

  #dropExpired(): void {
    const now = this.#clock.now();
    for (const line of this.#byLifetime.values()) {
      for (let head = line.peek(); head; head = line.peek()) {
        const gone = !this.#pending.has(head.id);
        if (!gone && !head.loaded && head.expiresAt < now) this.expire(head);
        else if (!gone && head.expiresAt >= now) break;
        line.shift();
      }
    }
  }
}
