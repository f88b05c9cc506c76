/**
 * Delivery to a webhook as telegram-bot-api does it (WebhookActor.cpp): lanes in parallel, each in order; an update
 * leaves only after a 2xx to the one before it in its lane.
 */
import type { Delivered } from '../../../contract/index.ts';
import type { Clock } from '../../clock.ts';
import { Fifo } from '../../fifo.ts';
import type { PendingUpdate, UpdateQueue } from '../update-queue.ts';
import { Connections } from './connections.ts';
import { Peer, type Outcome } from './peer.ts';
import { Repeats, type Copy } from './repeats.ts';

/** Longest Retry-After that is honoured, s. */
const MAX_RETRY_AFTER = 3600;
/** The doubling of the pause between attempts stops at a random length between once and twice this, s. */
const MAX_PAUSE = 60;

export interface DeliveryTarget {
  url: string;
  secret: string;
  maxConnections: number;
}

/** Counters that outlive a change of the webhook. */
export interface DeliveryCounters {
  delivered: number;
  retried: number;
  repeated: number;
  peakInFlight: number;
}

export interface DeliveryContext {
  clock: Clock;
  queue: UpdateQueue;
  counters: DeliveryCounters;
  /** Longest real wait of a repeat delivery, ms. */
  repeatWithin: number;
  /** Deliveries of one update; 1: no repeats. */
  copies: () => number;
  onAcknowledged: (updateId: number) => void;
  onDelivered: (updateId: number, delivered: Delivered) => void;
  onError: (message: string) => void;
}

export class Delivery {
  readonly #context: DeliveryContext;
  readonly #connections: Connections;
  readonly #peer: Peer;
  readonly #repeats: Repeats;
  readonly #window: number;
  readonly #lanes = new Map<string, Fifo<PendingUpdate>>();
  /** Lanes whose head may leave now. */
  readonly #ready = new Fifo<string>();
  #loaded = 0;
  #cancelGrow: (() => void) | undefined;
  #closed = false;

  constructor(target: DeliveryTarget, context: DeliveryContext) {
    this.#context = context;
    this.#connections = new Connections(target.maxConnections, context.clock);
    this.#peer = new Peer(target.url, target.secret, target.maxConnections, context.clock);
    this.#repeats = new Repeats(context.clock, context.repeatWithin, () => this.pump());
    // So few are looked at ahead: one chat with a long backlog can hold the others up, as it does at Telegram's.
    this.#window = target.maxConnections * 2;
  }

  get inFlight(): number {
    return this.#connections.busy;
  }

  get repeatsPending(): number {
    return this.#repeats.pending;
  }

  /** Sends whatever may leave. Called whenever that may have changed. */
  pump(): void {
    if (this.#closed) return;
    this.#load();
    this.#grow();
    while (this.#repeats.due + this.#ready.size > 0 && this.#connections.take()) {
      const repeat = this.#repeats.take();
      if (repeat === undefined) this.#send(this.#ready.shift()!);
      else this.#sendRepeat(repeat);
    }
  }

  /** Cuts off what is under way and gives the updates back to the queue. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelGrow?.();
    this.#context.queue.unload();
    await this.#peer.close();
  }

  #load(): void {
    if (this.#loaded >= this.#window) return;
    for (const update of this.#context.queue.load(this.#window - this.#loaded)) {
      this.#loaded++;
      const lane = this.#lanes.get(update.lane);
      if (lane) lane.push(update);
      else {
        const started = new Fifo<PendingUpdate>();
        started.push(update);
        this.#lanes.set(update.lane, started);
        this.#ready.push(update.lane);
      }
    }
  }

  #grow(): void {
    const next = this.#connections.grow(this.#lanes.size + this.#repeats.due);
    if (next === undefined || this.#cancelGrow) return;
    this.#cancelGrow = this.#context.clock.after(next - this.#context.clock.now(), () => {
      this.#cancelGrow = undefined;
      this.pump();
    });
  }

  #send(laneId: string): void {
    const update = this.#lanes.get(laneId)!.peek()!;
    const copies = this.#context.copies();
    if (update.failures === 0 && copies > 1) this.#repeats.plan(update, copies - 1);
    this.#post(update, {}, (outcome) => {
      if (outcome.ok) this.#acknowledged(update);
      else this.#failed(update, outcome);
    });
  }

  /** Nobody waits for a repeat: whatever is answered, it is over. */
  #sendRepeat(update: Copy): void {
    this.#context.counters.repeated++;
    this.#post(update, { isRepeat: true }, () => {});
  }

  #post({ id, json }: Copy, kind: { isRepeat?: true }, done: (outcome: Outcome) => void): void {
    const { counters } = this.#context;
    counters.peakInFlight = Math.max(counters.peakInFlight, this.#connections.busy);
    const at = Date.now();
    const began = performance.now();
    this.#peer.post(json, (outcome) => {
      const took = Math.round(performance.now() - began);
      this.#context.onDelivered(id, { at, took, ...(outcome.ok ? {} : { error: outcome.error }), ...kind });
      if (this.#closed) return;
      this.#connections.release(outcome.kept);
      if (outcome.ok) this.#connections.succeeded();
      else this.#context.onError(outcome.error);
      done(outcome);
      this.pump();
    });
  }

  #acknowledged(update: PendingUpdate): void {
    this.#context.counters.delivered++;
    this.#context.queue.acknowledge(update);
    this.#context.onAcknowledged(update.id);
    this.#leave(update);
  }

  #failed(update: PendingUpdate, { retryAfter }: { retryAfter: number }): void {
    const { clock, counters, queue } = this.#context;
    const wanted = Math.min(retryAfter, MAX_RETRY_AFTER);
    // The first failure is followed by another attempt at once; only then the pauses begin, at 2 s.
    const backoff = wanted === 0 && update.failures > 0;
    if (backoff) update.delay = Math.min(MAX_PAUSE * (1 + Math.random()), update.delay * 2);
    const pause = 1000 * (backoff ? update.delay : wanted);
    if (clock.now() + pause > update.expiresAt) {
      queue.expire(update);
      this.#leave(update);
      return;
    }
    update.failures++;
    counters.retried++;
    if (pause === 0) this.#ready.push(update.lane);
    else
      clock.after(pause, () => {
        if (this.#closed) return;
        this.#ready.push(update.lane);
        this.pump();
      });
  }

  /** The head of a lane is done with; the next may leave. */
  #leave(update: PendingUpdate): void {
    const lane = this.#lanes.get(update.lane)!;
    lane.shift();
    this.#loaded--;
    if (lane.size > 0) this.#ready.push(update.lane);
    else this.#lanes.delete(update.lane);
  }
}
