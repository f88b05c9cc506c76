/** The watchdog over real processes that hang in one way or another. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const FIXTURE = fileURLToPath(new URL('./fixtures/watched.ts', import.meta.url));

async function watch(how: string, during?: (child: { pid: number }) => Promise<void>) {
  const child = spawn(process.execPath, [FIXTURE, how], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 });
  let output = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.includes('ready')) resolve();
    });
  });
  const exited = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  await ready;
  await during?.({ pid: child.pid! });
  const [code, signal] = await exited;
  const fatal = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: string; msg: string; role: string; lag?: number; stack?: string[] })
    .find(({ level }) => level === 'fatal');
  return { code, signal, fatal };
}

test('a blocked event loop ends the process, and the log says where it was', async () => {
  const { code, signal, fatal } = await watch('block');
  assert.deepEqual([code, signal], [null, 'SIGKILL']);
  assert.match(fatal?.msg ?? '', /event loop stands still/);
  assert.equal(fatal?.role, 'watched');
  assert.ok(fatal?.lag !== undefined && fatal.lag >= 1500);
  assert.match(fatal.stack?.[0] ?? '', /^spin .*watched\.ts:\d+$/);
});

test('work in hand that never ends, too', async () => {
  const { code, fatal } = await watch('stall');
  assert.equal(code, 1);
  assert.match(fatal?.msg ?? '', /no progress/);
});

test('work that waits for a database which is away is nothing to end a process for', async () => {
  const { code, fatal } = await watch('away');
  assert.equal(fatal, undefined);
  assert.equal(code, 0);
});

test('a process that was frozen goes on: it did not block itself', async () => {
  const { code, fatal } = await watch('freeze', async ({ pid }) => {
    process.kill(pid, 'SIGSTOP');
    await sleep(4000);
    process.kill(pid, 'SIGCONT');
  });
  assert.equal(fatal, undefined);
  assert.equal(code, 0);
});

test('a process that is well is left alone', async () => {
  const { code, fatal } = await watch('well');
  assert.equal(fatal, undefined);
  assert.equal(code, 0);
});
