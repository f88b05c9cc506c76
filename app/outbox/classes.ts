/** What a message is to the one who gets it. Its class alone decides what becomes of a send whose outcome is not known. */

interface ClassFacts {
  /** The lower, the sooner among those that are due. */
  rank: number;
  /** How often it may leave: once, or once more after nobody knew whether it had arrived. */
  leaves: 1 | 2;
  /** A repeat says that it is one. */
  marked: boolean;
  /** Whether a person must see what was left unknown or dead. */
  forPeople: boolean;
}

export const CLASSES = {
  /** Says what money did. Missing, it leaves somebody in doubt; there twice, it must not look like twice the money. */
  receipt: { rank: 1, leaves: 2, marked: true, forPeople: true },
  /** Says what happened, such as a reminder. There twice it means the same. */
  notice: { rank: 2, leaves: 2, marked: false, forPeople: true },
  /** Says how far something is. The next one says more. */
  progress: { rank: 3, leaves: 1, marked: false, forPeople: false },
  /** Nobody has asked for it. */
  marketing: { rank: 4, leaves: 1, marked: false, forPeople: false },
  /** Moves something of worth. Never again before somebody has asked Telegram what became of it. */
  transfer: { rank: 0, leaves: 1, marked: false, forPeople: true },
} as const satisfies Record<string, ClassFacts>;

export type MessageClass = keyof typeof CLASSES;

export const classesThat = (holds: (facts: ClassFacts) => boolean): MessageClass[] =>
  (Object.keys(CLASSES) as MessageClass[]).filter((name) => holds(CLASSES[name]));
