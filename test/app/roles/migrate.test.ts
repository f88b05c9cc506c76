/** The migrate role, as a process and at the same time as another; and what the roles that it makes may do. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { connectionLimits } from '../../../posture/limits.ts';
import { cleanup } from '../../harness/cleanup.ts';
import { freshDatabase } from '../../harness/database.ts';
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
      FROM information_schema.table_privileges WHERE grantee IN ('web', 'worker')
      UNION ALL SELECT format('%s %s %s', name, policy, expire_seconds) FROM pgboss.queue
    ) AS lines`);

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

test('a database that is away ends the migration with one line that says so', async (t) => {
  const task = await world.startTask(t, 'migrate', {
    env: { DATABASE_URL: 'postgres://postgres:hush@127.0.0.1:1/postgres' },
  });
  assert.equal((await task.exited).code, 1);
  assert.deepEqual(
    task.logs.map(({ level, msg }) => [level, msg]),
    [['fatal', 'migrate cannot start']],
  );
  assert.match(String(task.logs[0]!['error']), /ECONNREFUSED/);
  assert.doesNotMatch(task.output.join('\n'), /hush/);
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
  const results = await Promise.allSettled(clients.map((client) => client.connect()));
  const refused = results.filter((result) => result.status === 'rejected');
  assert.deepEqual(
    refused.map(({ reason }) => (reason as { code: string }).code),
    ['53300'],
  );
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
  const allowed = [update, 'SELECT count(*) FROM evenkeel.inbox', 'SELECT count(*) FROM pgboss.job'];
  assert.deepEqual(
    await tryAs('web', allowed),
    allowed.map(() => 'allowed'),
  );
  const forbidden = [
    'SELECT FROM evenkeel.message',
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
  const worker = forbidden.slice(3).filter((statement) => !statement.includes('pgboss'));
  assert.deepEqual(
    await tryAs('worker', worker),
    worker.map(() => DENIED),
  );
});
