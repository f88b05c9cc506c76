import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isRunning } from '../../../local/platform/process.ts';
import { superviseTasks, type SupervisorOptions } from '../../../local/platform/supervisor.ts';
import { firstLine, guardFor, quickPosture, temporaryDirectory, until } from './support.ts';

const APP = fileURLToPath(new URL('fixtures/app.ts', import.meta.url));

async function supervise(t: TestContext, options: Partial<SupervisorOptions> = {}) {
  const said: string[] = [];
  const logs = await temporaryDirectory(t);
  const supervisor = await superviseTasks({
    posture: quickPosture(),
    roles: { web: 1, worker: 1 },
    env: () => ({ OPERATOR_TOKEN: 'operator' }),
    operatorToken: 'operator',
    logs,
    guard: await guardFor(t),
    say: (line) => said.push(line),
    app: APP,
    backoff: { first: 200, max: 800 },
    ...options,
  });
  t.after(() => supervisor.endAll());
  const task = (id: string) => supervisor.views().find((view) => view.id === id);
  return { supervisor, said, logs, task };
}

const act = (port: number, what: string) => fetch(`http://127.0.0.1:${port}/act?do=${what}`).then((r) => r.text());

test('tasks become healthy, each on a port of its own, with the health that the operator may see', async (t) => {
  const { supervisor } = await supervise(t, { roles: { web: 2, worker: 1 } });
  await Promise.all([supervisor.ready('web', 10_000), supervisor.ready('worker', 10_000)]);
  const views = await until('the health of all', () => {
    const seen = supervisor.views();
    return seen.every(({ health }) => health) && seen;
  });
  assert.deepEqual(
    views.map(({ id, role, state, restarts }) => ({ id, role, state, restarts })),
    [
      { id: 'web-1', role: 'web', state: 'healthy', restarts: 0 },
      { id: 'web-2', role: 'web', state: 'healthy', restarts: 0 },
      { id: 'worker-1', role: 'worker', state: 'healthy', restarts: 0 },
    ],
  );
  assert.equal(new Set(views.map(({ port }) => port)).size, 3);
  for (const { pid, health } of views) assert.equal(health?.pid, pid);
});

test('the heap limit of the posture is in the command line', async (t) => {
  const { supervisor, task } = await supervise(t, { posture: quickPosture({ web: { memory: '768MiB' } }) });
  await supervisor.ready('web', 10_000);
  const command = await readFile(`/proc/${task('web-1')!.pid}/cmdline`, 'utf8').catch(() => undefined);
  if (command === undefined) return t.skip('no /proc here');
  assert.match(command, /--max-old-space-size=\d+\0.*app\.ts\0web/);
});

test('a killed task is replaced at once', async (t) => {
  const { supervisor, said, task } = await supervise(t);
  await supervisor.ready('worker', 10_000);
  supervisor.kill('worker-1', 'SIGKILL');
  const next = await until('a successor', () => task('worker-1-2'));
  await supervisor.ready('worker', 10_000);
  assert.equal(next.lastExit, 'SIGKILL');
  assert.equal(next.restarts, 1);
  assert.deepEqual(said, ['worker-1 ended (SIGKILL); starting anew']);
});

test('a task that hangs fails its health checks and is replaced; SIGKILL ends it after stopTimeout', async (t) => {
  const posture = quickPosture({ rollout: { healthGrace: '500ms' }, web: { stopTimeout: '500ms' } });
  const { supervisor, said, task } = await supervise(t, { posture });
  await supervisor.ready('web', 10_000);
  const { pid, port } = task('web-1')!;
  await act(port, 'deaf');
  await act(port, 'hang');
  await until('a successor', () => task('web-1-2')?.state === 'healthy');
  await until('the end of the old one', () => !isRunning(pid!));
  assert.match(said.join('\n'), /web-1 is unhealthy \(\/live did not answer within 200 ms\); replacing it/);
});

