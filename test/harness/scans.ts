/**
 * What statements read, by the server's own count: whether a table was scanned whole, and how many entries of its indexes
 * were passed. The planner is told to avoid sequential scans, so a missing index shows as an index that is read from end to end.
 */
import assert from 'node:assert/strict';
import type { TestDatabase } from './database.ts';
import { waitFor } from './wait.ts';

export interface Reads {
  /** Sequential scans since the server began to count. */
  scans: number;
  /** Index entries passed since then. */
  entries: number;
}

/** By table, the partitions of pg-boss each for itself. */
export async function readsOf(database: TestDatabase): Promise<Record<string, Reads>> {
  const rows = await database.sql<Reads & { table: string }>(`
    SELECT t.schemaname || '.' || t.relname AS table, t.seq_scan::int AS scans,
           coalesce((SELECT sum(idx_tup_read) FROM pg_stat_user_indexes i WHERE i.relid = t.relid), 0)::float8 AS entries
    FROM pg_stat_user_tables t WHERE t.schemaname IN ('evenkeel', 'pgboss')`);
  return Object.fromEntries(rows.map(({ table, scans, entries }) => [table, { scans, entries }]));
}

export interface Allowed {
  /** Index entries of one table that all of `work` may pass. */
  entries: number;
  /** Tables of a few rows that never grow, such as one a queue: read whole by whoever likes. */
  small?: readonly string[];
}

/** Fails where `work`, whose sessions are the worker's and ended by then, has scanned a table or read far into an index. */
export async function withoutScans(
  database: TestDatabase,
  what: string,
  work: () => Promise<void>,
  { entries, small = [] }: Allowed,
): Promise<void> {
  const before = await readsOf(database);
  await work();
  await waitFor(
    // A session hands in its counts when it ends at the latest.
    async () =>
      (
        await database.sql(
          `SELECT FROM pg_stat_activity WHERE usename = 'worker' AND datname = current_database() AND state IS NOT NULL`,
        )
      ).length === 0,
    { what: 'the sessions to have ended' },
  );
  const read = Object.entries(await readsOf(database))
    .map(([table, now]) => ({
      table,
      scans: now.scans - (before[table]?.scans ?? 0),
      entries: now.entries - (before[table]?.entries ?? 0),
    }))
    .filter(({ table }) => !small.includes(table));
  assert.deepEqual(
    read.filter(({ scans }) => scans > 0),
    [],
    `${what}: tables scanned whole`,
  );
  assert.deepEqual(
    read.filter((table) => table.entries > entries),
    [],
    `${what}: indexes read beyond ${entries} entries`,
  );
}
