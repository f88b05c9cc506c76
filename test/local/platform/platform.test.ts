import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startPlatform, type PlatformOptions } from '../../../local/platform/platform.ts';
import { isRunning } from '../../../local/platform/process.ts';
import { firstLine, processesMentioning, quickPosture, temporaryDirectory, until } from './support.ts';

const APP = fileURLToPath(new URL('fixtures/app.ts', import.meta.url));

async function start(t: TestContext, options: Partial<PlatformOptions> = {}) {
  const dataDirectory = join(await temporaryDirectory(t), 'data');
  const said: string[] = [];
  const steps: string[] = [];
  const platform = await startPlatform({
    posture: quickPosture(),
    dataDirectory,
    keep: false,
    durable: false,
    env: { TELEGRAM_API_ROOT: 'http://127.0.0.1:1' },
    roles: { web: 2, worker: 1 },
    app: APP,
    say: (line) => said.push(line),
    onStep: (done) => steps.push(done),
    ...options,
  });
  t.after(() => platform.end());
  const post = (body: object = {}) =>
    fetch(platform.webhookUrl, {
      method: 'POST',
      headers: { 'x-telegram-bot-api-secret-token': platform.webhookSecret },
      body: JSON.stringify(body),
    });
  return { platform, dataDirectory, said, steps, post };
}

test('everything starts in order, serves in turn, and leaves neither process nor data', async (t) => {
  const { platform, dataDirectory, steps, post } = await start(t);
  assert.equal(steps.length, 4);
  assert.match(
    steps.join('; '),
    /^PostgreSQL on port \d+; front door at .*; schema migrated; 2 web and 1 worker tasks/,
  );
  const answers = await Promise.all(Array.from({ length: 6 }, () => post().then((r) => r.json())));
  const by = (answers as { pid: number; secret: string }[]).map(({ pid }) => pid);
  assert.equal(new Set(by).size, 2);
  assert.ok((answers as { secret: string }[]).every(({ secret }) => secret === platform.webhookSecret));
  assert.deepEqual(platform.frontDoor(), { url: platform.url, requests: 6, errors: 0 });
  await until('the look at the sessions', () => platform.database().state === 'up');
  assert.equal(platform.database().maxConnections, 200);

  const pids = [...platform.tasks().map(({ pid }) => pid!), platform.postgres.pid!];
  await platform.stop();
  assert.deepEqual(pids.filter(isRunning), []);
  await assert.rejects(stat(dataDirectory), { code: 'ENOENT' });
  await assert.rejects(fetch(platform.url));
});

test('with one web task killed every request is still answered by the other', async (t) => {
  const { platform, post } = await start(t);
  platform.kill('web-1', 'SIGKILL');
  await until('the successor', () => platform.tasks().find(({ id }) => id === 'web-1-2')?.state === 'healthy');
  const statuses = await Promise.all(Array.from({ length: 10 }, () => post().then(({ status }) => status)));
  assert.deepEqual(new Set(statuses), new Set([200]));
});

test('a rolling replacement loses no request', async (t) => {
  const { platform, post } = await start(t);
  const replaced = platform.replace('web-1').then(() => platform.replace('web-2'));
  let rolling = true;
  void replaced.finally(() => (rolling = false));
  const statuses: number[] = [];
  // Some after it as well, where the machine is so slow that few came in between.
  while (rolling || statuses.length < 10) statuses.push((await post({ slow: 20 })).status);
  await replaced;
  assert.deepEqual(new Set(statuses), new Set([200]));
});

test('a request that is being answered when the platform stops is answered', async (t) => {
  const { platform, post } = await start(t);
  const pending = post({ slow: 400 });
  await until('the request', () => platform.frontDoor().requests === 1);
  const stopped = platform.stop();
  assert.equal((await pending).status, 200);
  await stopped;
});

test('an immediate restart of the database shows and passes', async (t) => {
  const { platform } = await start(t);
  const restarted = platform.restartDatabase();
  await until('restarting', () => platform.database().state === 'restarting');
  await restarted;
  assert.equal(platform.database().state, 'up');
  const client = new pg.Client({ connectionString: platform.databaseUrl });
  await client.connect();
  assert.equal((await client.query('SELECT 1')).rowCount, 1);
  await client.end();
});

