/** The proxy that a program with sockets of its own goes through: whatever it asks for, nothing of our own network (fault own-network). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { WEB_PORTS } from '../../../../app/providers/fetching/http.ts';
import { lookupAt } from '../../../../app/providers/fetching/names.ts';
import { startCheckingProxy } from '../../../../app/providers/fetching/proxy.ts';
import type { Reach } from '../../../../app/providers/public.ts';
import { startMedia } from '../../../../local/world/media/index.ts';

const KiB = 1024;
const timeout = 120_000;

const media = await startMedia();
after(() => media.stop());
const [address, port] = media.address.split(':') as [string, string];
const reach: Reach = { ports: WEB_PORTS, lookup: lookupAt(media.names), also: { address, port: Number(port) } };

/** Somewhere that nobody may come to. */
let visits = 0;
const inner = createServer((socket) => {
  visits += 1;
  socket.destroy();
}).listen(0, '127.0.0.1');
await once(inner, 'listening');
after(() => void inner.close());
const { port: innerPort } = inner.address() as AddressInfo;

async function through(maxBytes = 10 * KiB * KiB) {
  const proxy = await startCheckingProxy({ reach, maxBytes });
  after(() => proxy.stop());
  const { hostname, port: own, username, password } = new URL(proxy.url);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const headers = { 'proxy-authorization': authorization };
  return {
    proxy,
    get: async (url: string, given: Record<string, string> = headers) => {
      const asked = request({ host: hostname, port: own, path: url, headers: given, agent: false });
      asked.end();
      const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
      return { status: answer.statusCode!, body: await text(answer).catch(() => 'cut') };
    },
    /** What a tunnel answers, and what comes through it. */
    tunnel: async (target: string, say: string, given = authorization) => {
      const socket = connect(Number(own), hostname);
      socket.on('error', () => undefined);
      socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\nproxy-authorization: ${given}\r\n\r\n`);
      const heard: string[] = [];
      let said = false;
      socket.on('data', (chunk: Buffer) => {
        heard.push(chunk.toString('latin1'));
        if (!said && heard.join('').startsWith('HTTP/1.1 200')) {
          said = true;
          socket.write(say);
        }
      });
      await once(socket, 'close');
      return heard.join('');
    },
  };
}

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nhost: media.test\r\nconnection: close\r\n\r\n`;

test('a file goes through it, asked for in the clear or through a tunnel', { timeout }, async () => {
  const { proxy, get, tunnel } = await through();
  const { status, body } = await get(`${media.origin}/clip.mp4`);
  assert.deepEqual([status, body.length], [200, 300 * KiB]);
  const heard = await tunnel(`media.test:${port}`, GET('/paper.pdf'));
  assert.match(heard, /^HTTP\/1\.1 200 Connection Established\r\n\r\nHTTP\/1\.1 200 OK/);
  assert.ok(heard.length > 40 * KiB);
  assert.ok(proxy.bytes() > 340 * KiB);
  assert.equal(proxy.refused(), undefined);
});

test('without its password nothing goes through', { timeout }, async () => {
  const { get, tunnel } = await through();
  assert.equal((await get(`${media.origin}/clip.mp4`, {})).status, 407);
  assert.match(await tunnel(`media.test:${port}`, GET('/clip.mp4'), 'Basic bm8='), /^HTTP\/1\.1 407/);
});

for (const host of [
  'localhost',
  '127.0.0.1',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[fe80::1%25lo]',
  '0x7f.1',
  '169.254.170.2',
  '169.254.169.254',
  '10.0.0.1',
  'inside.media.test',
])
  test(`${host}: neither in the clear nor through a tunnel`, { timeout }, async () => {
    const { proxy, get, tunnel } = await through();
    assert.match(await tunnel(`${host}:80`, 'x'), /^HTTP\/1\.1 403/);
    assert.match(await tunnel(`${host}:${innerPort}`, 'x'), /^HTTP\/1\.1 403/);
    assert.equal(proxy.refused()?.why, 'address');
    const { status } = await get(`http://${host}:80/`);
    assert.ok(status === 403 || status === 400, String(status));
    assert.equal(visits, 0);
  });

test('a name that is elsewhere the second time', { timeout }, async () => {
  const { proxy, tunnel } = await through();
  const answers = [
    await tunnel(`rebind.media.test:${port}`, GET('/paper.pdf')),
    await tunnel(`rebind.media.test:${port}`, GET('/paper.pdf')),
  ];
  assert.ok(answers.some((answer) => answer.startsWith('HTTP/1.1 403')));
  assert.equal(proxy.refused()?.why, 'address');
});

test('what is no request of a website', { timeout }, async () => {
  const { get, tunnel } = await through();
  for (const target of ['', 'media.test', 'media.test:', ':80', 'media.test:99999', '-o:80', 'a b:80'])
    assert.match(await tunnel(target, 'x'), /^(HTTP\/1\.1 (400|403)|$)/, target);
  assert.equal((await get('ftp://media.test/')).status, 400);
  assert.equal((await get('/')).status, 400);
});

test('more bytes than may come end all of it', { timeout }, async () => {
  const { proxy, tunnel } = await through(256 * KiB);
  const heard = await tunnel(`media.test:${port}`, GET('/endless.mp4'));
  assert.ok(heard.length <= 300 * KiB);
  assert.equal(proxy.refused()?.why, 'large');
});

test('its end cuts what is open', { timeout }, async () => {
  const { proxy, tunnel } = await through();
  const open = tunnel(`media.test:${port}`, GET('/drip.mp4'));
  while (proxy.bytes() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await proxy.stop();
  await open;
  assert.ok(proxy.bytes() > 0);
});
