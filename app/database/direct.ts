/**
 * No pooler between a task and PostgreSQL (PgBouncer, the "pooled" address of a provider). Such a one drops or refuses
 * what a session says at its start, its timeouts among it, and may hand each statement to another session, where LISTEN
 * and prepared statements are lost. The tasks pool their own connections, and the posture counts them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Posture } from '../../posture/schema/index.ts';
import { ConfigError } from '../config.ts';
import { describeError, type Logger } from '../log.ts';
import { sessionTimeouts, type Pool } from './pool.ts';

/** What PgBouncer says to a parameter that it does not know (SQLSTATE 08P01, as for other things). */
const REFUSED = /unsupported startup parameter(?: in options)?: ([\w.]+)/;

function pooled(how: string): ConfigError {
  return new ConfigError([
    `DATABASE_URL: it leads to a connection pooler, which ${how}; set it to the address of PostgreSQL itself: tasks pool their own connections, and the posture counts them`,
  ]);
}

/** A pooler's refusal as what it is, for people; any other error as it came. */
export function explainPooler(error: unknown): unknown {
  const [, name] = REFUSED.exec(describeError(error)) ?? [];
  return name === undefined ? error : pooled(`refuses the session's ${name}`);
}

/**
 * Settles when a session is what it asked to be.
 * @param wanted settings that the session gave at its start, in their base units
 * @throws {ConfigError} where a pooler refuses or swallows them
 */
export async function assertDirect(db: Pool | pg.Client, wanted: Record<string, number>): Promise<void> {
  const { rows } = await db
    .query<{ name: string; setting: string }>('SELECT name, setting FROM pg_settings WHERE name = ANY ($1)', [
      Object.keys(wanted),
    ])
    .catch((error: unknown) => {
      throw explainPooler(error);
    });
  const lost = rows.find(({ name, setting }) => Number(setting) !== wanted[name]);
  if (lost) throw pooled(`drops the session's ${lost.name} (${wanted[lost.name]} asked, ${lost.setting} in force)`);
}

/** Pauses between two looks, ms. */
const [FIRST, LONGEST] = [250, 5_000];

/**
 * Looks until the database answers, and resolves when it is PostgreSQL itself; also when `signal` aborts.
 * @throws {ConfigError} where it never will be
 */
export async function untilDirect(pool: Pool, posture: Posture, log: Logger, signal: AbortSignal): Promise<void> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      return await assertDirect(pool, sessionTimeouts(posture));
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      // The 1st, 2nd, 4th, 8th … failure in a row: an outage is reported without flooding the logs.
      if ((failures & (failures - 1)) === 0)
        log.warn({ failures, error: describeError(error) }, 'the database is not ready; trying again');
      const pause = Math.min(FIRST * 2 ** failures, LONGEST) * (0.5 + Math.random());
      // Rejects only by the end, which is looked at next.
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}
