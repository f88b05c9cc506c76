/** Where the repository is, from wherever a program runs: Pulumi runs it in the folder of its entry point, tests in the root. */
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/**
 * Path to a file or folder of the repository, from the working directory. Relative, because it ends in the state: an
 * absolute one would be a change on the next machine.
 */
export const fromHere = (...parts: string[]): string => relative(process.cwd(), join(ROOT, ...parts)) || '.';
