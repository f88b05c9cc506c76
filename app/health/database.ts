/** The database as this process sees it, now and over the last minutes; per process and never a global flag (fault db-flag). */
import { poolCounts, type Pool } from '../database/pool.ts';
import { describeError } from '../log.ts';

export interface DatabaseStatus {
  state: 'up' | 'down';
  /** Why it is down. */
  why: Unusable['what'] | undefined;
  /** Round trip of the last probe, ms. */
  pingMs: number | undefined;
  error: string | undefined;
  pool: ReturnType<typeof poolCounts>;
}

export interface DatabaseProbe {
  /** Probes, or answers with the probe of the last second: many health checks cost one query. */
  status(): Promise<DatabaseStatus>;
  /** What happened in the window: reset by time, and by success where it counts a run of failures. */
  stability(): {
    windowSeconds: number;
    lostConnections: number;
    failedProbes: number;
    failuresInARow: number;
    lastError: string | undefined;
  };
}

/** Why the database is of no use. */
export interface Unusable {
  /** For anybody. */
  what: 'database is away' | 'database has no schema';
  /** For operators. */
  error: string;
}

/** Undefined where the database is of use. Never rejects. */
export async function whyUnusable(pool: Pool): Promise<Unusable | undefined> {
  try {
    const { rows } = await pool.query<{ migrated: boolean }>(
      `SELECT to_regclass('evenkeel.inbox') IS NOT NULL AS migrated`,
    );
    return rows[0]!.migrated ? undefined : { what: 'database has no schema', error: 'run the role migrate' };
  } catch (error) {
    return { what: 'database is away', error: describeError(error) };
  }
}

/** How long a look holds for all that ask, and how long one counts in what `/db-stability` tells, ms. */
const FRESH = 1_000;
const WINDOW = 300_000;

export function probeDatabase(pool: Pool): DatabaseProbe {
  let last: { at: number; status: Promise<DatabaseStatus> } | undefined;
  let failuresInARow = 0;
  let lastError: string | undefined;
  const lost: number[] = [];
  const failed: number[] = [];
  pool.on('error', (error) => {
    lost.push(Date.now());
    lastError = describeError(error);
  });

  const within = (times: number[]): number => {
    while (times[0] !== undefined && times[0] < Date.now() - WINDOW) times.shift();
    return times.length;
  };

  async function probe(): Promise<DatabaseStatus> {
    const started = performance.now();
    const unusable = await whyUnusable(pool);
    if (unusable === undefined) {
      failuresInARow = 0;
      const pingMs = Math.round((performance.now() - started) * 10) / 10;
      return { state: 'up', why: undefined, pingMs, error: undefined, pool: poolCounts(pool) };
    }
    failuresInARow += 1;
    failed.push(Date.now());
    lastError = unusable.error;
    return { state: 'down', why: unusable.what, pingMs: undefined, error: lastError, pool: poolCounts(pool) };
  }

  return {
    status() {
      if (!last || Date.now() - last.at > FRESH) last = { at: Date.now(), status: probe() };
      return last.status;
    },
    stability: () => ({
      windowSeconds: WINDOW / 1000,
      lostConnections: within(lost),
      failedProbes: within(failed),
      failuresInARow,
      lastError,
    }),
  };
}
