/** Many users at once, and what became of what they said: for benchmarks and for proofs that nothing is lost. */
import type { Flood, FloodReport } from '../../contract/index.ts';
import type { Clock } from '../clock.ts';
import type { Chats } from './chats.ts';
import type { People } from './people.ts';

const MARKER = /\bping-(\d+)\b/;
const FIRST_CHAT = 1_000_001;
/** How often a flood with a rate goes on, ms. */
const STEP = 5;

interface Entry {
  readonly number: number;
  readonly chatId: number;
  readonly saidAt: number;
  readonly kind: 'message' | 'tap' | 'edit';
  acknowledged: boolean;
  replied: boolean;
}

export class Floods {
  readonly #people: People;
  readonly #chats: Chats;
  readonly #clock: Clock;
  #entries: Entry[] = [];
  #byUpdate = new Map<number, Entry>();
  /** Number of the latest message of a chat that had its first reply. */
  #latest = new Map<number, number>();
  #latencies: number[] = [];
  #counts = { acknowledged: 0, expected: 0, replied: 0, repeatedReplies: 0, outOfOrder: 0 };
  #wanted = 0;
  #startedAt = 0;
  #acknowledgedAt = 0;
  #repliedAt = 0;
  #generation = 0;

  constructor(people: People, chats: Chats, clock: Clock) {
    this.#people = people;
    this.#chats = chats;
    this.#clock = clock;
  }

  start(flood: Flood): void {
    const generation = this.#generation;
    const startedAt = performance.now();
    if (this.#entries.length === 0) this.#startedAt = startedAt;
    this.#wanted += flood.updates;
    let made = 0;
    const step = () => {
      if (generation !== this.#generation) return;
      const due = flood.rate === undefined ? Infinity : ((performance.now() - startedAt) / 1000) * flood.rate;
      for (; made < flood.updates && made <= due; made++) this.#make(flood, made);
      if (made < flood.updates) this.#clock.afterReal(STEP, step);
    };
    step();
  }

  /** Forgets all; floods under way end. */
  reset(): void {
    this.#generation++;
    this.#entries = [];
    this.#byUpdate.clear();
    this.#latest.clear();
    this.#latencies = [];
    this.#counts = { acknowledged: 0, expected: 0, replied: 0, repeatedReplies: 0, outOfOrder: 0 };
    this.#wanted = 0;
    this.#startedAt = this.#acknowledgedAt = this.#repliedAt = 0;
  }

  acknowledged(updateId: number): void {
    const entry = this.#byUpdate.get(updateId);
    if (!entry) return;
    entry.acknowledged = true;
    this.#counts.acknowledged++;
    this.#acknowledgedAt = performance.now();
  }

  /** The bot sent `text`, or changed a message into it. */
  answered(text: string, edited: boolean): void {
    if (this.#entries.length === 0) return;
    const number = MARKER.exec(text)?.[1];
    const entry = number === undefined ? undefined : this.#entries[Number(number)];
    if (!entry || entry.kind !== 'message') return;
    if (entry.replied) {
      if (!edited) this.#counts.repeatedReplies++;
      return;
    }
    entry.replied = true;
    this.#repliedAt = performance.now();
    this.#latencies.push(this.#repliedAt - entry.saidAt);
    this.#counts.replied++;
    const latest = this.#latest.get(entry.chatId) ?? -1;
    if (entry.number < latest) this.#counts.outOfOrder++;
    else this.#latest.set(entry.chatId, entry.number);
  }

  acknowledgedIds(): number[] {
    return [...this.#byUpdate].filter(([, entry]) => entry.acknowledged).map(([id]) => id);
  }

  report(): FloodReport {
    const sorted = Float64Array.from(this.#latencies).sort();
    const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
    return {
      said: this.#entries.length,
      wanted: this.#wanted,
      ...this.#counts,
      latency: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) },
      acknowledgedAfter: Math.max(0, this.#acknowledgedAt - this.#startedAt),
      repliedAfter: Math.max(0, this.#repliedAt - this.#startedAt),
    };
  }

  #make(flood: Flood, index: number): void {
    const chatId = (flood.firstChat ?? FIRST_CHAT) + (index % (flood.chats ?? 1));
    const number = this.#entries.length;
    const marker = `ping-${number}`;
    const text = flood.text ? `${marker} ${flood.text}` : marker;
    const dice = Math.random();
    const taps = flood.taps ?? 0;
    const editable = dice >= taps && dice < taps + (flood.edits ?? 0) ? this.#lastOwn(chatId) : undefined;
    const kind = dice < taps ? 'tap' : editable !== undefined ? 'edit' : 'message';
    // Before the update exists, as its delivery may begin at once.
    const entry: Entry = { number, chatId, saidAt: performance.now(), kind, acknowledged: false, replied: false };
    this.#entries.push(entry);
    if (kind === 'message') this.#counts.expected++;
    const updateId =
      kind === 'tap'
        ? this.#people.tap(chatId, this.#chats.find(chatId)?.lastMessageId ?? 0, marker)
        : editable !== undefined
          ? this.#people.edit(chatId, editable, text)
          : this.#people.say(chatId, text);
    if (updateId !== 0) this.#byUpdate.set(updateId, entry);
  }

  #lastOwn(chatId: number): number | undefined {
    return this.#chats.find(chatId)?.messages.findLast((message) => message.from === 'user')?.messageId;
  }
}
