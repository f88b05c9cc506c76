/** What a feature declares to those who deploy and watch it: its switch, its queues and schedules, and what to say of them. */
import type { z } from 'zod';
import type { CallbackSource } from '../payers.ts';
import type { providers } from '../schema/providers.ts';

type Shape = Record<string, z.ZodType>;

/** A queue of jobs, and what its alarms are made of. */
export interface DeclaredQueue<Queue extends z.ZodType = z.ZodType> {
  /** By `jobQueue` of posture/schema/queue.ts. */
  queue: Queue;
  /** What waits in it, as its users would call it: completes "Some … were given up". */
  what: string;
  /** Who must know that one of them was given up, and how soon. */
  dead: 'page' | 'ticket';
}

export interface Declaration<Work extends Record<string, DeclaredQueue>, Slots extends Shape> {
  /** Queues of durable jobs: keys under `work`. */
  work: Work;
  /** What runs by the clock: keys under `schedules`. */
  slots: Slots;
}

export interface Switched<
  Flag extends z.ZodType,
  Work extends Record<string, DeclaredQueue>,
  Slots extends Shape,
> extends Declaration<Work, Slots> {
  /** Key under `features`. Off: nothing of it can be begun; what was begun ends all the same. */
  flag: Flag;
  /** People pay for something of it. */
  sells: boolean;
  /** Providers that it asks, beside Telegram. */
  asks: readonly (keyof z.output<typeof providers>)[];
  /** Whom people pay by it, beside Telegram: a key of ours is needed there. */
  paidBy: readonly CallbackSource[];
}

/** Nothing declared. */
type None = Record<never, never>;

/** Of every bot: there whatever is switched off. */
export const always = <Work extends Record<string, DeclaredQueue> = None, Slots extends Shape = None>(
  declared: Partial<Declaration<Work, Slots>>,
): Declaration<Work, Slots> => ({ work: {} as Work, slots: {} as Slots, ...declared });

/** With a switch of its own. */
export const switched = <
  Flag extends z.ZodType,
  Work extends Record<string, DeclaredQueue> = None,
  Slots extends Shape = None,
>(
  declared: Partial<Switched<Flag, Work, Slots>> & { flag: Flag },
): Switched<Flag, Work, Slots> => ({
  work: {} as Work,
  slots: {} as Slots,
  sells: false,
  asks: [],
  paidBy: [],
  ...declared,
});
