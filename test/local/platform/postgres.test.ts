import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startPostgres, type PostgresOptions } from '../../../local/platform/postgres.ts';
import { isRunning } from '../../../local/platform/process.ts';
import { serverParameters } from '../../../posture/server-parameters.ts';
import { resolve } from '../../../posture/resolve.ts';
import { firstLine, guardFor, temporaryDirectory, until } from './support.ts';

const posture = resolve({ database: { maxConnections: 60, keepalive: { idle: '7s' } } });

async function start(t: TestContext, directory: string, options: Partial<PostgresOptions> = {}) {
  const guard = await guardFor(t);
  const postgres = await startPostgres({ posture, directory, guard, keep: false, ...options });
  t.after(() => postgres.stop('immediate'));
  return postgres;
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

test("the posture's parameters are in force, fsync included", async (t) => {
  const postgres = await start(t, join(await temporaryDirectory(t), 'pg'));
  const rows = await query<{ name: string; setting: string }>(postgres.url(), 'SELECT name, setting FROM pg_settings');
  const settings = new Map(rows.map(({ name, setting }) => [name.toLowerCase(), setting]));
  for (const { name, value } of serverParameters(posture)) assert.equal(settings.get(name), value, name);
  assert.equal(settings.get('max_connections'), '60');
  assert.equal(settings.get('tcp_keepalives_idle'), '7');
  assert.equal(settings.get('fsync'), 'on');
  const [version] = await query<{ server_version: string }>(postgres.url(), 'SHOW server_version');
  assert.match(version!.server_version, /^18\./);
});

test('a wrong password is refused, also on loopback', async (t) => {
  const postgres = await start(t, join(await temporaryDirectory(t), 'pg'));
  await assert.rejects(query(`postgresql://postgres:wrong@127.0.0.1:${postgres.port}/postgres`, 'SELECT 1'), {
    code: '28P01',
  });
});

test('an immediate restart is a crash: sessions are cut, committed rows stay, the port stays', async (t) => {
  const postgres = await start(t, join(await temporaryDirectory(t), 'pg'));
  const url = await postgres.createDatabase('evenkeel');
  await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  const session = new pg.Client({ connectionString: url });
  const cut = new Promise<Error>((seen) => session.once('error', seen));
  await session.connect();
  const before = postgres.pid;
  await postgres.restart('immediate');
  assert.ok(await cut);
  assert.notEqual(postgres.pid, before);
  assert.equal(postgres.state, 'up');
  assert.deepEqual(await query(url, 'SELECT answer FROM kept'), [{ answer: 42 }]);
  assert.match(await readFile(postgres.log, 'utf8'), /database system was not properly shut down/);
});

test('a server that is killed is started again', async (t) => {
  const crashes: string[] = [];
  const postgres = await start(t, join(await temporaryDirectory(t), 'pg'), { onCrash: (how) => crashes.push(how) });
  const before = postgres.pid!;
  process.kill(before, 'SIGKILL');
  await until('a new postmaster', () => postgres.state === 'up' && postgres.pid !== before);
  assert.deepEqual(await query(postgres.url(), 'SELECT 1 AS one'), [{ one: 1 }]);
  assert.equal(crashes[0], 'SIGKILL');
});

test('with keep the data are there at the next start; without it nothing stays', async (t) => {
  const directory = join(await temporaryDirectory(t), 'pg');
  const first = await start(t, directory, { keep: true });
  await query(await first.createDatabase('evenkeel'), 'CREATE TABLE kept AS SELECT 42 AS answer');
  const { pid } = first;
  await first.stop();
  assert.equal(isRunning(pid!), false);

  const second = await start(t, directory, { keep: false });
  const url = await second.createDatabase('evenkeel');
  assert.deepEqual(await query(url, 'SELECT answer FROM kept'), [{ answer: 42 }]);
  await second.stop();
  await assert.rejects(stat(directory), { code: 'ENOENT' });
});

test("a directory that the server's user may not enter does not matter", async (t) => {
  const parent = await temporaryDirectory(t);
  await chmod(parent, 0o700);
  const postgres = await start(t, join(parent, 'pg'));
  assert.deepEqual(await query(postgres.url(), 'SELECT 1 AS one'), [{ one: 1 }]);
  await postgres.stop();
  await assert.rejects(stat(postgres.directory), { code: 'ENOENT' });
});

test('a umask that lets nobody else in does not matter', async (t) => {
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
  const postgres = await start(t, join(await temporaryDirectory(t), 'pg'));
  assert.deepEqual(await query(postgres.url(), 'SELECT 1 AS one'), [{ one: 1 }]);
});

test('a lock file whose process is another program does not keep the server from starting', async (t) => {
  const directory = join(await temporaryDirectory(t), 'pg');
  const first = await start(t, directory, { keep: true });
  await first.stop();
  // This test's own process id: alive, but no PostgreSQL.
  await writeFile(join(directory, 'data', 'postmaster.pid'), `${process.pid}\n${directory}/data\n1\n5432\n`);
  const second = await start(t, directory);
  assert.equal(second.state, 'up');
});

test('a port that is taken is named in the error', async (t) => {
  const directory = await temporaryDirectory(t);
  const first = await start(t, join(directory, 'one'));
  await assert.rejects(
    start(t, join(directory, 'two'), { port: first.port }),
    /^Error: PostgreSQL did not start: .*Address already in use/,
  );
  await assert.rejects(stat(join(directory, 'two')), { code: 'ENOENT' });
});

for (const keep of [false, true])
  test(`when the program is killed the server ends${keep ? '' : ' and its data go'}`, async (t) => {
    const directory = join(await temporaryDirectory(t), 'pg');
    const owner = spawn(
      process.execPath,
      [fileURLToPath(new URL('fixtures/owns-postgres.ts', import.meta.url)), directory, String(keep)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    t.after(() => owner.kill('SIGKILL'));
    const { pid, home } = JSON.parse(await firstLine(owner)) as { pid: number; home: string };
    assert.equal(isRunning(pid), true);
    owner.kill('SIGKILL');
    await until('the end of the server', () => !isRunning(pid));
    if (keep) assert.ok((await stat(join(home, 'data', 'PG_VERSION'))).isFile());
    else
      await until('the end of its data', () =>
        stat(home).then(
          () => false,
          () => true,
        ),
      );
  });
