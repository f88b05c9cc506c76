/** What is known of an update's sends, each at its place in the order of the calls, from earlier attempts and this one. */
import type { ApiResponse } from 'grammy/types';
import { readSends, type SendRecord, type StoredUpdate } from '../lanes/update.ts';
import { isRepeatable } from '../providers/telegram-methods.ts';

type Known = SendRecord | null;

/** Whether an update waits with a send whose outcome is unknown. */
export const hasUnknown = ({ sends }: Pick<StoredUpdate, 'sends'>): boolean =>
  sends.some((record) => record?.state === 'unknown');

export class Places {
  readonly #update: StoredUpdate;
  readonly #earlier: Known[];
  readonly #sends: Known[];
  /** Answers to queries have places of their own, after the sends: the release before did not record them. */
  readonly answers: Known[];
  #next = 0;
  /** False after the first difference from the earlier run: nothing of it is relied on any more. */
  #comparable = true;

  constructor(update: StoredUpdate) {
    this.#update = update;
    const recorded = readSends(update.sends);
    this.#earlier = recorded.filter((record) => record === null || !isRepeatable(record.method));
    this.answers = recorded.filter((record) => record !== null && isRepeatable(record.method));
    this.#sends = [...this.#earlier];
  }

  /** The place of the next send, and what an earlier attempt knows of it. */
  take(method: string): { place: number; before: SendRecord | undefined } {
    const place = this.#next++;
    const before = this.#comparable ? this.#earlier[place] : undefined;
    if (!before || before.method === method) return { place, before: before ?? undefined };
    this.#comparable = false;
    this.#sends.length = place;
    return { place, before: undefined };
  }

  /** What the handler was answered at this place, where it need not be asked again. */
  answerAt(place: number, before: SendRecord | undefined): ApiResponse<unknown> | undefined {
    if (before?.state === 'ok') return { ok: true, result: before.result };
    // A refusal that the handler went on after. The last one is asked again: it did nothing, and may be its failure.
    const wentOn = this.#earlier.slice(place + 1).some((later) => later !== null);
    if (before?.state !== 'refused' || !wentOn) return undefined;
    const { error_code, description, parameters = {} } = before;
    return { ok: false, error_code, description, parameters };
  }

  keep(place: number, record: Known): void {
    while (this.#sends.length < place) this.#sends.push(null);
    this.#sends[place] = record;
    this.publish();
  }

  /** Whoever records the update's sends finds them as they are. */
  publish(): void {
    this.#update.sends = [...this.#sends, ...this.answers];
  }

  /** The same without what is under way: as far as it is known, it has not been sent. */
  settled(underWay: ReadonlySet<number>): Known[] {
    const sends = this.#sends.map((record, place) => (underWay.has(place) ? (this.#earlier[place] ?? null) : record));
    return [...sends, ...this.answers];
  }
}