test('a stopped process (SIGSTOP) is seen as unhealthy and replaced', async (t) => {
  const posture = quickPosture({ rollout: { healthGrace: '500ms' }, worker: { stopTimeout: '300ms' } });
  const { supervisor, task } = await supervise(t, { posture });
  await supervisor.ready('worker', 10_000);
  const { pid } = task('worker-1')!;
  supervisor.kill('worker-1', 'SIGSTOP');
  await until('a successor', () => task('worker-1-2')?.state === 'healthy');
  await until('the end of the old one', () => !isRunning(pid!));
});

test('within its grace a new task is not replaced however it answers', async (t) => {
  const posture = quickPosture({ rollout: { healthGrace: '1500ms' } });
  const { supervisor, task } = await supervise(t, { posture });
  await supervisor.ready('web', 10_000);
  const { port, pid, startedAt } = task('web-1')!;
  await act(port, 'hang');
  await until('unhealthy', () => task('web-1')?.state === 'unhealthy');
  await until('the replacement', () => task('web-1-2'));
  assert.ok(Date.now() - Date.parse(startedAt) >= 1500);
  await until('the end of the old one', () => !isRunning(pid!));
});

test('a crash loop is slowed down', async (t) => {
  const { supervisor, said } = await supervise(t, {
    roles: { web: 0, worker: 1 },
    env: () => ({ MODE: 'crash' }),
  });
  await until('five ends', () => said.filter((line) => line.includes('ended')).length >= 5);
  const ends = said.filter((line) => line.includes('ended')).slice(0, 5);
  assert.deepEqual(
    ends.map((line) => line.replace(/^.*?;/, '').trim()),
    ['starting anew', 'next start in 0.2 s', 'next start in 0.4 s', 'next start in 0.8 s', 'next start in 0.8 s'],
  );
  assert.match(said.join('\n'), /worker-1 Error: this task cannot start/);
  assert.equal(supervisor.views()[0]?.lastExit, 'exit code 1');
});

test('SIGTERM drains; a task that ignores it is ended after stopTimeout', async (t) => {
  const { supervisor, task, logs } = await supervise(t, {
    posture: quickPosture({ worker: { stopTimeout: '700ms' } }),
  });
  await Promise.all([supervisor.ready('web', 10_000), supervisor.ready('worker', 10_000)]);
  await act(task('worker-1')!.port, 'deaf');
  const started = Date.now();
  await supervisor.stopAll();
  assert.ok(Date.now() - started >= 700);
  assert.equal(task('web-1')?.lastExit, 'exit code 0');
  assert.equal(task('worker-1')?.lastExit, 'SIGKILL');
  assert.match(await readFile(join(logs, 'web-1.log'), 'utf8'), /draining/);
});

test('a rolling replacement has the new task healthy before the old one leaves', async (t) => {
  const healthy: number[] = [];
  const { supervisor, task } = await supervise(t, {
    onChange: (tasks) => healthy.push(tasks.filter(({ role, state }) => role === 'web' && state === 'healthy').length),
  });
  await supervisor.ready('web', 10_000);
  const { pid } = task('web-1')!;
  healthy.length = 0;
  await supervisor.replace('web-1');
  assert.ok(healthy.length > 0 && healthy.every((count) => count >= 1), `healthy: ${healthy.join(' ')}`);
  assert.equal(isRunning(pid!), false);
  assert.equal(task('web-1-2')?.state, 'healthy');
  assert.equal(supervisor.tasks().length, 2);
});

test('a successor that never becomes healthy leaves the old task in place', async (t) => {
  let mode = '';
  const { supervisor, task } = await supervise(t, { env: () => ({ MODE: mode }) });
  await supervisor.ready('web', 10_000);
  mode = 'crash';
  await assert.rejects(supervisor.replace('web-1'), /web-1 stays: its successor was not healthy .*exit code 1/);
  assert.equal(task('web-1')?.state, 'healthy');
});

test('no task outlives a supervisor that is killed', async (t) => {
  const owner = spawn(
    process.execPath,
    [fileURLToPath(new URL('fixtures/owns-tasks.ts', import.meta.url)), APP, await temporaryDirectory(t)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.after(() => owner.kill('SIGKILL'));
  const pids = JSON.parse(await firstLine(owner)) as number[];
  assert.equal(pids.length, 3);
  owner.kill('SIGKILL');
  await until('the end of all tasks', () => !pids.some(isRunning));
});
