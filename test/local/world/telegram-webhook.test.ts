import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  acknowledge,
  refuse,
  setWebhook,
  succeed,
  telegramFor,
  until,
  webhookFor,
  withStatus,
  type Call,
} from './helpers.ts';

const CHAT = 42;
interface Info {
  url: string;
  pending_update_count: number;
  max_connections?: number;
  ip_address?: string;
  allowed_updates?: string[];
  last_error_date?: number;
  last_error_message?: string;
}
const info = (call: Call) => succeed<Info>(call, 'getWebhookInfo');

test('setWebhook refuses what cannot be a webhook', async (t) => {
  const { call } = await telegramFor(t, { timeScale: 1e6 });
  const url = 'http://127.0.0.1:9/';
  await refuse(call, 'setWebhook', { url: 'nonsense' }, 400, /^Bad Request: invalid webhook URL specified$/);
  await refuse(call, 'setWebhook', { url: 'ftp://127.0.0.1/' }, 400, /invalid webhook URL/);
  await refuse(
    call,
    'setWebhook',
    { url, secret_token: 'no spaces' },
    400,
    /secret token contains unallowed characters/,
  );
  await refuse(call, 'setWebhook', { url, secret_token: 'x'.repeat(257) }, 400, /secret token is too long/);
  await refuse(
    call,
    'setWebhook',
    { url: 'https://no-such-host.invalid/' },
    400,
    /bad webhook: Failed to resolve host/,
  );
  assert.equal((await info(call)).url, '');
});

test('max_connections is 40 unless told otherwise, and forced into 1 to 100', async (t) => {
  const { call } = await telegramFor(t, { timeScale: 1e6 });
  const url = 'http://127.0.0.1:9/';
  const seen: (number | undefined)[] = [];
  for (const given of [undefined, 0, 1, 100, 101]) {
    await setWebhook(call, { url, max_connections: given });
    seen.push((await info(call)).max_connections);
  }
  assert.deepEqual(seen, [40, 1, 1, 100, 100]);
});

test('setWebhook is answered at most once a second', async (t) => {
  const { call } = await telegramFor(t);
  await succeed(call, 'setWebhook', { url: 'http://127.0.0.1:9/a' });
  const refused = await call('setWebhook', { url: 'http://127.0.0.1:9/b' });
  assert.equal(refused.status, 429);
  assert.equal(refused.description, 'Too Many Requests: retry after 1');
  assert.deepEqual(refused.parameters, { retry_after: 1 });
});

test('setting the same webhook again changes nothing; deliveries under way go on', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 100 });
  const release = Promise.withResolvers<void>();
  const hook = await webhookFor(t, async (_delivered, response) => {
    await release.promise;
    response.writeHead(200).end();
  });
  assert.equal(await setWebhook(call, { url: hook.url, secret_token: 's' }), 'Webhook was set');
  telegram.say(CHAT, 'x');
  await until(() => hook.deliveries.length === 1, 'under way');
  assert.equal(await setWebhook(call, { url: hook.url, secret_token: 's' }), 'Webhook is already set');
  release.resolve();
  await until(() => telegram.stats().delivered === 1, 'acknowledged');
  assert.equal(hook.deliveries.length, 1);
});

test('another webhook takes over what the former one has not acknowledged', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 100 });
  const former = await webhookFor(t, () => {});
  const next = await webhookFor(t);
  await setWebhook(call, { url: former.url });
  telegram.say(CHAT, 'one');
  telegram.say(CHAT, 'two');
  await until(() => former.deliveries.length === 1, 'the former one is being asked');
  await setWebhook(call, { url: next.url });
  await until(() => telegram.stats().pending === 0, 'all delivered');
  assert.deepEqual(next.texts(), ['one', 'two']);
});

