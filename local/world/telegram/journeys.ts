/** How the last updates got to the bot: for whoever asks what became of a message. */
import type { Delivered, Journey } from '../../contract/index.ts';

/** Updates that are remembered. */
const KEPT = 2_000;

export class Journeys {
  readonly #known = new Map<number, Journey>();

  begin(updateId: number): void {
    this.#known.set(updateId, { at: Date.now(), deliveries: [] });
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value!);
  }

  /** Nothing of one that is forgotten. */
  add(updateId: number, delivered: Delivered): void {
    this.#known.get(updateId)?.deliveries.push(delivered);
  }

  read(updateId: number): Journey | undefined {
    const journey = this.#known.get(updateId);
    return journey && { at: journey.at, deliveries: journey.deliveries.map((delivered) => ({ ...delivered })) };
  }
}
