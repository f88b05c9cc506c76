import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { lateness } from '../../harness/control.ts';
import { acknowledge, setWebhook, succeed, telegramFor, textOf, until, webhookFor, withStatus } from './helpers.ts';

const CHAT = 42;

test('an update arrives with the secret, a growing id and keep-alive', async (t) => {
  const { telegram, call } = await telegramFor(t);
  const hook = await webhookFor(t);
  await succeed(call, 'setWebhook', { url: hook.url, secret_token: 'sesame-1_A' });
  const ids = [telegram.say(CHAT, 'one'), telegram.say(CHAT, 'two')];
  await until(() => telegram.stats().delivered === 2, 'both delivered');
  assert.deepEqual(
    hook.deliveries.map(({ update }) => update.update_id),
    ids,
  );
  assert.equal(ids[1], ids[0]! + 1);
  const { headers } = hook.deliveries[0]!;
  assert.equal(headers['x-telegram-bot-api-secret-token'], 'sesame-1_A');
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers.connection, 'keep-alive');
  assert.equal(telegram.stats().pending, 0);
});

test('updates made before there is a webhook wait for it', async (t) => {
  const { telegram, call } = await telegramFor(t);
  const hook = await webhookFor(t);
  telegram.say(CHAT, 'early');
  assert.equal(telegram.stats().pending, 1);
  await succeed(call, 'setWebhook', { url: hook.url });
  await until(() => telegram.stats().delivered === 1, 'the early one delivered');
  assert.deepEqual(hook.texts(), ['early']);
});

test('without a secret no header is sent; a link with credentials sends them', async (t) => {
  const { telegram, call } = await telegramFor(t);
  const hook = await webhookFor(t);
  await succeed(call, 'setWebhook', { url: hook.url.replace('http://', 'http://user:pass@') });
  telegram.say(CHAT, 'x');
  await until(() => hook.deliveries.length === 1, 'delivered');
  const { headers } = hook.deliveries[0]!;
  assert.equal(headers['x-telegram-bot-api-secret-token'], undefined);
  assert.equal(headers.authorization, `Basic ${Buffer.from('user:pass').toString('base64')}`);
});

test('messages and edits of a chat arrive one after the other; its taps and payments and other chats do not wait', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 10 });
  const release = Promise.withResolvers<void>();
  const hook = await webhookFor(t, async ({ update }, response) => {
    if (textOf(update) === 'slow') await release.promise;
    response.writeHead(200).end();
  });
  await succeed(call, 'setWebhook', { url: hook.url });
  // The first success allows more than one connection.
  telegram.say(1, 'first');
  await until(() => telegram.stats().delivered === 1, 'the first delivered');
  telegram.say(CHAT, 'slow');
  telegram.say(CHAT, 'after');
  telegram.edit(CHAT, 2, 'edited');
  telegram.tap(CHAT, 1, 'tap');
  telegram.preCheckout(CHAT, 'pay');
  telegram.say(2, 'other');
  await until(() => telegram.stats().delivered === 4, 'all that need not wait');
  assert.deepEqual(new Set(hook.texts()), new Set(['first', 'slow', 'tap', 'pay', 'other']));
  release.resolve();
  await until(() => telegram.stats().pending === 0, 'the rest');
  assert.deepEqual(hook.texts().slice(-2), ['after', 'edited']);
});

test('order holds in every chat while many are delivered in parallel, with failures in between', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 20 });
  const received = new Map<number, number[]>();
  const hook = await webhookFor(t, async ({ update }, response) => {
    await pause(Math.random() * 4);
    if (Math.random() < 0.2) return void response.writeHead(503).end();
    const { chat, text } = update.message!;
    received.set(chat.id, (received.get(chat.id) ?? []).concat(Number(text.split('-')[1])));
    response.writeHead(200).end();
  });
  await succeed(call, 'setWebhook', { url: hook.url, max_connections: 20 });
  telegram.flood({ updates: 1000, chats: 50 });
  await until(() => telegram.stats().pending === 0, 'all delivered');
  assert.equal(received.size, 50);
  for (const numbers of received.values())
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
  assert.equal([...received.values()].flat().length, 1000);
  assert.ok(telegram.stats().retried > 0);
  const { said, wanted, acknowledged } = telegram.floodReport();
  assert.deepEqual([said, wanted, acknowledged], [1000, 1000, 1000]);
  assert.equal(telegram.floodAcknowledged().length, 1000);
});

test('no more deliveries are under way than max_connections', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 10 });
  let open = 0;
  let mostOpen = 0;
  const full = Promise.withResolvers<void>();
  const hook = await webhookFor(t, async (_delivered, response) => {
    mostOpen = Math.max(mostOpen, ++open);
    if (open === 7) full.resolve();
    // The first success allows more than one connection.
    if (hook.deliveries.length > 1) await full.promise;
    await pause(5);
    open--;
    response.writeHead(200).end();
  });
  await succeed(call, 'setWebhook', { url: hook.url, max_connections: 7 });
  telegram.flood({ updates: 400, chats: 100 });
  await until(() => telegram.stats().pending === 0, 'all delivered');
  assert.equal(mostOpen, 7);
  assert.equal(telegram.stats().peakInFlight, 7);
});

