/** Does one verb on one connection of the operator's. */
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

export interface Performance {
  /** Login of the operator. */
  url: string;
  posture: Posture;
  parsed: Parsed;
  by: Caller;
  /** Name of the database's server (DATABASE_SERVER), which `resume` accepts. */
  server?: string | undefined;
  progress?: (line: string) => void;
  log: Logger;
}

export async function perform({ url, posture, parsed, by, server, progress, log }: Performance): Promise<Outcome> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    application_name: 'evenkeel-ops',
    ...(server !== undefined && { options: `-c evenkeel.server=${server}` }),
    connectionTimeoutMillis: 10_000,
    types: numbers,
  });
  pool.on('error', (error) => log.warn({ error: describeError(error) }, 'the database connection was lost'));
  try {
    const { verb, ...given } = parsed;
    return await verb.run({ ...given, pool, posture, by, progress });
  } catch (error) {
    return { tables: [], said: [explain(error)], ok: false };
  } finally {
    await pool.end();
  }
}
