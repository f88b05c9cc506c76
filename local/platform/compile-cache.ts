/** Where Node keeps what it made of the TypeScript: a process then starts in half of the work. */
import { fileURLToPath } from 'node:url';

const DIRECTORY = fileURLToPath(new URL('../../node_modules/.cache/evenkeel/compiled', import.meta.url));

/** For the environment of a process that runs our code. Where it cannot be written Node does without. */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: DIRECTORY };
