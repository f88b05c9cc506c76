import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startPoller } from '../../../local/platform/poller.ts';
import { callTelegram } from '../../../local/platform/telegram-api.ts';
import { startTelegram } from '../../../local/world/telegram/index.ts';
import { freePort } from '../../../local/platform/ports.ts';
import { until } from './support.ts';

/** An intake that answers as told and remembers what it acknowledged. */
async function intake(t: TestContext, answer: (updateId: number) => number = () => 200) {
  const stored: { id: number; secret: unknown }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { update_id: id } = JSON.parse(Buffer.concat(chunks).toString()) as { update_id: number };
      const status = answer(id);
      if (status === 200) stored.push({ id, secret: request.headers['x-telegram-bot-api-secret-token'] });
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { stored, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/telegram/webhook` };
}

async function setUp(t: TestContext, answer?: (updateId: number) => number) {
  const telegram = await startTelegram({ timeScale: 5 });
  t.after(() => telegram.stop());
  const { stored, url } = await intake(t, answer);
  const said: string[] = [];
  const api = { root: telegram.apiRoot, token: telegram.botToken };
  const poll = () => {
    const poller = startPoller({
      telegram: api,
      allowedUpdates: ['message'],
      webhookUrl: url,
      webhookSecret: 'secret',
      say: (line) => said.push(line),
    });
    t.after(() => poller.stop());
    return poller;
  };
  return { telegram, api, stored, said, poll };
}

test('what people write reaches the intake in order, with the secret', async (t) => {
  const { telegram, stored, poll } = await setUp(t);
  const ids = [telegram.say(1, 'before the poll')];
  const poller = poll();
  ids.push(telegram.say(1, 'one'), telegram.say(2, 'two'), telegram.say(1, 'three'));
  await until('all four', () => stored.length === 4);
  assert.deepEqual(
    stored,
    ids.map((id) => ({ id, secret: 'secret' })),
  );
  await until('the count', () => poller.delivered() === 4);
});

test('an update counts as received only after the 200', async (t) => {
  let refusals = 2;
  const { telegram, stored, said, poll } = await setUp(t, () => (refusals-- > 0 ? 503 : 200));
  poll();
  const id = telegram.say(1, 'hello');
  await until('the update', () => stored.length === 1);
  assert.equal(stored[0]!.id, id);
  assert.deepEqual(said, ['the intake does not take updates (503); Telegram keeps them meanwhile']);
});

test('what was not acknowledged comes again at the next start; what was does not', async (t) => {
  let open = true;
  const { telegram, stored, poll } = await setUp(t, () => (open ? 200 : 503));
  const first = poll();
  const one = telegram.say(1, 'one');
  await until('the first', () => stored.length === 1);
  open = false;
  const two = telegram.say(1, 'two');
  await until('the refusal', () => telegram.stats().pending >= 1);
  await first.stop();
  open = true;
  poll();
  await until('the second', () => stored.length === 2);
  assert.deepEqual(
    stored.map(({ id }) => id),
    [one, two],
  );
});

test('an update that the intake refuses for good does not stop the others', async (t) => {
  let bad = 0;
  const { telegram, stored, said, poll } = await setUp(t, (id) => (id === bad ? 400 : 200));
  bad = telegram.say(1, 'bad');
  const good = telegram.say(1, 'good');
  poll();
  await until('the good one', () => stored.length === 1);
  assert.equal(stored[0]!.id, good);
  assert.deepEqual(said, [`update ${bad} is refused by the intake (400) and left out`]);
});

test('a wrong token is 401, and no error names token or address', async (t) => {
  const { api } = await setUp(t);
  const token = '1234567890:wrong-wrong-wrong-wrong';
  const refused = await callTelegram({ ...api, token }, 'getMe').then(
    () => assert.fail('accepted'),
    (error: unknown) => error as Error & { code: number },
  );
  assert.equal(refused.code, 401);
  assert.doesNotMatch(refused.message, /wrong/);
  const unreachable = await callTelegram({ root: `http://127.0.0.1:${await freePort()}`, token }, 'getMe').then(
    () => assert.fail('answered'),
    (error: unknown) => error as Error,
  );
  assert.equal(unreachable.message, 'getMe: ECONNREFUSED');
});
