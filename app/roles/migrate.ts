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
import { assertCapacity } from '../database/capacity.ts';
import { assertDirect, explainPooler } from '../database/direct.ts';
import { isTransient } from '../database/errors.ts';
import { ensureRole, grant } from '../database/roles.ts';
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
  const client = new pg.Client({
    connectionString: env.DATABASE_URL,
    application_name: 'evenkeel-migrate',
    connectionTimeoutMillis: 10_000,
    // A migration may wait for running transactions, but must not queue everybody behind it for long.
    lock_timeout: posture.database.timeouts.lock,
    keepAlive: true,
  });
  client.on('error', (error) => log.warn({ error: describeError(error) }, 'the database connection was lost'));
  try {
    await client.connect().catch((error: unknown) => {
      throw explainPooler(error);
    });
    await assertDirect(client, { lock_timeout: posture.database.timeouts.lock });
    await takeTurn(client);
    await assertCapacity(client, posture, log);
    const migrations = await bringUpToDate(client, log);
    log.info({ migrations }, migrations.length > 0 ? 'schema brought up to date' : 'schema is up to date');
    await installQueues(env.DATABASE_URL, posture, log);
    const limits = connectionLimits(posture);
    await ensureRole(client, 'web', limits.web, env.WEB_DATABASE_PASSWORD);
    await ensureRole(client, 'worker', limits.worker, env.WORKER_DATABASE_PASSWORD);
    await grant(client, PGBOSS_SCHEMA, log);
    log.info({ limits }, 'roles and queues follow the posture');
  } finally {
    // A client that never connected has no session to end; end() still frees its socket.
    await client.end().catch(() => undefined);
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

/** pg-boss's schema is installed here and never by a task: a task that restarts during an upgrade must not migrate. */
async function installQueues(url: string, posture: Posture, log: Logger): Promise<void> {
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
  boss.on('error', (error) => log.warn({ error: describeError(error) }, 'pg-boss failed'));
  try {
    await boss.start();
    await ensureJobQueues(boss, posture);
  } finally {
    await boss.stop({ graceful: false });
  }
}
