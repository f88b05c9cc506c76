/** The roles web and worker: their logins, their limits, what they may do. Changed by the owner, once a deploy. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { describeError, type Logger } from '../log.ts';
import { grantStatements } from './grants.ts';
import { scramVerifier } from './scram.ts';

/**
 * Roles belong to the whole server: migrations of two of its databases may change one at the same time (tests do), and
 * PostgreSQL fails the later one. Repeated, as each change is idempotent.
 */
async function onRoles<T>(change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change();
    } catch (error) {
      if (attempt === 10 || !/tuple concurrently updated/.test(describeError(error))) throw error;
      await sleep(20 * attempt * Math.random());
    }
  }
}

/**
 * CONNECTION LIMIT keeps one role from starving the other (law connections.fit, fault pool-exhaustion).
 * @param password gives the role its login; without one the login stays as it is
 */
export async function ensureRole(
  client: pg.Client,
  role: 'web' | 'worker',
  limit: number,
  password: string | undefined,
): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  // Two databases of one cluster may be migrated at once (tests do): the loser of the race finds the role there.
  if (rowCount === 0) await client.query(`CREATE ROLE ${role}`).catch(ignoreDuplicate);
  const login = password === undefined ? '' : `LOGIN PASSWORD '${scramVerifier(password)}'`;
  await onRoles(() => client.query(`ALTER ROLE ${role} CONNECTION LIMIT ${limit} ${login}`));
}

function ignoreDuplicate(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== '42710' && code !== '23505') throw error;
}

/** Gives and takes what grants.ts says. Also lets the health page see the age of others' transactions, where it may. */
export async function grant(client: pg.Client, pgboss: string, log: Logger): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'evenkeel'::regnamespace AND relkind IN ('r', 'p', 'S')`,
  );
  const statements = grantStatements(new Set(rows.map(({ name }) => name)), pgboss);
  await onRoles(() => client.query(statements));
  await onRoles(() => client.query('GRANT pg_read_all_stats TO web, worker')).catch((error: unknown) =>
    log.warn({ error: describeError(error) }, 'the roles may not read statistics of other sessions'),
  );
}
