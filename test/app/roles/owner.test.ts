/**
 * The owner of the schemas, made by an administrator who is no superuser (the master of RDS), who owned them himself in
 * the release before, whose tasks go on meanwhile.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Config } from '../../../app/config.ts';
import { migrate } from '../../../app/roles/migrate.ts';
import { startGuard } from '../../../local/platform/guard.ts';
import { startPostgres } from '../../../local/platform/postgres.ts';
import { roleLimits } from '../../../posture/limits.ts';
import { resolve } from '../../../posture/resolve.ts';
import { cleanup } from '../../harness/cleanup.ts';
import { once } from '../../harness/database.ts';
import { captureLog } from '../../harness/logs.ts';
import { installReleaseBefore, startOldTasks } from './fixtures/release-before.ts';

const undo = cleanup({ after });
const posture = resolve({});
const guard = await startGuard();
undo(() => guard.stop());
const directory = await mkdtemp(join(tmpdir(), 'evenkeel-'));
await chmod(directory, 0o755);
const postgres = await startPostgres({ posture, directory, guard, keep: false, durable: false });
undo(() => postgres.stop('immediate'));

const PASSWORD = 'word-of-the-master';
/** As RDS makes it: no superuser, and the administrator of what a superuser would give away. */
await once(postgres.url(), `CREATE ROLE master LOGIN CREATEROLE CREATEDB PASSWORD '${PASSWORD}'`);
await once(postgres.url(), 'GRANT pg_read_all_stats, pg_signal_backend TO master WITH ADMIN OPTION');

const as = (user: string, password: string, database: string) =>
  `postgres://${user}:${password}@127.0.0.1:${postgres.port}/${database}`;

async function emptyDatabase(name: string) {
  await once(postgres.url(), `CREATE DATABASE ${name} OWNER master`);
  return as('master', PASSWORD, name);
}

const config = (url: string, passwords: Partial<Config<'migrate'>['env']> = postgres.migrationPasswords()) => ({
  role: 'migrate' as const,
  posture,
  env: { DATABASE_URL: url, ...passwords },
});

const OWNERS = `
  SELECT DISTINCT owned::regrole::text AS owner FROM (
    SELECT nspowner AS owned, oid AS schema FROM pg_namespace
    UNION ALL SELECT relowner, relnamespace FROM pg_class
    UNION ALL SELECT typowner, typnamespace FROM pg_type
    UNION ALL SELECT proowner, pronamespace FROM pg_proc
  ) AS object
  WHERE schema IN (SELECT oid FROM pg_namespace WHERE nspname IN ('evenkeel', 'evenkeel_migrations', 'pgboss'))`;

test('a new database belongs to the owner, who may do nothing beside', async (t) => {
  const url = await emptyDatabase('new_one');
  const logs = captureLog();
  await migrate(config(url), logs.log);
  assert.deepEqual(
    logs.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg),
    [],
  );
  assert.deepEqual(await once(url, OWNERS), [{ owner: 'owner' }]);
  const limits = roleLimits(posture);
  assert.deepEqual(
    await once(
      url,
      `SELECT rolname AS role, rolconnlimit AS limit, rolcanlogin AS login,
              rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls AS special
       FROM pg_roles WHERE rolname IN ('owner', 'web', 'worker', 'operator') ORDER BY rolname`,
    ),
    (['operator', 'owner', 'web', 'worker'] as const).map((role) => ({
      role,
      limit: limits[role],
      login: true,
      special: false,
    })),
  );
  const owner = new pg.Client({ connectionString: as('owner', postgres.password('owner'), 'new_one') });
  await owner.connect();
  t.after(() => owner.end());
  for (const statement of [
    'CREATE ROLE mine',
    'ALTER ROLE web SUPERUSER',
    `ALTER ROLE web PASSWORD 'mine'`,
    'CREATE DATABASE mine',
    'SET ROLE master',
    'ALTER DATABASE new_one SET work_mem = 1',
    `COPY evenkeel.inbox TO PROGRAM 'cat'`,
    `SELECT pg_read_file('/etc/passwd')`,
  ])
    await assert.rejects(owner.query(statement), { code: '42501' }, statement);
});

test('a second migration hands nothing over and changes nothing', async () => {
  const logs = captureLog();
  const url = await emptyDatabase('twice');
  await migrate(config(url), logs.log);
  await migrate(config(url), logs.log);
  assert.equal(logs.matching(/handed over/).length, 0);
  assert.equal(logs.matching(/schema is up to date/).length, 1);
});