test('a failed update is sent again at once, then after 2, 4, 8 … s, up to 60–120 s', async (t) => {
  const scale = 100;
  const chats = [1, 2, 3, 4];
  const { telegram, call } = await telegramFor(t, { timeScale: scale });
  const hook = await webhookFor(t, withStatus(500));
  const late = lateness(t);
  await succeed(call, 'setWebhook', { url: hook.url });
  for (const chat of chats) telegram.say(chat, 'again');
  await until(() => hook.deliveries.length >= 9 * chats.length, 'nine attempts at each');
  const pausesOf = (chat: number) => {
    const times = hook.deliveries.filter(({ update }) => update.message?.chat.id === chat).map(({ at }) => at);
    return times.slice(1).map((at, index) => ((at - times[index]!) * scale) / 1000);
  };
  // Timers are late on a busy machine, never early by more than 1 ms: the shortest pause of the four is the truest.
  const pauses = chats.map(pausesOf).reduce((a, b) => a.map((value, index) => Math.min(value, b[index] ?? value)));
  const slack = (late.slowest() * scale) / 1000;
  for (const [index, seconds] of [0, 2, 4, 8, 16, 32].entries()) {
    const next = Math.max(2, seconds * 2) + slack;
    assert.ok(pauses[index]! >= seconds - 0.2, `pause ${index}: ${pauses[index]} s, wanted ${seconds}`);
    assert.ok(pauses[index]! < next, `pause ${index}: ${pauses[index]} s, wanted ${seconds}`);
  }
  for (const long of pauses.slice(6, 8)) assert.ok(long >= 59 && long <= 125 + slack, `capped pause: ${long} s`);
  assert.equal(telegram.stats().lastError, 'Wrong response from the webhook: 500 Internal Server Error');
});

test('nothing but a 2xx acknowledges', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 20 });
  const statuses = [302, 404, 500, 204];
  const hook = await webhookFor(t, (_delivered, response) => void response.writeHead(statuses.shift()!).end());
  await succeed(call, 'setWebhook', { url: hook.url });
  telegram.say(CHAT, 'x');
  await until(() => telegram.stats().delivered === 1, 'acknowledged by the 204');
  assert.equal(hook.deliveries.length, 4);
  assert.equal(telegram.stats().retried, 3);
});

test('Retry-After is obeyed', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 100 });
  const hook = await webhookFor(t, withStatus(503, { 'retry-after': '20' }));
  const late = lateness(t);
  await succeed(call, 'setWebhook', { url: hook.url });
  telegram.say(CHAT, 'later');
  await until(() => hook.deliveries.length === 2, 'two attempts');
  const [first, second] = hook.deliveries.map(({ at }) => at);
  const seconds = (second! - first!) / 10;
  assert.ok(seconds >= 19.9 && seconds < 40 + late.slowest() / 10, `${seconds} s`);
});

test('Retry-After of more than an hour counts as an hour', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 600 });
  const hook = await webhookFor(t, withStatus(503, { 'retry-after': '1000000' }));
  await succeed(call, 'setWebhook', { url: hook.url });
  telegram.say(CHAT, 'later');
  // The seconds that were asked for would take half an hour of real time.
  await until(() => hook.deliveries.length === 2, 'two attempts');
  const [first, second] = hook.deliveries.map(({ at }) => at);
  assert.ok(second! - first! >= 5990, `${second! - first!} ms real time stand for an hour`);
});

test('a response that does not come within 60 s counts as failed', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 400 });
  const hook = await webhookFor(t, () => {});
  await succeed(call, 'setWebhook', { url: hook.url });
  const before = performance.now();
  telegram.say(CHAT, 'x');
  await until(() => hook.deliveries.length === 1, 'first attempt');
  hook.respond = acknowledge;
  await until(() => telegram.stats().delivered === 1, 'the second attempt');
  const waited = hook.deliveries[1]!.at - before;
  assert.ok(waited >= 149, `${waited} ms real time stand for 60 s`);
  assert.equal(telegram.stats().lastError, 'Read timeout expired');
});

