/** The migrate role, as a process and at the same time as another; and what the roles that it makes may do. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Config } from '../../../app/config.ts';
import { SEQUENCES, TABLES } from '../../../app/database/grants.ts';
import { migrate } from '../../../app/roles/migrate.ts';
import { connectionLimits } from '../../../posture/limits.ts';
import { resolve } from '../../../posture/resolve.ts';
import { cleanup } from '../../harness/cleanup.ts';
import { freshDatabase, once } from '../../harness/database.ts';
import { captureLog } from '../../harness/logs.ts';
import { startProxy, through } from '../../harness/proxy.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });

/** Everything that a migration makes, as text: tables, columns, indexes, grants, queues and their options. */
const schemaOf = (database: { sql: typeof world.database.sql }) =>
  database.sql(`
    SELECT string_agg(line, E'\\n' ORDER BY line) AS schema FROM (
      SELECT format('%s.%s.%s %s', table_schema, table_name, column_name, data_type) AS line
      FROM information_schema.columns WHERE table_schema IN ('evenkeel', 'pgboss')
      UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname IN ('evenkeel', 'pgboss')
      UNION ALL SELECT format('%s %s %s.%s', grantee, privilege_type, table_schema, table_name)
      FROM information_schema.table_privileges WHERE grantee IN ('web', 'worker', 'operator')
      UNION ALL SELECT format('%s %s %s', name, policy, expire_seconds) FROM pgboss.queue
    ) AS lines`);

test('each migration has a number of its own, and none is left out: they run in that order alone', async () => {
  const files = (await readdir(join(import.meta.dirname, '../../../app/database/migrations'))).toSorted();
  assert.deepEqual(
    files.map((file) => Number(/^(\d{4})_[a-z_]+\.sql$/.exec(file)?.[1])),
    files.map((_, index) => index + 1),
    files.join(', '),
  );
});

test('a migration that runs again changes nothing', async (t) => {
  const before = await schemaOf(world.database);
  const task = await world.startTask(t, 'migrate');
  assert.deepEqual(await task.exited, { code: 0, signal: null });
  assert.ok(task.logs.some(({ msg }) => /schema is up to date/.test(msg)));
  assert.deepEqual(await schemaOf(world.database), before);
});

test('migrations at once, of one empty database and of two, all succeed', async (t) => {
  const undo = cleanup(t);
  const [one, two] = [
    await freshDatabase(world.postgres, undo, 'template0'),
    await freshDatabase(world.postgres, undo, 'template0'),
  ];
  const tasks = await Promise.all([one, one, one, two].map((database) => world.startTask(t, 'migrate', { database })));
  for (const task of tasks) {
    const exit = await task.exited;
    assert.deepEqual(exit, { code: 0, signal: null }, task.output.join('\n'));
  }
  assert.deepEqual(await schemaOf(one), await schemaOf(world.database));
  assert.deepEqual(await schemaOf(two), await schemaOf(world.database));
});

const config = (url: string, posture = world.posture): Config<'migrate'> => ({
  role: 'migrate',
  posture,
  env: {
    DATABASE_URL: url,
    ...world.postgres.migrationPasswords(),
  },
});

test('a database that comes back within a minute costs the migration nothing but the wait', async (t) => {
  const proxy = await startProxy(t, world.postgres);
  proxy.mode = 'refuse';
  const database = await world.freshDatabase(t);
  const url = through(proxy, database.url());
  const task = await world.startTask(t, 'migrate', { database, env: { DATABASE_URL: url } });
  await task.logged(/the database is not ready; trying again/);
  proxy.mode = 'pass';
  assert.deepEqual(await task.exited, { code: 0, signal: null }, task.output.join('\n'));
});

test('a database that stays away ends the migration, each cause said once', async () => {
  const logs = captureLog();
  const url = 'postgres://postgres:hush-hush@127.0.0.1:1/postgres';
  const migration = migrate(config(url), logs.log, { patience: 300, pause: 20 });
  await assert.rejects(migration, /ECONNREFUSED/);
  assert.deepEqual(
    logs.lines.map(({ level, msg }) => [level, msg]),
    [['warn', 'the database is not ready; trying again for a minute']],
  );
  assert.doesNotMatch(JSON.stringify(logs.lines), /hush-hush/);
});

test('what no wait mends ends the migration at once', async (t) => {
  const task = await world.startTask(t, 'migrate', {
    env: { DATABASE_URL: world.database.url().replace(/:[^:@]+@/, ':wrong-password@') },
  });
  assert.equal((await task.exited).code, 1);
  assert.deepEqual(
    task.logs.map(({ level, msg }) => [level, msg]),
    [['fatal', 'migrate cannot start']],
  );
  assert.doesNotMatch(task.output.join('\n'), /wrong-password/);
});

test('a server that cannot carry the posture is refused in one line, before anything was changed', async (t) => {
  const database = await world.freshDatabase(t);
  const before = await world.database.sql('SELECT rolname, rolconnlimit FROM pg_roles ORDER BY rolname');
  const larger = { database: { maxConnections: 400, instance: 'db.t4g.medium' }, worker: { pool: 20 } } as const;
  const task = await world.startTask(t, 'migrate', { database, posture: larger });
  assert.equal((await task.exited).code, 2, task.output.join('\n'));
  assert.equal(task.logs.length, 1);
  assert.match(
    task.logs[0]!.msg,
    /^max_connections is 200 on the server, and the posture needs \d{3} .*restart the server/,
  );
  assert.deepEqual(await world.database.sql('SELECT rolname, rolconnlimit FROM pg_roles ORDER BY rolname'), before);
});

