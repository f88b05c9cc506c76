/** A signal that comes before a role has begun ends it all the same, also as process 1, which no default action ends. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../../harness/wait.ts';

const MAIN = fileURLToPath(new URL('../../../app/main.ts', import.meta.url));

/** Node in which the app gets no further than its first module, and tells when it is there. */
const HOOK = `import { writeSync } from 'node:fs';
  export const load = (url, context, next) => {
    if (!url.endsWith('/roles/start.ts')) return next(url, context);
    writeSync(1, 'loading\\n');
    return new Promise(() => {});
  };`;
const dataUrl = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;
const NEVER_LOADS = dataUrl(
  `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(HOOK))}); setInterval(() => {}, 1000);`,
);

const NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child'];
const linux = process.platform === 'linux' ? false : 'needs /proc';
const namespaces =
  linux ||
  (spawnSync(NAMESPACE[0]!, [...NAMESPACE.slice(1), 'true']).status === 0
    ? false
    : 'needs the right to unshare a PID namespace');

const childOf = (pid: number): number | undefined =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]) || undefined;

async function endEarly(
  t: TestContext,
  role: string,
  before: string[],
): Promise<{ code: number | null; written: string }> {
  const [program, ...args] = [...before, process.execPath, '--import', NEVER_LOADS, MAIN, role];
  const child = spawn(program, args, { env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => void child.kill('SIGKILL'));
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written += text));
  const closed = once(child, 'close') as Promise<[number | null]>;
  const pid = await waitFor(() => (before.length === 0 ? child.pid : childOf(child.pid!)), { what: 'the process' });
  await waitFor(() => written.includes('loading\n'), { within: 60_000, what: 'the app to begin' });
  process.kill(pid, 'SIGTERM');
  const [code] = await closed;
  return { code, written };
}

for (const [how, before, skip] of [
  ['as any process', [], linux],
  ['as process 1', NAMESPACE, namespaces],
] as const)
  for (const role of ['web', 'worker', 'sentinel', 'migrate'])
    test(`${role} ${how}: SIGTERM before it has begun ends it`, { skip }, async (t) => {
      const { code, written } = await endEarly(t, role, [...before]);
      assert.equal((JSON.parse(written.split('\n')[1]!) as { msg: string }).msg, 'ended before it had begun');
      assert.equal(code, role === 'migrate' ? 1 : 0, 'a migration that was cut off is no success');
    });
