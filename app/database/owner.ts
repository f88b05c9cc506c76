/**
 * The role that owns the schemas, and is nobody else: no superuser of PostgreSQL, no master of RDS. Migrations run as it,
 * so that the worst of them can harm the bot's own tables and not the server, its roles or another database.
 */
import type pg from 'pg';
import { setRole, createRole, onRoles } from './roles.ts';

/**
 * Makes the owner, as somebody who may create roles. Whoever that is becomes a member of it: to hand over what was its
 * own, and to go on where a release is taken back that knows no owner.
 * @param password gives the owner its login; without one its login stays as it is
 */
export async function ensureOwner(admin: pg.Client, limit: number, password: string | undefined): Promise<void> {
  await createRole(admin, 'owner');
  await setRole(admin, 'owner', { limit, password });
  await onRoles(() => admin.query('GRANT owner TO CURRENT_USER'));
  const { rows } = await admin.query<{ name: string }>('SELECT quote_ident(current_database()) AS name');
  await onRoles(() => admin.query(`GRANT CREATE, CONNECT, TEMPORARY ON DATABASE ${rows[0]!.name} TO owner`));
}

/**
 * What is not the owner's yet. A sequence of a column, an index and a row's type go with their table. Functions last:
 * those that run with their owner's rights (SECURITY DEFINER) must find their tables handed over.
 */
const FOREIGN = `
  SELECT statement FROM (
    SELECT 1 AS step, format('ALTER SCHEMA %I OWNER TO owner', nspname) AS statement, nspowner AS owned, oid AS schema
    FROM pg_namespace
    UNION ALL
    SELECT 2, format('ALTER TYPE %s OWNER TO owner', oid::regtype), typowner, typnamespace
    FROM pg_type WHERE typtype IN ('e', 'd')
    UNION ALL
    SELECT 3,
           format('ALTER %s %s OWNER TO owner',
                  CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                  oid::regclass),
           relowner, relnamespace
    FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S')
      AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE relkind = 'S' AND classid = 'pg_class'::regclass AND objid = pg_class.oid
          AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i'))
    UNION ALL
    SELECT 4, format('ALTER ROUTINE %s OWNER TO owner', oid::regprocedure), proowner, pronamespace
    FROM pg_proc
  ) AS object
  WHERE owned <> 'owner'::regrole AND schema IN (SELECT oid FROM pg_namespace WHERE nspname = ANY ($1))
  ORDER BY step, statement`;

/**
 * Gives the owner what somebody else owns: a database of a release whose migrations ran as the master, whose tasks may
 * be running now. Each object on its own, so that no lock is held while the next one is waited for; what was interrupted
 * is gone on with by the next run. Grants stay as they are.
 * @returns how many objects were handed over
 */
export async function takeOver(admin: pg.Client, schemas: readonly string[]): Promise<number> {
  const { rows } = await admin.query<{ statement: string }>(FOREIGN, [schemas]);
  for (const { statement } of rows) await admin.query(statement);
  return rows.length;
}