test('getWebhookInfo shows the address, what waits and the last error', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 10 });
  assert.deepEqual(await info(call), { url: '', has_custom_certificate: false, pending_update_count: 0 });
  const hook = await webhookFor(t, withStatus(403));
  await setWebhook(call, { url: hook.url });
  const began = Date.now();
  telegram.say(CHAT, 'x');
  await until(() => telegram.stats().retried > 0, 'a failure');
  const shown = await info(call);
  assert.deepEqual([shown.url, shown.pending_update_count, shown.ip_address], [hook.url, 1, '127.0.0.1']);
  assert.equal(shown.last_error_message, 'Wrong response from the webhook: 403 Forbidden');
  assert.ok(shown.last_error_date! >= Math.floor(began / 1000) && shown.last_error_date! <= Date.now() / 1000);
  hook.respond = acknowledge;
  await until(() => telegram.stats().pending === 0, 'delivered');
});

test('only allowed types become updates; the list stays where it is not named again', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 1e6 });
  const url = 'http://127.0.0.1:9/';
  await setWebhook(call, { url, allowed_updates: ['callback_query', 'unheard_of'] });
  assert.deepEqual((await info(call)).allowed_updates, ['callback_query']);
  assert.equal(telegram.say(CHAT, 'unwanted'), 0);
  assert.notEqual(telegram.tap(CHAT, 1, 'wanted'), 0);
  await setWebhook(call, { url, max_connections: 5 });
  assert.deepEqual((await info(call)).allowed_updates, ['callback_query']);
  await setWebhook(call, { url, allowed_updates: [] });
  assert.equal((await info(call)).allowed_updates, undefined);
  assert.notEqual(telegram.say(CHAT, 'wanted again'), 0);
});

test('deleteWebhook keeps the updates unless it is told to drop them', async (t) => {
  const { telegram, call } = await telegramFor(t);
  await succeed(call, 'setWebhook', { url: 'http://127.0.0.1:9/' });
  telegram.say(CHAT, 'x');
  assert.equal((await call('deleteWebhook')).description, 'Webhook was deleted');
  assert.equal((await call('deleteWebhook')).description, 'Webhook is already deleted');
  assert.equal((await info(call)).pending_update_count, 1);
  await succeed(call, 'deleteWebhook', { drop_pending_updates: true });
  assert.equal((await info(call)).pending_update_count, 0);
});

test('getUpdates gives updates in order until they are confirmed by an offset', async (t) => {
  const { telegram, call } = await telegramFor(t);
  const ids = ['a', 'b', 'c'].map((text) => telegram.say(CHAT, text));
  const poll = async (params: object) =>
    (await succeed<{ update_id: number }[]>(call, 'getUpdates', params)).map(({ update_id }) => update_id);
  assert.deepEqual(await poll({ limit: 2 }), ids.slice(0, 2));
  assert.deepEqual(await poll({}), ids);
  assert.deepEqual(await poll({ offset: ids[1] }), ids.slice(1));
  assert.deepEqual(await poll({ offset: -1 }), ids.slice(2));
  assert.deepEqual(await poll({ offset: ids[2]! + 1 }), []);
  assert.equal(telegram.stats().pending, 0);
});

test('a long poll waits for an update, or until its timeout', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 100 });
  const before = performance.now();
  assert.deepEqual(await succeed(call, 'getUpdates', { timeout: 10 }), []);
  assert.ok(performance.now() - before >= 99);
  const waiting = succeed<{ message: { text: string } }[]>(call, 'getUpdates', { timeout: 50 });
  await until(() => telegram.stats().calls === 2, 'the poll waits');
  telegram.say(CHAT, 'here');
  telegram.say(CHAT, 'and here');
  assert.deepEqual(
    (await waiting).map(({ message }) => message.text),
    ['here', 'and here'],
  );
});

test('getUpdates is a conflict while a webhook is set, when one is being set, and for the elder of two polls', async (t) => {
  const { telegram, call } = await telegramFor(t);
  const elder = refuse(call, 'getUpdates', { timeout: 30 }, 409, /terminated by other getUpdates request/);
  await until(() => telegram.stats().calls === 1, 'the elder waits');
  const younger = refuse(call, 'getUpdates', { timeout: 30 }, 409, /terminated by setWebhook request/);
  await elder;
  await succeed(call, 'setWebhook', { url: 'http://127.0.0.1:9/' });
  await younger;
  await refuse(call, 'getUpdates', {}, 409, /^Conflict: can't use getUpdates method while webhook is active/);
});
