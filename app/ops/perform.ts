/** Does verbs on one connection of the operator's. */
import pg from 'pg';
import type { Posture } from '../../posture/schema/index.ts';
import { numbers } from '../database/pool.ts';
import { describeError, type Logger } from '../log.ts';
import type { Outcome } from './outcome.ts';
import type { Parsed } from './parse.ts';
import type { Caller } from './verb.ts';

/** What the server says of a login that is all in use (53300): the law connections.fit has counted them. */
const FULL = /too many connections for role/;

function explain(error: unknown): string {
  const text = describeError(error);
  const more = FULL.test(text) ? ': rollout.operators of the posture says how many; end one that is not needed' : '';
  return `The database says no: ${text}${more}`;
}

interface Place {
  /** Login of the operator. */
  url: string;
  posture: Posture;
  by: Caller;
  /** Name of the database's server (DATABASE_SERVER), which `resume` accepts. */
  server?: string | undefined;
  progress?: (line: string) => void;
  log: Logger;
}

export interface Performance extends Place {
  parsed: Parsed;
}

/** One verb after the other on one connection; each has an outcome, also where the database says no. */
export async function performAll(asked: readonly Parsed[], place: Place): Promise<Outcome[]> {
  const { url, posture, by, server, progress, log } = place;
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    application_name: 'evenkeel-ops',
    ...(server !== undefined && { options: `-c evenkeel.server=${server}` }),
    connectionTimeoutMillis: 10_000,
    types: numbers,
  });
  pool.on('error', (error) => log.warn({ error: describeError(error) }, 'the database connection was lost'));
  const outcomes: Outcome[] = [];
  try {
    for (const { verb, ...given } of asked) {
      try {
        outcomes.push(await verb.run({ ...given, pool, posture, by, progress }));
      } catch (error) {
        outcomes.push({ tables: [], said: [explain(error)], ok: false });
      }
    }
    return outcomes;
  } finally {
    await pool.end();
  }
}

export async function perform({ parsed, ...place }: Performance): Promise<Outcome> {
  const [outcome] = await performAll([parsed], place);
  return outcome!;
}
