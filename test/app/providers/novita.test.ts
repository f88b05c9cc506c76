/** Where a result of Novita's is fetched from: its word, and never our own network (fault own-network). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { createNovita } from '../../../app/providers/novita.ts';
import { ProviderFailure } from '../../../app/providers/policy.ts';
import { resolve } from '../../../posture/resolve.ts';
import { captureLog } from '../../harness/logs.ts';

let connections = 0;
const server = createServer((socket) => {
  connections += 1;
  socket.on('error', () => undefined);
  socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nbytes');
}).listen(0);
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
after(() => void server.close());

const novitaAt = (baseUrl: string) => {
  const novita = createNovita(resolve({}), { baseUrl, apiKey: 'key' }, captureLog().log);
  after(() => novita.close());
  return novita;
};
const real = novitaAt('https://api.novita.test');
const simulated = novitaAt(`http://127.0.0.1:${port}`);
const within = () => AbortSignal.timeout(60_000);

for (const host of [
  'localhost',
  '127.0.0.1',
  '0.0.0.0',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[fe80::1]',
  '[fd00::1]',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '0x7f.1',
])
  test(`a result at ${host} is not fetched`, async () => {
    await assert.rejects(
      real.fetch(`https://${host}:${port}/result`, within()),
      (error: Error) =>
        error instanceof ProviderFailure &&
        error.outcome === 'not-done' &&
        /is not of the public internet/.test(error.message),
    );
    assert.equal(connections, 0);
  });

test('a result that is not at an address of https is not fetched', async () => {
  await assert.rejects(real.fetch(`http://127.0.0.1:${port}/result`, within()), /not at an address of https/);
  assert.equal(connections, 0);
});

test('of a simulated Novita, results are where it is itself', async () => {
  const { body } = await simulated.fetch(`http://localhost:${port}/result`, within());
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), 'bytes');
  assert.equal(connections, 1);
});
