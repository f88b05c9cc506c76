/** `npm run smoke` against a real web task, and against what is not one. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startWorld } from '../harness/world.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/smoke.ts');

const smoke = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((done) => {
    execFile(process.execPath, [SCRIPT, ...args], (error, out, err) =>
      done({ code: error ? Number(error.code) : 0, out, err }),
    );
  });

test('a bot that is well passes', async () => {
  const world = await startWorld({ after });
  const [web, worker] = [await world.startTask({ after }, 'web'), await world.startTask({ after }, 'worker')];
  await Promise.all([web.ready(), worker.ready()]);
  const { code, out, err } = await smoke(await web.url());
  assert.equal(err, '');
  assert.equal(code, 0);
  assert.match(out, /is healthy, and lets in nobody without a secret/);
});

test('what is unwell, or lets anybody in, is said line by line', async (t) => {
  const server = createServer((request, response) => {
    const health = request.url === '/health';
    response.writeHead(health ? 503 : 200).end(health ? '{"status":"unhealthy"}' : 'ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { code, err } = await smoke(origin, '--within', '1');
  assert.equal(code, 1);
  assert.deepEqual(err.trimEnd().split('\n'), [
    `${origin}/health is not healthy after 1 s: 503 {"status":"unhealthy"}`,
    "an update without Telegram's secret was not refused: 200 ok",
    ...Array<string>(2).fill('a callback without a signature was not refused: 200 ok'),
    'a stranger at /metrics was not refused: 200 ok',
  ]);
});

test('nobody there, and no address', async () => {
  const nobody = await smoke('http://127.0.0.1:9', '--within', '1');
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /^http:\/\/127\.0\.0\.1:9\/health is not healthy after 1 s: \S/);
  for (const args of [
    [],
    ['bot.example.com'],
    ['https://a', 'https://b'],
    ['https://a', '--within', 'soon'],
    ['--witin', '3'],
  ]) {
    const { code, err } = await smoke(...args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(err.trimEnd().split('\n').length, 1);
  }
});
