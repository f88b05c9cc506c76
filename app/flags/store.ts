/** Flags in SQL: few rows, one a name that somebody has ever switched. */
import type { Pool } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';

/** Whatever runs one statement: a pool, or a connection beside it. */
export type Queries = Pick<Pool, 'query'>;

/** Names that are switched off. Reads the whole table. */
export async function readOff(db: Queries): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>({
    name: 'flags-off',
    text: 'SELECT name FROM evenkeel.flag WHERE NOT is_on',
  });
  return rows.map(({ name }) => name);
}

export interface FlagRow {
  name: string;
  isOn: boolean;
  changedAt: Date;
  by: string;
  reason: string;
}

/** Reads the whole table. */
export async function listFlags(db: Queries): Promise<FlagRow[]> {
  const { rows } = await db.query<FlagRow>(
    `SELECT name, is_on AS "isOn", changed_at AS "changedAt", changed_by AS by, reason FROM evenkeel.flag ORDER BY name`,
  );
  return rows;
}

export interface Switch {
  name: string;
  isOn: boolean;
  who: string;
  via: string;
  reason: string;
}

/** flag_pkey. With its line in the audit, in the same commit. */
export async function setFlag(tx: Tx, { name, isOn, who, via, reason }: Switch): Promise<void> {
  await tx.query({
    name: 'set-flag',
    text: `
      WITH before AS (
        SELECT is_on FROM evenkeel.flag WHERE name = $1
      ), noted AS (
        INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail)
        SELECT $3, $4, CASE WHEN $2 THEN 'flag on' ELSE 'flag off' END, 'flag ' || $1, $5,
               jsonb_build_object('before', coalesce((SELECT is_on FROM before), true))
      )
      INSERT INTO evenkeel.flag (name, is_on, changed_by, reason) VALUES ($1, $2::boolean, $3, $5)
      ON CONFLICT (name) DO UPDATE SET is_on = excluded.is_on, changed_at = now(),
        changed_by = excluded.changed_by, reason = excluded.reason`,
    values: [name, isOn, who, via, reason],
  });
}
