/** Callbacks of payments at a web task: stored as they came, before they are acknowledged, or refused in time. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { storedCallback } from '../../../../app/intake/callbacks/index.ts';
import { CALLBACK_PATHS } from '../../../../contract/paths.ts';
import {
  CALLBACK_SECRETS,
  cryptoPaySignature,
  HEADERS,
  nowPaymentsSignature,
  tell,
  tellCryptoPay,
  tellNowPayments,
} from '../../../harness/callbacks.ts';
import { probing } from '../../../harness/control.ts';
import { startProxy, through } from '../../../harness/proxy.ts';
import { waitFor } from '../../../harness/wait.ts';
import { deliver, message, rawRequest } from '../../../harness/webhook.ts';
import { startWorld } from '../../../harness/world.ts';

const world = await startWorld({ after }, { posture: { web: { callbacks: { maxInFlight: 4 } } } });
const proxy = await startProxy({ after }, world.postgres);
const web = await world.startTask({ after }, 'web', {
  env: { ...CALLBACK_SECRETS, DATABASE_URL: through(proxy, world.database.url('web')) },
});
await web.ready();
const origin = await web.url();
const control = await probing({ after }, () => web.get('/live'));
const { deadline } = world.posture.web.callbacks;

interface Row extends Record<string, unknown> {
  update_id: number;
  queue: string;
  lane: string;
  body: string;
}
const stored = () =>
  world.database.sql<Row>(
    'SELECT update_id::float8 AS update_id, queue, lane, body FROM evenkeel.inbox WHERE update_id < 0 ORDER BY update_id',
  );

beforeEach(async () => {
  proxy.mode = 'pass';
  await waitFor(async () => (await deliver(origin, message(1, 1, 'back'))).status === 200, { what: 'the database' });
  await world.database.sql('DELETE FROM evenkeel.inbox WHERE update_id < 0');
  control.reset();
});

let last = 0;
const paid = () => ({
  payment_id: (last += 1),
  order_id: '501-oabc',
  payment_status: 'finished',
  fee: { currency: 'x' },
});

test('a signed callback is stored with every byte, in the lane of who ordered; told again it is there once', async () => {
  const text = '{ "update_id":1, "update_type":"invoice_paid",\n"payload": {"payload":"501-oabc", "é": "\\u0000"} }';
  for (let round = 0; round < 3; round += 1) assert.equal((await tellCryptoPay(origin, text)).status, 200);
  const [row, ...others] = await stored();
  assert.equal(others.length, 0);
  assert.ok(Number.isSafeInteger(row!.update_id));
  assert.deepEqual([row!.queue, row!.lane], ['payment', `${world.botId}:pay:501`]);
  assert.deepEqual(storedCallback(row!), { source: 'cryptoPay', raw: Buffer.from(text) });

  const body = paid();
  assert.equal((await tellNowPayments(origin, body)).status, 200);
  const lanes = (await stored()).map(({ lane }) => lane);
  assert.deepEqual(lanes, [`${world.botId}:pay:501`, `${world.botId}:pay:501`]);
});

test('20. one of an order that is not ours, or that says nothing, is taken as well: 200, and a lane of its own', async () => {
  for (const text of ['{"payload":{"payload":"someone else"}}', '[]', 'no json', '{"payload":{"payload":null}}', ''])
    assert.equal((await tellCryptoPay(origin, text)).status, 200, text);
  const rows = await stored();
  assert.equal(new Set(rows.map(({ lane }) => lane)).size, 5);
  const odd = Buffer.from([0x7b, 0xff, 0xfe, 0x00]);
  assert.equal((await tellCryptoPay(origin, odd)).status, 200);
  const bytes = (await stored()).map((row) => storedCallback(row).raw).find((raw) => raw.includes(0xff));
  assert.deepEqual(bytes, odd);
});

test('14. what its provider has not signed is refused, counted and stored nowhere', async () => {
  const body = paid();
  const text = JSON.stringify(body);
  const good = nowPaymentsSignature(body);
  const { callbacks } = await web.health();
  const before = callbacks!['nowPayments']!;
  const forged = [
    tell(origin, 'nowPayments', text, nowPaymentsSignature(body, 'recursive', 'another secret')),
    tell(origin, 'nowPayments', text, nowPaymentsSignature(body, 'recursive', '')),
    tell(origin, 'nowPayments', JSON.stringify({ ...body, payment_status: 'x' }), good),
    tell(origin, 'nowPayments', JSON.stringify({ ...body, fee: { currency: 'y' } }), good),
  ];
  for (const { status } of await Promise.all(forged)) assert.equal(status, 403);
  assert.equal((await tell(origin, 'nowPayments', text)).status, 403);
  assert.equal((await tell(origin, 'nowPayments', text, '')).status, 403);
  assert.equal((await tell(origin, 'nowPayments', text, `${good}00`)).status, 403);
  assert.equal((await tell(origin, 'nowPayments', 'x'.repeat(2 * 1024 * 1024), good)).status, 413);
  assert.deepEqual(await stored(), []);
  const now = (await web.health()).callbacks!['nowPayments']!;
  assert.equal(now.forged - before.forged, 4);
  assert.ok(now.forgedLately >= 4);
  assert.equal(now.unsigned - before.unsigned, 3);
  assert.equal(now.inFlight, 0);
});

/** As many as the machine gives in this time, ms. */
const FLOOD = 3_000;

