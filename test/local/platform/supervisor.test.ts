import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TaskView } from '../../../local/contract/index.ts';
import { isRunning } from '../../../local/platform/process.ts';
import { superviseTasks, type SupervisorOptions } from '../../../local/platform/supervisor.ts';
import type { Role } from '../../../posture/limits.ts';
import { firstLine, guardFor, quickPosture, temporaryDirectory, until } from './support.ts';

const APP = fileURLToPath(new URL('fixtures/app.ts', import.meta.url));

/** ms; only a hang reaches it. */
const READY_WITHIN = 60_000;

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
  /** The role's task that is healthy: on a busy machine it need not be the first that was started. */
  const healthy = (role: Role) =>
    until(`a healthy ${role}`, () => supervisor.views().find((view) => view.role === role && view.state === 'healthy'));
  /** Resolves when another task is healthy in the place of this one, whose process has ended. */
  async function succeeded({ id, role, pid }: TaskView): Promise<void> {
    await until('a successor', async () => (await healthy(role)).id !== id);
    await until('the end of the old one', () => !isRunning(pid!));
  }
  return { supervisor, said, logs, task, healthy, succeeded };
}

const act = (port: number, what: string) => fetch(`http://127.0.0.1:${port}/act?do=${what}`).then((r) => r.text());

test('tasks become healthy, each on a port of its own, with the health that the operator may see', async (t) => {
  const { supervisor } = await supervise(t, { roles: { web: 2, worker: 1 } });
  await Promise.all([supervisor.ready('web', READY_WITHIN), supervisor.ready('worker', READY_WITHIN)]);
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
  await supervisor.ready('web', READY_WITHIN);
  const command = await readFile(`/proc/${task('web-1')!.pid}/cmdline`, 'utf8').catch(() => undefined);
  if (command === undefined) return t.skip('no /proc here');
  assert.match(command, /--max-old-space-size=\d+\0.*app\.ts\0web/);
});

test('a killed task is replaced at once', async (t) => {
  const { supervisor, said, task } = await supervise(t);
  await supervisor.ready('worker', READY_WITHIN);
  supervisor.kill('worker-1', 'SIGKILL');
  const next = await until('a successor', () => task('worker-1-2'));
  await supervisor.ready('worker', READY_WITHIN);
  assert.equal(next.lastExit, 'SIGKILL');
  assert.equal(next.restarts, 1);
  assert.deepEqual(said, ['worker-1 ended (SIGKILL); starting anew']);
});

/** A start on a busy machine is over within it, and it is what these tests wait for. */
const GRACE = '5s';

test('a task that hangs fails its health checks and is replaced; SIGKILL ends it after stopTimeout', async (t) => {
  const posture = quickPosture({ rollout: { healthGrace: GRACE }, web: { stopTimeout: '500ms' } });
  const { said, healthy, succeeded } = await supervise(t, { posture, roles: { web: 1, worker: 0 } });
  const sick = await healthy('web');
  await act(sick.port, 'deaf');
  await act(sick.port, 'hang');
  await succeeded(sick);
  assert.match(
    said.join('\n'),
    new RegExp(`${sick.id} is unhealthy \\(/live did not answer within 1000 ms\\); replacing it`),
  );
});

test('a stopped process (SIGSTOP) is seen as unhealthy and replaced', async (t) => {
  const posture = quickPosture({ rollout: { healthGrace: GRACE }, worker: { stopTimeout: '300ms' } });
  const { supervisor, healthy, succeeded } = await supervise(t, { posture, roles: { web: 0, worker: 1 } });
  const stopped = await healthy('worker');
  supervisor.kill(stopped.id, 'SIGSTOP');
  await succeeded(stopped);
});

test('within its grace a new task is not replaced however it answers', async (t) => {
  const posture = quickPosture({ rollout: { healthGrace: '10s' }, web: { stopTimeout: '500ms' } });
  const { task, healthy, succeeded } = await supervise(t, { posture, roles: { web: 1, worker: 0 } });
  const sick = await healthy('web');
  await act(sick.port, 'hang');
  await until('unhealthy', () => task(sick.id)?.state === 'unhealthy');
  await until('the replacement', () => task(sick.id) === undefined);
  assert.ok(Date.now() - Date.parse(sick.startedAt) >= 10_000);
  await succeeded(sick);
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
  await Promise.all([supervisor.ready('web', READY_WITHIN), supervisor.ready('worker', READY_WITHIN)]);
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
  await supervisor.ready('web', READY_WITHIN);
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
  await supervisor.ready('web', READY_WITHIN);
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