test('without a password of the owner, the administrator migrates in its place', async () => {
  const url = await emptyDatabase('no_login');
  await migrate(config(url, {}), captureLog().log);
  assert.deepEqual(await once(url, OWNERS), [{ owner: 'owner' }]);
});

test('a database of the release before is handed over while its tasks work, and they go on', async () => {
  const name = 'before';
  const url = await emptyDatabase(name);
  await installReleaseBefore(url);
  assert.deepEqual(await once(url, OWNERS), [{ owner: 'master' }]);

  const old = startOldTasks(undo, (role) => as(role, postgres.password(role), name), posture);
  await old.goOn('the old tasks to work');
  const logs = captureLog();
  await migrate(config(url), logs.log);
  await old.goOn('the old tasks to work on what the owner has');
  const stored = await old.stop();

  assert.equal(logs.matching(/handed over/).length, 1);
  assert.deepEqual(await once(url, OWNERS), [{ owner: 'owner' }]);
  const [kept] = await once(url, 'SELECT count(*)::int AS count FROM evenkeel.inbox WHERE bot_id = 2');
  assert.equal(kept!['count'], stored, 'what was acknowledged meanwhile');
  // Taken back: the release before migrates as the master, who owns nothing any more.
  await once(url, 'GRANT SELECT, INSERT ON evenkeel.inbox TO web; ALTER TABLE evenkeel.inbox ADD COLUMN later int');
});

test('the operator sees what is going on, not what people wrote, and changes nothing by accident', async (t) => {
  const url = await emptyDatabase('watched');
  await migrate(config(url), captureLog().log);
  const client = new pg.Client({ connectionString: as('operator', postgres.password('operator'), 'watched') });
  await client.connect();
  t.after(() => client.end());
  for (const statement of [
    'SELECT bot_id, update_id, queue, lane, state, attempts, takeovers, received_at, settled_at FROM evenkeel.inbox',
    'SELECT * FROM evenkeel.lane',
    'SELECT * FROM evenkeel.worker',
    'SELECT bot_id, update_id, role, chat_id, thread_id, created_at FROM evenkeel.message',
    'SELECT id, name, state, created_on FROM pgboss.job',
    'SELECT * FROM pgboss.queue',
    'SELECT * FROM evenkeel_migrations.migration',
    'SELECT usename, query FROM pg_stat_activity',
    'SELECT pg_terminate_backend(0)',
  ])
    await assert.doesNotReject(client.query(statement), statement);
  for (const statement of [
    'SELECT body FROM evenkeel.inbox',
    'SELECT sends FROM evenkeel.inbox',
    'SELECT last_error FROM evenkeel.inbox',
    'SELECT text FROM evenkeel.message',
    'SELECT data FROM pgboss.job',
    'SELECT output FROM pgboss.job',
  ])
    await assert.rejects(client.query(statement), { code: '42501' }, statement);
  await assert.rejects(client.query('CREATE TEMPORARY TABLE mine AS SELECT 1'), { code: '25006' });
  await client.query('SET default_transaction_read_only = off');
  for (const statement of [
    `UPDATE evenkeel.inbox SET state = 'done'`,
    'DELETE FROM evenkeel.inbox',
    'DELETE FROM evenkeel.lane',
    'DELETE FROM pgboss.job',
    'CREATE TABLE public.mine ()',
    'CREATE TABLE evenkeel.mine ()',
    'SET ROLE owner',
  ])
    await assert.rejects(client.query(statement), { code: '42501' }, statement);
  const { rows } = await client.query<{ setting: string }>(
    `SELECT setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_session_timeout') ORDER BY name`,
  );
  assert.deepEqual(
    rows.map(({ setting }) => setting),
    ['1800000', '2000', '30000'],
  );
});

test('an operator more than the posture plans for is refused', async (t) => {
  const few = resolve({ rollout: { operators: 2 } });
  const url = await emptyDatabase('crowded');
  await migrate({ ...config(url), posture: few }, captureLog().log);
  const clients = Array.from(
    { length: 3 },
    () => new pg.Client({ connectionString: as('operator', postgres.password('operator'), 'crowded') }),
  );
  t.after(() => Promise.all(clients.map((client) => client.end().catch(() => undefined))));
  // One after the other: of those that begin at the same moment, the server may refuse more than it has to.
  const [first, second, third] = clients;
  await first!.connect();
  await second!.connect();
  await assert.rejects(third!.connect(), { code: '53300' });
});
