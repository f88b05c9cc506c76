import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type RequestListener } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFrontDoor } from '../../../local/platform/front-door.ts';
import { freePort } from '../../../local/platform/ports.ts';
import type { PostureInput } from '../../../posture/schema/index.ts';
import { quickPosture, until } from './support.ts';

const WEBHOOK = '/telegram/webhook';

async function open(t: TestContext, ingress: PostureInput['ingress'] = {}) {
  const door = await startFrontDoor({ posture: quickPosture({ ingress }), host: '127.0.0.1', port: 0 });
  t.after(() => door.stop());
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${door.url}${WEBHOOK}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  return { door, post };
}

async function target(t: TestContext, id: string, listener?: RequestListener) {
  const seen: string[] = [];
  const answer: RequestListener = (incoming, response) => {
    void text(incoming).then((body) => {
      seen.push(body);
      response.writeHead(200, { 'content-type': 'application/json', 'x-task': id });
      response.end(JSON.stringify({ id, body, headers: incoming.headers }));
    });
  };
  const server = createServer(listener ?? answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { id, port: (server.address() as AddressInfo).port, seen, server };
}

async function text(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

test('only the known paths are forwarded, each with its method', async (t) => {
  const { door } = await open(t);
  const one = await target(t, 'one');
  door.serve([one]);
  const status = async (method: string, path: string) => (await fetch(door.url + path, { method })).status;
  for (const path of ['/live', '/ready', '/health', '/health?full=1']) assert.equal(await status('GET', path), 200);
  assert.equal(await status('POST', WEBHOOK), 200);
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', WEBHOOK],
    ['POST', '/live'],
    ['GET', '/metrics'],
    ['GET', '/db-status'],
    ['POST', '/telegram/webhook/'],
  ] as const)
    assert.equal(await status(method, path), 404, `${method} ${path}`);
  assert.equal(one.seen.length, 5);
  assert.deepEqual(door.counts(), { requests: 11, errors: 0 });
});

test('body, secret and status pass through as they are; the client is named', async (t) => {
  const { door, post } = await open(t);
  door.serve([await target(t, 'one')]);
  const answer = await post({ update_id: 7, text: 'ü'.repeat(100_000) }, { 'x-telegram-bot-api-secret-token': 's' });
  const { body, headers } = (await answer.json()) as { body: string; headers: Record<string, string> };
  assert.deepEqual(JSON.parse(body), { update_id: 7, text: 'ü'.repeat(100_000) });
  assert.equal(headers['x-telegram-bot-api-secret-token'], 's');
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(answer.headers.get('x-task'), 'one');
});

test('healthy targets get requests in turn', async (t) => {
  const { door, post } = await open(t);
  const targets = [await target(t, 'one'), await target(t, 'two'), await target(t, 'three')];
  door.serve(targets);
  for (let i = 0; i < 9; i++) assert.equal((await post({ i })).status, 200);
  assert.deepEqual(
    targets.map(({ seen }) => seen.length),
    [3, 3, 3],
  );
});

test('no healthy target: 503 with Retry-After, whatever the body', async (t) => {
  const { door, post } = await open(t);
  const answer = await post({ text: 'x'.repeat(500_000) });
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '5');
  assert.deepEqual(door.counts(), { requests: 1, errors: 1 });
});

test('a target that breaks the connection: 502, and the request is not sent to another', async (t) => {
  const { door, post } = await open(t);
  let received = 0;
  const breaks: RequestListener = (incoming) => {
    void text(incoming).then(() => {
      received++;
      incoming.socket.destroy();
    });
  };
  door.serve([await target(t, 'one', breaks), await target(t, 'two', breaks)]);
  assert.equal((await post({})).status, 502);
  assert.equal(received, 1);
});

test('a target where nobody listens: the request goes to the next, body and all', async (t) => {
  const { door, post } = await open(t);
  const one = await target(t, 'one');
  door.serve([{ id: 'gone', port: await freePort() }, one]);
  for (let i = 0; i < 4; i++) assert.equal((await post({ i, text: 'x'.repeat(200_000) })).status, 200);
  assert.equal(one.seen.length, 4);
  door.serve([{ id: 'gone', port: await freePort() }]);
  assert.equal((await post({})).status, 502);
});

test('an answer that breaks off is not passed on as a whole one', async (t) => {
  const { door } = await open(t);
  door.serve([
    await target(t, 'one', (_incoming, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.destroy());
    }),
  ]);
  await assert.rejects(fetch(`${door.url}/health`).then((answer) => answer.text()));
});

test('a target that does not answer within the idle timeout: 504', async (t) => {
  const { door, post } = await open(t, { idleTimeout: '1s' });
  door.serve([await target(t, 'one', () => undefined)]);
  assert.equal((await post({})).status, 504);
});

test('a client that goes away ends its request at the target', async (t) => {
  const { door } = await open(t);
  let closed = false;
  let arrived = false;
  door.serve([
    await target(t, 'one', (incoming) => {
      arrived = true;
      incoming.socket.once('close', () => (closed = true));
    }),
  ]);
  const client = request(`${door.url}/health`);
  client.on('error', () => undefined);
  client.end();
  await until('the request at the target', () => arrived);
  client.destroy();
  await until('its end', () => closed);
});

test('a target that leaves gets no new request and finishes the old; then it is let go', async (t) => {
  const { door, post } = await open(t, { deregistrationDelay: '5s' });
  let finish: (() => void) | undefined;
  const slow = await target(t, 'slow', (incoming, response) => {
    void text(incoming).then(() => (finish = () => response.end('slow')));
  });
  const other = await target(t, 'other');
  door.serve([slow]);
  const pending = post({});
  await until('the request at the target', () => finish);
  door.serve([other]);
  let released = false;
  const drained = door.drained('slow').then(() => (released = true));
  assert.equal(await (await post({ n: 1 })).json().then((answer) => (answer as { id: string }).id), 'other');
  assert.equal(released, false);
  finish?.();
  assert.equal(await (await pending).text(), 'slow');
  await drained;
});

test('a target that leaves and never finishes is let go after deregistrationDelay', async (t) => {
  const { door, post } = await open(t, { deregistrationDelay: '400ms' });
  let arrived = false;
  door.serve([await target(t, 'hung', () => (arrived = true))]);
  const pending = post({});
  await until('the request at the target', () => arrived);
  door.serve([]);
  const started = Date.now();
  await door.drained('hung');
  assert.ok(Date.now() - started >= 390);
  assert.equal((await pending).status, 502);
});

test('connections to targets are kept and used again', async (t) => {
  const { door, post } = await open(t);
  const one = await target(t, 'one');
  let connections = 0;
  one.server.on('connection', () => connections++);
  door.serve([one]);
  for (let i = 0; i < 20; i++) await (await post({ i })).text();
  assert.equal(connections, 1);
});

test('garbage on the wire does not end it', async (t) => {
  const { door } = await open(t);
  door.serve([await target(t, 'one')]);
  const socket = connect(door.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.end('this is not HTTP\r\n\r\n');
  await once(socket.resume(), 'close');
  await sleep(0);
  assert.equal((await fetch(`${door.url}/live`)).status, 200);
});
