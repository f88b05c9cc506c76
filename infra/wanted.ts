/** Keys of the configuration that a posture asks for. Without imports: the command that proves a posture reads it as well. */

export interface Wanted {
  /** With its namespace: `evenkeel:botToken`. */
  key: string;
  command: string;
  /** Whether the posture asks for it. */
  needed: boolean;
  /** What else would do. */
  or?: string;
}

/** One line for each that is needed and not there. */
export const missing = (values: Readonly<Record<string, unknown>>, wanted: readonly Wanted[]): string[] =>
  wanted
    .filter(({ key, needed }) => needed && values[key] === undefined)
    .map(({ key, command, or }) => `${key} is not set: ${[command, or].filter(Boolean).join(', or ')}`);
