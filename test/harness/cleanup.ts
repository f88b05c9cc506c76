/** Ends what a test started, the last first. */

/** A test's context, or `{ after }` of node:test for what a whole file shares. */
export interface Owner {
  after(end: () => Promise<void>): void;
}

export type Undo = (end: () => unknown) => void;

/** What is given to the returned function is run when the owner ends, in reverse order; all of it, whatever fails. */
export function cleanup(owner: Owner): Undo {
  const ends: (() => unknown)[] = [];
  owner.after(async () => {
    const failures: unknown[] = [];
    for (const end of ends.reverse()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'the clean-up failed');
  });
  return (end) => void ends.push(end);
}