test('a server that has another limit, and enough, is told about', async (t) => {
  const database = await world.freshDatabase(t);
  const logs = captureLog();
  await migrate(config(database.url(), resolve({ database: { maxConnections: 199 } })), logs.log);
  assert.deepEqual(
    logs.matching(/max_connections/).map(({ level, found, wanted }) => [level, found, wanted]),
    [['warn', 200, 199]],
  );
});

test('passwords and what people wrote are not in the log of the database, whatever it logs', async (t) => {
  const database = await world.freshDatabase(t);
  await database.sql(`ALTER DATABASE ${database.name} SET log_statement = 'all'`);
  await migrate(config(database.url()), captureLog().log);
  const client = new pg.Client({
    connectionString: database.url(),
    options: '-c log_min_duration_statement=0 -c log_statement=all',
  });
  await client.connect();
  t.after(() => client.end());
  await client.query('SELECT $1::text', ['a secret of mine']);
  await assert.rejects(client.query('SELECT $1::int', ['another secret of mine']));
  const log = await readFile(world.postgres.log, 'utf8');
  assert.match(log, /ALTER ROLE web .* PASSWORD 'SCRAM-SHA-256\$4096:/);
  assert.match(log, /SELECT \$1::text/);
  const passwords = Object.values(world.postgres.migrationPasswords());
  for (const secret of [...passwords, 'a secret of mine']) assert.ok(!log.includes(secret), 'a secret is in the log');
  assert.deepEqual(await once(database.url('worker'), 'SELECT current_user'), [{ current_user: 'worker' }]);
});

test('every table says who may use it', async () => {
  const tables = await world.database.sql<{ name: string; kind: string }>(
    `SELECT relname AS name, relkind AS kind FROM pg_class
     WHERE relnamespace = 'evenkeel'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'i')`,
  );
  for (const { name, kind } of tables)
    assert.ok((kind === 'S' ? SEQUENCES : TABLES)[name], `evenkeel.${name} has no line in app/database/grants.ts`);
});

test('each role may hold as many connections as the posture gives it, and not one more', async (t) => {
  const limits = connectionLimits(world.posture);
  assert.deepEqual(
    await world.database.sql(
      `SELECT rolname, rolconnlimit, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolcanlogin
       FROM pg_roles WHERE rolname IN ('web', 'worker') ORDER BY rolname`,
    ),
    (['web', 'worker'] as const).map((role) => ({
      rolname: role,
      rolconnlimit: limits[role],
      rolsuper: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolbypassrls: false,
      rolcanlogin: true,
    })),
  );
  const clients = Array.from(
    { length: limits.web + 1 },
    () => new pg.Client({ connectionString: world.database.url('web') }),
  );
  t.after(() => Promise.all(clients.map((client) => client.end().catch(() => undefined))));
  // One after the other: of those that begin at the same moment, the server may refuse more than it has to.
  for (const client of clients.slice(1)) await client.connect();
  await assert.rejects(clients[0]!.connect(), { code: '53300' });
});

test('web stores updates and nothing else; worker works and owns nothing', async (t) => {
  async function tryAs(role: 'web' | 'worker', statements: string[]): Promise<string[]> {
    const client = new pg.Client({ connectionString: world.database.url(role) });
    await client.connect();
    t.after(() => client.end());
    const outcomes: string[] = [];
    for (const statement of statements) {
      outcomes.push(
        await client.query(statement).then(
          () => 'allowed',
          (error: { code: string }) => error.code,
        ),
      );
    }
    return outcomes;
  }
  const DENIED = '42501';
  const update = `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body) VALUES (1, 1, 'chat', '1:1', '{}')`;
  const allowed = [
    update,
    `${update} ON CONFLICT (bot_id, update_id) DO NOTHING RETURNING queue, lane`,
    `SELECT queue, lane, min(received_at) FROM evenkeel.inbox WHERE state = 'pending' GROUP BY queue, lane`,
    'SELECT count(*) FROM evenkeel.inbox',
    'SELECT count(*) FROM pgboss.job',
  ];
  assert.deepEqual(
    await tryAs('web', allowed),
    allowed.map(() => 'allowed'),
  );
  const forbidden = [
    'SELECT FROM evenkeel.message',
    'SELECT body FROM evenkeel.inbox',
    'SELECT sends FROM evenkeel.inbox',
    'SELECT last_error FROM evenkeel.inbox',
    'SELECT * FROM evenkeel.inbox',
    `UPDATE evenkeel.inbox SET state = 'done'`,
    'DELETE FROM evenkeel.inbox',
    'TRUNCATE evenkeel.inbox',
    'DELETE FROM pgboss.job',
    'SELECT FROM evenkeel_migrations.migration',
    'CREATE TABLE evenkeel.mine ()',
    'CREATE TABLE public.mine ()',
    'ALTER TABLE evenkeel.inbox ADD COLUMN mine int',
    'DROP TABLE evenkeel.inbox',
    'CREATE ROLE mine',
    `COPY evenkeel.inbox TO PROGRAM 'cat'`,
    `SELECT pg_read_file('/etc/passwd')`,
  ];
  assert.deepEqual(
    await tryAs('web', forbidden),
    forbidden.map(() => DENIED),
  );
  const worker = forbidden.slice(7).filter((statement) => !statement.includes('pgboss'));
  assert.deepEqual(
    await tryAs('worker', worker),
    worker.map(() => DENIED),
  );
});