test('after 10 s without a success there is one connection only, until one succeeds', async (t) => {
  const scale = 100;
  const { telegram, call } = await telegramFor(t, { timeScale: scale });
  const hook = await webhookFor(t);
  await succeed(call, 'setWebhook', { url: hook.url, max_connections: 10 });
  telegram.flood({ updates: 200, chats: 100 });
  await until(() => telegram.stats().pending === 0, 'connections open');
  const lastSuccess = performance.now();
  let open = 0;
  let mostOpen = 0;
  hook.respond = async (_delivered, response) => {
    mostOpen = Math.max(mostOpen, ++open);
    await pause(3);
    open--;
    response.writeHead(503).end();
  };
  await until(() => performance.now() - lastSuccess > 11_000 / scale, 'eleven seconds of simulated time');
  telegram.flood({ updates: 50, chats: 50 });
  await until(() => telegram.stats().retried > 60, 'many failures');
  assert.equal(mostOpen, 1);
  hook.respond = acknowledge;
  await until(() => telegram.stats().pending === 0, 'all delivered at last');
});

test('a query that nobody takes is dropped after 150 s, a message is kept for 24 h', async (t) => {
  const { telegram } = await telegramFor(t, { timeScale: 3000 });
  telegram.tap(CHAT, 1, 'tap');
  telegram.preCheckout(CHAT, 'pay');
  telegram.say(CHAT, 'stays');
  assert.equal(telegram.stats().pending, 3);
  // 24 h take 28 s of real time.
  await until(() => telegram.stats().expired === 2, 'both queries dropped', 20_000);
  assert.equal(telegram.stats().pending, 1);
});

test('an update whose next attempt would come too late is dropped, and its lane goes on', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 100 });
  const hook = await webhookFor(t, ({ update }, response) =>
    textOf(update) === 'bad'
      ? void response.writeHead(503, { 'retry-after': '200' }).end()
      : void response.writeHead(200).end(),
  );
  await succeed(call, 'setWebhook', { url: hook.url });
  telegram.tap(CHAT, 1, 'bad');
  telegram.tap(CHAT, 1, 'good');
  await until(() => telegram.stats().pending === 0, 'the lane is empty');
  assert.deepEqual(hook.texts(), ['bad', 'good']);
  assert.deepEqual([telegram.stats().expired, telegram.stats().delivered], [1, 1]);
});

test('a webhook that is away gets everything once it is back', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 50 });
  await succeed(call, 'setWebhook', { url: 'http://127.0.0.1:9/nobody' });
  for (let n = 0; n < 10; n++) telegram.say(n, `n${n}`);
  await until(() => telegram.stats().lastError === 'Connection refused', 'the refusal is shown');
  const hook = await webhookFor(t);
  await setWebhook(call, { url: hook.url });
  await until(() => telegram.stats().pending === 0, 'all delivered');
  assert.equal(new Set(hook.texts()).size, 10);
  assert.equal(telegram.stats().lastError, undefined);
});

test('with duplicates every update comes up to three times, first deliveries in order', async (t) => {
  const { telegram, call } = await telegramFor(t, { timeScale: 20, repeatWithin: 200 });
  const hook = await webhookFor(t);
  await succeed(call, 'setWebhook', { url: hook.url });
  telegram.flood({ updates: 600, chats: 20, duplicates: 3, taps: 0.3 });
  const settled = () => telegram.stats().pending === 0 && telegram.stats().repeatsPending === 0;
  await until(() => settled() && telegram.stats().inFlight === 0, 'all and their repeats delivered');
  const counts = new Map<number, number>();
  const firsts = new Map<string, number[]>();
  for (const { update } of hook.deliveries) {
    const id = update.update_id;
    counts.set(id, (counts.get(id) ?? 0) + 1);
    if (counts.get(id) !== 1) continue;
    const lane = update.message ? `chat ${update.message.chat.id}` : `tap ${update.callback_query!.from.id}`;
    firsts.set(lane, (firsts.get(lane) ?? []).concat(id));
  }
  assert.equal(counts.size, 600);
  assert.equal(firsts.size, 40);
  for (const ids of firsts.values())
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
  assert.deepEqual([...new Set(counts.values())].toSorted(), [2, 3]);
  assert.equal(telegram.stats().repeated, hook.deliveries.length - 600);
  const ids = hook.deliveries.map(({ update }) => update.update_id);
  const apart = ids.filter((id, index) => ids.indexOf(id) < index - 1);
  assert.ok(apart.length > 0, 'repeats are mixed in between others');
});

test('stop ends a delivery, a long poll and a hanging call at once and leaves nothing behind', async (t) => {
  const { telegram, call } = await telegramFor(t);
  const hook = await webhookFor(t, () => {});
  await succeed(call, 'setWebhook', { url: hook.url });
  const late = lateness(t);
  telegram.say(CHAT, 'never answered');
  telegram.flood({ updates: 1_000_000, rate: 1 });
  await until(() => hook.deliveries.length === 1, 'a delivery is under way');
  telegram.faults = { hang: true };
  const hanging = assert.rejects(call('getMe'));
  await until(() => telegram.stats().calls === 2, 'a call hangs');
  const before = performance.now();
  await telegram.stop();
  await hanging;
  assert.ok(performance.now() - before < 1000 + late.slowest());
  assert.deepEqual(
    process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout'),
    [],
  );
});
