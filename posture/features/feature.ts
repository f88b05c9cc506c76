/** What a feature declares to those who deploy and watch it: its switch, its queues and schedules, and what to say of them. */
import type { z } from 'zod';
import type { CallbackSource } from '../payers.ts';
import type { providers } from '../schema/providers.ts';

type Shape = Record<string, z.ZodType>;
/** Nothing declared. */
type None = Record<never, never>;

/** A queue of jobs, and what its alarms are made of. */
export interface DeclaredQueue<Queue extends z.ZodType = z.ZodType> {
  /** By `jobQueue` of posture/schema/queue.ts. */
  queue: Queue;
  /** What waits in it, as its users would call it: completes "Some … were given up". */
  what: string;
  /** Who must know that one of them was given up, and how soon. */
  dead: 'page' | 'ticket';
  /**
   * What becomes of its jobs while the database is held after a restore, which knows nothing of those that were done in the
   * time that was lost. Only what brings in, and finds what is there already, may run. Default: they wait.
   */
  whileHeld?: 'waits' | 'runs';
  /**
   * Which tasks run it. `media`: tasks of their own with a disk, for what moves large files; they are there while the
   * feature is on, and what is left of it then is ended by the workers. Default: the workers.
   */
  role?: 'worker' | 'media';
}

export interface Declaration<Work extends Record<string, DeclaredQueue>, Slots extends Shape> {
  /** Queues of durable jobs: keys under `work`. */
  work: Work;
  /** What runs by the clock: keys under `schedules`. */
  slots: Slots;
}

/** Providers by their key under `providers`. */
type Provider = keyof z.output<typeof providers>;

export interface Switched<
  Flag extends z.ZodType,
  Work extends Record<string, DeclaredQueue>,
  Slots extends Shape,
  Settings extends Shape = None,
  PaidBy extends CallbackSource = never,
> extends Declaration<Work, Slots> {
  /** What else is to be declared of it: keys of the posture itself. */
  settings: Settings;
  /** Key under `features`. Off: nothing of it can be begun; what was begun ends all the same. */
  flag: Flag;
  /** People pay for something of it. */
  sells: boolean;
  /** Providers that it asks while it handles an update, beside Telegram. */
  asks: readonly Provider[];
  /** Providers that its jobs ask: no update waits for them. */
  jobsAsk: readonly Provider[];
  /** Whom people pay by it, beside Telegram: a key of ours is needed there. */
  paidBy: readonly PaidBy[];
}

/** Of every bot: there whatever is switched off. */
export const always = <Work extends Record<string, DeclaredQueue> = None, Slots extends Shape = None>(
  declared: Partial<Declaration<Work, Slots>>,
): Declaration<Work, Slots> => ({ work: {} as Work, slots: {} as Slots, ...declared });

/** With a switch of its own. */
export const switched = <
  Flag extends z.ZodType,
  Work extends Record<string, DeclaredQueue> = None,
  Slots extends Shape = None,
  Settings extends Shape = None,
  const PaidBy extends CallbackSource = never,
>(
  declared: Partial<Switched<Flag, Work, Slots, Settings, PaidBy>> & { flag: Flag },
): Switched<Flag, Work, Slots, Settings, PaidBy> => ({
  work: {} as Work,
  slots: {} as Slots,
  settings: {} as Settings,
  sells: false,
  asks: [],
  jobsAsk: [],
  paidBy: [],
  ...declared,
});
