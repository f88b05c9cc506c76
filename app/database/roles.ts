/** The database's roles: their logins, their limits, what they may do. Changed by the migration, once a deploy. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { describeError, type Logger } from '../log.ts';
import { grantStatements } from './grants.ts';
import { scramVerifier } from './scram.ts';

/**
 * `owner` migrates, `web`, `worker` and `media` are the tasks', `operator` is for people and for what they run. `media` has
 * no login before a posture wants its tasks.
 */
export const DATABASE_ROLES = ['owner', 'web', 'worker', 'media', 'operator'] as const;
export type DatabaseRole = (typeof DATABASE_ROLES)[number];

/**
 * Roles belong to the whole server: migrations of two of its databases may change one at the same time (tests do), and
 * PostgreSQL fails the later one. Repeated, as each change is idempotent.
 */
export async function onRoles<T>(change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change();
    } catch (error) {
      if (attempt === 10 || !/tuple concurrently updated/.test(describeError(error))) throw error;
      await sleep(20 * attempt * Math.random());
    }
  }
}

/** Without a login, where there is no such role yet. */
export async function createRole(admin: pg.Client, role: DatabaseRole): Promise<void> {
  const { rowCount } = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  // Two databases of one cluster may be migrated at once (tests do): the loser of the race finds the role there.
  if (rowCount === 0) await admin.query(`CREATE ROLE ${role}`).catch(ignoreDuplicate);
}

function ignoreDuplicate(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== '42710' && code !== '23505') throw error;
}

/**
 * CONNECTION LIMIT keeps one role from starving the other (law connections.fit, fault pool-exhaustion).
 * @param password gives the role its login; without one the login stays as it is
 */
export async function setRole(
  admin: pg.Client,
  role: DatabaseRole,
  { limit, password }: { limit: number; password: string | undefined },
): Promise<void> {
  const login = password === undefined ? '' : `LOGIN PASSWORD '${scramVerifier(password)}'`;
  await onRoles(() => admin.query(`ALTER ROLE ${role} CONNECTION LIMIT ${limit} ${login}`));
}

/**
 * What a session of the operator begins with, and a person may change for it. Nobody's look at a table may hold back
 * vacuum or a deploy for long, a forgotten window least of all; and who means to change something says so.
 */
const OPERATOR_SETTINGS: Readonly<Record<string, string>> = {
  statement_timeout: '30s',
  lock_timeout: '2s',
  idle_in_transaction_session_timeout: '30s',
  idle_session_timeout: '30min',
  default_transaction_read_only: 'on',
};

/** Which statements take the time, for the runbooks: where the server has loaded it, as RDS does. Statements, no values. */
const STATEMENT_STATISTICS = `
  DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_settings WHERE name = 'shared_preload_libraries' AND setting LIKE '%pg_stat_statements%') THEN
      CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
    END IF;
  END $$`;

/** Gives the roles what only the server's administrator can: sight of others' sessions, and the end of one that is in the way. */
export async function setOperator(admin: pg.Client, log: Logger): Promise<void> {
  for (const [name, value] of Object.entries(OPERATOR_SETTINGS))
    await onRoles(() => admin.query(`ALTER ROLE operator SET ${name} = '${value}'`));
  await onRoles(() => admin.query('GRANT pg_read_all_stats TO web, worker, media, operator')).catch((error: unknown) =>
    log.warn({ error: describeError(error) }, 'the roles may not read statistics of other sessions'),
  );
  await admin
    .query(STATEMENT_STATISTICS)
    .catch((error: unknown) => log.warn({ error: describeError(error) }, 'there are no statistics of statements'));
  await onRoles(() => admin.query('GRANT pg_signal_backend TO operator')).catch((error: unknown) =>
    log.warn({ error: describeError(error) }, 'the operator may not end sessions of others'),
  );
}

/** Gives and takes what grants.ts says, as the owner. */
export async function grant(owner: pg.Client, pgboss: string): Promise<void> {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = 'evenkeel'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')`,
  );
  await owner.query(grantStatements(new Set(rows.map(({ name }) => name)), pgboss));
}
