import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createHttpClient } from '../../../app/providers/http.ts';
import { ProviderFailure } from '../../../app/providers/policy.ts';

async function serve(t: TestContext, listener: RequestListener, maxBytes?: number) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const http = createHttpClient({
    name: 'someone',
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`,
    timeout: 20_000,
    connections: 2,
    ...(maxBytes !== undefined && { maxBytes }),
  });
  t.after(() => http.close());
  return http;
}

const signal = new AbortController().signal;
const failed = (outcome: string) => (error: unknown) => error instanceof ProviderFailure && error.outcome === outcome;

test('GET and POST: path, query and headers go as they are given; status, headers and JSON come back', async (t) => {
  const seen: unknown[] = [];
  const http = await serve(t, (request, response) => {
    seen.push([request.method, request.url, request.headers['x-api-key'], request.headers['content-type']]);
    response.writeHead(request.method === 'GET' ? 200 : 429, { 'retry-after': '3' });
    request.on('data', (chunk) => seen.push(String(chunk))).on('end', () => response.end('{"a":1}'));
  });
  const got = await http.request({ method: 'GET', path: '/payment/7?x=%20', headers: { 'x-api-key': 'k' }, signal });
  assert.deepEqual([got.status, got.json], [200, { a: 1 }]);
  const put = await http.request({ method: 'POST', path: '/payment', body: '{}', signal });
  assert.deepEqual([put.status, put.headers['retry-after']], [429, '3']);
  assert.deepEqual(seen, [
    ['GET', '/v1/payment/7?x=%20', 'k', undefined],
    ['POST', '/v1/payment', undefined, 'application/json'],
    '{}',
  ]);
});

test('a page of a gateway is an answer without JSON', async (t) => {
  const http = await serve(t, (_request, response) => void response.writeHead(502).end('<html>'));
  const { status, json } = await http.request({ method: 'GET', path: '/', signal });
  assert.deepEqual([status, json], [502, undefined]);
});

test('an answer beyond the limit is cut off, whether it says its length or not; at the limit it is taken', async (t) => {
  const large = JSON.stringify('x'.repeat(1_000));
  const http = await serve(
    t,
    ({ url }, response) => {
      if (url === '/v1/said') return response.end(large);
      if (url === '/v1/just') return response.end(large.slice(0, 1_000));
      // Without a length, and without an end.
      const more = (): void => {
        if (!response.destroyed && response.write(large)) setImmediate(more);
        else response.once('drain', more);
      };
      return more();
    },
    1_000,
  );
  for (const path of ['/said', '/endless'])
    await assert.rejects(http.request({ method: 'GET', path, signal }), failed('unknown'));
  assert.equal((await http.request({ method: 'GET', path: '/just', signal })).status, 200);
});

test('a stream comes as it is sent; broken off it fails, and left early it is closed', async (t) => {
  const answers: ServerResponse[] = [];
  const http = await serve(t, (_request, response) => {
    answers.push(response);
    response.write('one');
  });
  const open = () => http.stream({ method: 'GET', path: '/', signal });
  const whole = await open();
  const parts: string[] = [];
  for await (const chunk of whole.body) {
    parts.push(Buffer.from(chunk).toString());
    if (parts.length === 1) answers[0]!.end('two');
  }
  assert.deepEqual(parts, ['one', 'two']);

  const broken = await open();
  await assert.rejects(async () => {
    for await (const _chunk of broken.body) answers[1]!.destroy();
  }, failed('unknown'));

  const left = await open();
  const closed = once(answers[2]!, 'close');
  for await (const _chunk of left.body) break;
  await closed;
});

test('a caller that leaves is told its own reason; where nobody listens, nothing was done', async (t) => {
  const http = await serve(t, () => undefined);
  const leaving = new AbortController();
  const reason = new Error('the handler is over');
  const waiting = http.request({ method: 'GET', path: '/', signal: leaving.signal });
  leaving.abort(reason);
  await assert.rejects(waiting, reason);

  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const nobody = createHttpClient({
    name: 'nobody',
    baseUrl: `http://127.0.0.1:${port}`,
    timeout: 20_000,
    connections: 1,
  });
  t.after(() => nobody.close());
  await assert.rejects(nobody.request({ method: 'GET', path: '/', signal }), failed('not-done'));
});
