/** The verbs of the desk, as a person on call has them: with the rights of the database's operator. */
import type { Outcome } from '../../app/ops/outcome.ts';
import { parseOps } from '../../app/ops/parse.ts';
import { perform } from '../../app/ops/perform.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { TestDatabase } from './database.ts';
import { captureLog } from './logs.ts';

/** ```ts
 * const ask = operatorOf(database, posture);
 * await ask('dead', 'list');
 * ```
 */
export const operatorOf =
  (database: TestDatabase, posture: Posture, by = { who: 'ada', via: 'a test' }) =>
  (...args: string[]): Promise<Outcome> =>
    perform({ url: database.url('operator'), posture, parsed: parseOps(args), by, log: captureLog().log });