test('with keep the data are found again', async (t) => {
  const dataDirectory = join(await temporaryDirectory(t), 'data');
  const first = await start(t, { dataDirectory, keep: true });
  const client = new pg.Client({ connectionString: first.platform.databaseUrl });
  await client.connect();
  await client.query('CREATE TABLE kept AS SELECT 42 AS answer');
  await client.end();
  await first.platform.stop();
  const second = await start(t, { dataDirectory, keep: true });
  const again = new pg.Client({ connectionString: second.platform.databaseUrl });
  await again.connect();
  assert.deepEqual((await again.query('SELECT answer FROM kept')).rows, [{ answer: 42 }]);
  await again.end();
});

test('data that another platform uses are not touched', async (t) => {
  const dataDirectory = join(await temporaryDirectory(t), 'data');
  const first = await start(t, { dataDirectory, keep: true });
  await assert.rejects(start(t, { dataDirectory, keep: true }), /data.* are in use by process \d+/);
  assert.equal(first.platform.database().state, 'up');
});

test('an owner that is gone does not hold the data, though its process id is in use again', async (t) => {
  const dataDirectory = join(await temporaryDirectory(t), 'data');
  const first = await start(t, { dataDirectory, keep: true });
  await first.platform.stop();
  await writeFile(join(dataDirectory, 'owner'), `${process.pid} Thu Jan  1 00:00:00 1970`);
  const second = await start(t, { dataDirectory, keep: true });
  assert.equal(second.platform.database().state, 'up');
});

test('a failed migration says how it failed and leaves nothing', async (t) => {
  const dataDirectory = join(await temporaryDirectory(t), 'data');
  await assert.rejects(
    start(t, { dataDirectory, env: { MODE: 'bad-migration' } }),
    /the migration failed \(exit code 1\)[^]*fatal: relation "updates" already exists/,
  );
  assert.deepEqual(processesMentioning(dataDirectory), []);
  await assert.rejects(stat(dataDirectory), { code: 'ENOENT' });
});

test('tasks that cannot start end the start, soon', async (t) => {
  const dataDirectory = join(await temporaryDirectory(t), 'data');
  await assert.rejects(
    start(t, { dataDirectory, env: { MODE: 'crash' }, roles: { web: 1, worker: 0 } }),
    /crashed 3 times: web-1 \(exit code 1; .*\)/,
  );
  assert.deepEqual(processesMentioning(dataDirectory), []);
});

test('an aborted start ends what it had started', async (t) => {
  const dataDirectory = join(await temporaryDirectory(t), 'data');
  const cancel = new AbortController();
  await assert.rejects(start(t, { dataDirectory, signal: cancel.signal, onStep: () => cancel.abort() }), {
    name: 'AbortError',
  });
  assert.deepEqual(processesMentioning(dataDirectory), []);
  await assert.rejects(stat(dataDirectory), { code: 'ENOENT' });
});

test('when the program is killed, neither process nor data stay', async (t) => {
  const dataDirectory = join(await temporaryDirectory(t), 'data');
  const owner = spawn(
    process.execPath,
    [fileURLToPath(new URL('fixtures/owns-platform.ts', import.meta.url)), APP, dataDirectory],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => owner.kill('SIGKILL'));
  const pids = JSON.parse(await firstLine(owner)) as number[];
  assert.equal(pids.length, 4);
  assert.deepEqual(pids.filter(isRunning), pids);
  owner.kill('SIGKILL');
  await until('the end of all', () => !pids.some(isRunning));
  await until('the end of the data', () =>
    stat(dataDirectory).then(
      () => false,
      () => true,
    ),
  );
});

test("a task gets nothing of the user's environment", async (t) => {
  process.env['USERS_SECRET'] = 'leak';
  t.after(() => delete process.env['USERS_SECRET']);
  const { platform } = await start(t, { roles: { web: 1, worker: 0 } });
  const environment = await readFile(`/proc/${platform.tasks()[0]!.pid}/environ`, 'utf8').catch(() => undefined);
  if (environment === undefined) return t.skip('no /proc here');
  assert.doesNotMatch(environment, /USERS_SECRET/);
  assert.match(environment, /TELEGRAM_API_ROOT/);
});
