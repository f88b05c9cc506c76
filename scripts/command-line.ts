/** How every command of ours reads what was typed: one line for a mistake, and the nearest option for a misspelt one. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { nearest } from '../posture/problem.ts';

/** A mistake of the person who typed the command: its message is one line, and all they need. Exit status 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

const oneOption = (error: unknown): string | undefined => /Unknown option '(--?[^']+)'/.exec(String(error))?.[1];

/** Node's own sentence, without what it says of quoting and of positional arguments. */
const firstSentence = (error: unknown): string => (error as Error).message.split(/\. |\n/)[0]!.replace(/\.$/, '');

/**
 * Options and the words beside them.
 * @param command how it is called, such as `npm run posture`, for the hint at its help
 * @throws {UsageError} for an option that does not exist, or one without its value
 */
export function readCommandLine<O extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: O,
  command: string,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError && 'code' in error)) throw error;
    const unknown = oneOption(error);
    if (unknown === undefined) throw new UsageError(`${firstSentence(error)}; ${command} -- --help lists the options`);
    const known = Object.keys(options).map((name) => `--${name}`);
    // One that is longer or shorter by a whole ending is meant as surely as one with a letter wrong.
    const meant = nearest(unknown, known) ?? known.find((one) => one.startsWith(unknown) || unknown.startsWith(one));
    const hint = meant === undefined ? '' : `did you mean "${meant}"? `;
    throw new UsageError(`unknown option "${unknown}"; ${hint}${command} -- --help lists the options`);
  }
}
