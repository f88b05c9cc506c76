/**
 * The migrate role: brings schema, queues and roles to what this release and its posture say, once a deploy. Two sessions:
 * the server's administrator, who makes the roles and nothing else, and the owner of the schemas, as whom migrations run.
 * Everything is idempotent: a killed run is repaired by the next one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { roleLimits, rolesOf } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import type { Config } from '../config.ts';
import { assertCapacity } from '../database/capacity.ts';
import { assertDirect, explainPooler } from '../database/direct.ts';
import { isTransient } from '../database/errors.ts';
import { nameServer } from '../database/lineage.ts';
import { ensureOwner, takeOver } from '../database/owner.ts';
import { createRole, DATABASE_ROLES, grant, setOperator, setRole } from '../database/roles.ts';
import { bringUpToDate } from '../database/schema.ts';
import { describeError, type Logger } from '../log.ts';
import { PGBOSS_SCHEMA } from '../jobs/boss.ts';
import { ensureJobQueues } from '../jobs/queues.ts';

/** How long a database that restarts, fails over, has no name yet or is locked is waited for, ms. */
const PATIENCE = 60_000;
const PAUSE = 1_000;

/**
 * Repeats what a moment may mend, saying each cause once; anything else fails at once.
 * @throws {ConfigError} for a server that cannot carry the posture
 */
export async function migrate(
  config: Config<'migrate'>,
  log: Logger,
  { patience = PATIENCE, pause = PAUSE } = {},
): Promise<void> {
  const said = new Set<string>();
  for (const until = Date.now() + patience; ; await sleep(pause)) {
    try {
      await bringEverythingUpToDate(config, log);
      return;
    } catch (error) {
      if (!isTransient(error) || Date.now() > until) throw error;
      const cause = describeError(error);
      if (!said.has(cause)) log.warn({ error: cause }, 'the database is not ready; trying again for a minute');
      said.add(cause);
    }
  }
}

async function bringEverythingUpToDate({ posture, env }: Config<'migrate'>, log: Logger): Promise<void> {
  const limits = roleLimits(posture);
  await using admin = await connect(env.DATABASE_URL, posture, log);
  await takeTurn(admin.client);
  await assertCapacity(admin.client, posture, log);
  await ensureOwner(admin.client, limits.owner, env.OWNER_DATABASE_PASSWORD);
  const handedOver = await takeOver(admin.client, SCHEMAS);
  if (handedOver > 0) log.info({ objects: handedOver }, 'the schemas are handed over to their owner');
  for (const role of DATABASE_ROLES) await createRole(admin.client, role);
  {
    await using owner = await connectAsOwner(env, posture, log);
    const migrations = await bringUpToDate(owner.client, log);
    log.info({ migrations }, migrations.length > 0 ? 'schema brought up to date' : 'schema is up to date');
    await installQueues(owner.client, posture, log);
    await grant(owner.client, PGBOSS_SCHEMA);
    if (env.DATABASE_SERVER !== undefined) await nameServer(owner.client, env.DATABASE_SERVER);
  }
  // Last: where something failed before, the old tasks go on with their own limits and passwords.
  const passwords = {
    web: env.WEB_DATABASE_PASSWORD,
    worker: env.WORKER_DATABASE_PASSWORD,
    media: env.MEDIA_DATABASE_PASSWORD,
  };
  for (const role of rolesOf(posture))
    await setRole(admin.client, role, { limit: limits[role]!, password: passwords[role] });
  await setRole(admin.client, 'operator', { limit: limits.operator, password: env.OPERATOR_DATABASE_PASSWORD });
  await setOperator(admin.client, log);
  log.info({ limits }, 'roles and queues follow the posture');
}

interface Session extends AsyncDisposable {
  client: pg.Client;
}

/** All that is the bot's in its database. */
const SCHEMAS = ['evenkeel', 'evenkeel_migrations', PGBOSS_SCHEMA];

async function connect(url: string, posture: Posture, log: Logger): Promise<Session> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'evenkeel-migrate',
    connectionTimeoutMillis: 10_000,
    // A migration may wait for running transactions, but must not queue everybody behind it for long.
    lock_timeout: posture.database.timeouts.lock,
    keepAlive: true,
  });
  client.on('error', (error) => log.warn({ error: describeError(error) }, 'the database connection was lost'));
  // A client that never connected has no session to end; end() still frees its socket.
  const close = () => client.end().catch(() => undefined);
  try {
    await client.connect().catch((error: unknown) => {
      throw explainPooler(error);
    });
    await assertDirect(client, { lock_timeout: posture.database.timeouts.lock });
  } catch (error) {
    await close();
    throw error;
  }
  return { client, [Symbol.asyncDispose]: close };
}

/** By the owner's own login; where it has none, as the administrator in the owner's place. */
async function connectAsOwner(env: Config<'migrate'>['env'], posture: Posture, log: Logger): Promise<Session> {
  const url = new URL(env.DATABASE_URL);
  if (env.OWNER_DATABASE_PASSWORD !== undefined) {
    url.username = 'owner';
    url.password = encodeURIComponent(env.OWNER_DATABASE_PASSWORD);
  }
  const session = await connect(url.href, posture, log);
  if (env.OWNER_DATABASE_PASSWORD === undefined) await session.client.query('SET ROLE owner');
  return session;
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
 * pg-boss's schema is installed here and never by a task: a task that restarts during an upgrade must not migrate. On the
 * session that there is: the law connections.fit counts two for a migration.
 */
async function installQueues(client: pg.Client, posture: Posture, log: Logger): Promise<void> {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => client.query(text, values) },
    schema: PGBOSS_SCHEMA,
    migrate: true,
    supervise: false,
    schedule: false,
    registerInstance: false,
  });
  boss.on('error', (error) => log.warn({ error: describeError(error) }, 'pg-boss failed'));
  try {
    await boss.start();
    await ensureJobQueues(boss, posture);
  } finally {
    await boss.stop({ graceful: false });
  }
}