test('14. a flood of forged ones: each is refused and counted, nothing is stored, and updates are taken as ever', async (t) => {
  const body = JSON.stringify(paid());
  const signature = nowPaymentsSignature(paid(), 'recursive', 'another secret');
  const { callbacks } = await web.health();
  const before = callbacks!['nowPayments']!;
  const statuses: number[] = [];
  const over = performance.now() + FLOOD;
  const flood = Array.from({ length: 32 }, async () => {
    while (performance.now() < over) statuses.push((await tell(origin, 'nowPayments', body, signature)).status);
  });
  let taken = 0;
  while (performance.now() < over) {
    const { status } = await deliver(origin, message(1_000 + (taken += 1), 1, 'meanwhile'));
    assert.equal(status, 200);
  }
  await Promise.all(flood);
  t.diagnostic(`${Math.round((statuses.length * 1000) / FLOOD)} forged a second`);
  assert.ok(statuses.length > 32 && taken > 0, `${statuses.length} forged, ${taken} updates`);
  assert.ok(statuses.every((status) => status === 403 || status === 503));
  const { pool, callbacks: later } = await web.health();
  const now = later!['nowPayments']!;
  assert.equal(now.forged - before.forged, statuses.filter((status) => status === 403).length);
  assert.equal(now.refused - before.refused, statuses.filter((status) => status === 503).length);
  assert.ok(now.forgedLately >= 3, 'the alarm callback-forged has what it asks for');
  assert.deepEqual([now.inFlight, pool.waiting], [0, 0]);
  assert.deepEqual(await stored(), []);
});

test('14. without a signature nobody is let in as far as the body: a sender that never ends is answered at once', async (t) => {
  const { socket, answer } = rawRequest(
    origin,
    `POST ${CALLBACK_PATHS.nowPayments} HTTP/1.1\r\nhost: bot\r\ncontent-length: 30000\r\n\r\n`,
  );
  t.after(() => socket.destroy());
  await waitFor(() => / 403 /.test(answer()), { what: 'a 403' });
});

test('13. with the database away no more wait than may, each is refused in time, and the webhook is served as before', async () => {
  proxy.mode = 'freeze';
  const answers = await Promise.all(Array.from({ length: 40 }, () => tellNowPayments(origin, paid())));
  for (const { status, took } of answers) {
    assert.equal(status, 503);
    assert.ok(took <= deadline + 300 + 3 * control.slowest(), `answered after ${took} ms`);
  }
  proxy.cut();
  proxy.mode = 'pass';
  const { refused, inFlight, maxInFlight } = (await web.health()).callbacks!['nowPayments']!;
  assert.deepEqual([inFlight, maxInFlight], [0, 4]);
  assert.ok(refused >= 40);
  await waitFor(async () => (await tellNowPayments(origin, paid())).status === 200, { what: 'a 200 again' });
});

test('13. callbacks that wait for their bodies take no place of an update', async (t) => {
  const signature = cryptoPaySignature('{}');
  for (let one = 0; one < 8; one += 1) {
    const { socket } = rawRequest(
      origin,
      `POST ${CALLBACK_PATHS.cryptoPay} HTTP/1.1\r\nhost: bot\r\n${HEADERS.cryptoPay}: ${signature}\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{`,
    );
    t.after(() => socket.destroy());
  }
  await waitFor(async () => (await web.health()).callbacks!['cryptoPay']!.inFlight === 4, { what: 'all places taken' });
  assert.equal((await tellCryptoPay(origin, '{}')).status, 503);
  assert.equal((await tellNowPayments(origin, paid())).status, 200, 'the other provider has places of its own');
  assert.equal((await deliver(origin, message(2, 1, 'hello'))).status, 200);
});

test('26. where no secret is set there is no route; where one is, there is, whatever is for sale', async (t) => {
  const none = await world.startTask(t, 'web');
  await none.ready();
  assert.equal((await tellCryptoPay(await none.url(), '{}')).status, 404);
  const empty = await world.startTask(t, 'web', { env: { CRYPTO_PAY_TOKEN: '', NOWPAYMENTS_IPN_SECRET: '' } });
  await empty.ready();
  assert.equal((await tellNowPayments(await empty.url(), paid())).status, 404, 'an empty secret is none');
  const off = await world.startTask(t, 'web', {
    posture: { features: { wallet: false } },
    env: { CRYPTO_PAY_TOKEN: CALLBACK_SECRETS.CRYPTO_PAY_TOKEN },
  });
  await off.ready();
  assert.equal((await tellCryptoPay(await off.url(), '{"off":1}')).status, 200);
  assert.equal((await tellNowPayments(await off.url(), paid())).status, 404);
});
