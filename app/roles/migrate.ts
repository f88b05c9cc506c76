/**
 * The migrate role: brings schema, queues and roles to what this release and its posture say, once a deploy, as the
 * owner of the database. Everything is idempotent: a killed run is repaired by the next one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { connectionLimits } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { Config } from '../config.ts';
import { bringUpToDate } from '../database/schema.ts';
import { describeError, type Logger } from '../log.ts';
import { ensureJobQueues } from '../jobs/queues.ts';
import { ensureQueues, PGBOSS_SCHEMA } from '../lanes/queues.ts';

export async function migrate({ posture, env }: Config<'migrate'>, log: Logger): Promise<void> {
  const client = new pg.Client({
    connectionString: env.DATABASE_URL,
    application_name: 'evenkeel-migrate',
    connectionTimeoutMillis: 10_000,
    // A migration may wait for running transactions, but must not queue everybody behind it for long.
    lock_timeout: posture.database.timeouts.lock,
    keepAlive: true,
  });
  client.on('error', (error) => log.error({ error: describeError(error) }, 'the database connection was lost'));
  await client.connect();
  try {
    await takeTurn(client);
    const migrations = await bringUpToDate(client, log);
    log.info({ migrations }, migrations.length > 0 ? 'schema brought up to date' : 'schema is up to date');
    await installQueues(env.DATABASE_URL, client, posture, log);
    await ensureRole(client, 'web', connectionLimits(posture).web, env.WEB_DATABASE_PASSWORD);
    await ensureRole(client, 'worker', connectionLimits(posture).worker, env.WORKER_DATABASE_PASSWORD);
    await client.query(GRANTS);
    await allowStatistics(client, log);
    await compareLimit(client, posture, log);
    log.info({ limits: connectionLimits(posture) }, 'roles and queues follow the posture');
  } finally {
    await client.end();
  }
}

/** Any number that nobody else locks in this database. */
const LOCK = 7_301_938_452;
const TURN_WITHIN = 60_000;

/** One migration of a database at a time: another one waits, and then finds nothing to do. Released with the session. */
async function takeTurn(client: pg.Client): Promise<void> {
  // Asked again and again, because lock_timeout would end a wait.
  for (const until = Date.now() + TURN_WITHIN; ; await sleep(200)) {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [LOCK]);
    if (rows[0]!.mine) return;
    if (Date.now() > until)
      throw new Error(`another migration has been running for ${TURN_WITHIN / 1000} s; wait until it ends, or end it`);
  }
}

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

/** pg-boss's schema is installed here and never by a task: a task that restarts during an upgrade must not migrate. */
async function installQueues(url: string, client: pg.Client, posture: Posture, log: Logger): Promise<void> {
  const boss = new PgBoss({
    connectionString: url,
    application_name: 'evenkeel-migrate',
    schema: PGBOSS_SCHEMA,
    max: 1,
    migrate: true,
    supervise: false,
    schedule: false,
    registerInstance: false,
  });
  boss.on('error', (error) => log.error({ error: describeError(error) }, 'pg-boss failed'));
  await boss.start();
  try {
    await ensureQueues(boss, client, posture);
    await ensureJobQueues(boss, posture);
  } finally {
    await boss.stop({ graceful: false });
  }
}

/** CONNECTION LIMIT keeps one role from starving the other (law connections.fit, fault pool-exhaustion). */
async function ensureRole(client: pg.Client, role: 'web' | 'worker', limit: number, password: string | undefined) {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  // Two databases of one cluster may be migrated at once (tests do): the loser of the race finds the role there.
  if (rowCount === 0) await client.query(`CREATE ROLE ${role}`).catch(ignoreDuplicate);
  const login = password === undefined ? '' : `LOGIN PASSWORD ${client.escapeLiteral(password)}`;
  await onRoles(() => client.query(`ALTER ROLE ${role} CONNECTION LIMIT ${limit} ${login}`));
}

function ignoreDuplicate(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== '42710' && code !== '23505') throw error;
}

/** Least privilege: web stores updates and reads their counts; worker does the work; neither owns anything. */
const GRANTS = `
  GRANT USAGE ON SCHEMA evenkeel TO web, worker;
  GRANT SELECT, INSERT ON evenkeel.inbox TO web;
  GRANT INSERT ON evenkeel.arrival TO web;
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA evenkeel TO worker;
  GRANT USAGE ON SCHEMA ${PGBOSS_SCHEMA} TO web, worker;
  GRANT SELECT ON ${PGBOSS_SCHEMA}.job TO web;
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${PGBOSS_SCHEMA} TO worker;
  GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${PGBOSS_SCHEMA} TO worker;
  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${PGBOSS_SCHEMA} TO worker;
`;

/** Lets the health page see the age of others' transactions. Where the owner may not grant it, the page shows its own. */
async function allowStatistics(client: pg.Client, log: Logger): Promise<void> {
  await onRoles(() => client.query('GRANT pg_read_all_stats TO web, worker')).catch((error: unknown) =>
    log.warn({ error: describeError(error) }, 'the roles may not read statistics of other sessions'),
  );
}

/** max_connections is static: on a running server a change of the posture waits for a restart. */
async function compareLimit(client: pg.Client, posture: Posture, log: Logger): Promise<void> {
  const { rows } = await client.query<{ max_connections: string }>('SHOW max_connections');
  const found = Number(rows[0]!.max_connections);
  const wanted = posture.database.maxConnections;
  if (found === wanted) return;
  log.warn(
    { found, wanted },
    'max_connections is not what the posture says; restart the server (RDS: aws rds reboot-db-instance)',
  );
}
