/** The webhook over real HTTP and a real database: who is let in, what is refused, what is stored. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { createPool } from '../../../app/database/pool.ts';
import { storeUpdates } from '../../../app/intake/store.ts';
import { captureLog } from '../../harness/logs.ts';
import { waitFor } from '../../harness/wait.ts';
import { deliver, headersOnly, message, rawRequest } from '../../harness/webhook.ts';
import { startWorld, WEBHOOK_SECRET } from '../../harness/world.ts';

const world = await startWorld({ after });
const web = await world.startTask({ after }, 'web');
await web.ready();
const origin = await web.url();
let lastId = 0;
const nextId = () => ++lastId;

async function intake() {
  const health = await web.health();
  return health.intake as NonNullable<typeof health.intake> & { lastRequestAt: number };
}

const stored = async (updateId: number) =>
  (await world.database.sql<{ body: string }>('SELECT body FROM evenkeel.inbox WHERE update_id = $1', [updateId])).map(
    ({ body }) => body,
  );

test('a wrong secret is 403 whatever it looks like, and stores nothing', async () => {
  const before = await intake();
  const id = nextId();
  const wrong = ['', 'x', WEBHOOK_SECRET.slice(0, -1), `${WEBHOOK_SECRET}x`, WEBHOOK_SECRET.toUpperCase()];
  for (const secret of wrong) {
    const { status } = await deliver(origin, message(id, 1, 'x'), { 'x-telegram-bot-api-secret-token': secret });
    assert.equal(status, 403, `secret "${secret}"`);
  }
  const without = await fetch(`${origin}/telegram/webhook`, { method: 'POST', body: '{}' });
  assert.equal(without.status, 403);
  assert.deepEqual(await stored(id), []);
  assert.equal((await intake()).forbidden - before.forbidden, wrong.length + 1);
});

test('bodies that trickle in hold their places no longer than the ack deadline: then others are served', async (t) => {
  const slow = await world.startTask(t, 'web');
  await slow.ready();
  const url = await slow.url();
  const places = world.posture.web.maxInFlight;
  const senders = Array.from({ length: places }, () => rawRequest(url, headersOnly(10_000)));
  const dripping = setInterval(() => senders.forEach(({ socket }) => socket.writable && socket.write(' ')), 1000);
  t.after(() => {
    clearInterval(dripping);
    for (const { socket } of senders) socket.destroy();
  });
  const inFlight = async () => (await slow.health()).intake?.inFlight;
  await waitFor(async () => (await inFlight()) === places, { what: 'every place to be taken' });
  assert.equal((await deliver(url, message(nextId(), 1, 'x'))).status, 503, 'no place is left');
  await waitFor(async () => (await deliver(url, message(nextId(), 1, 'x'))).status === 200, {
    within: 20_000,
    what: 'others to be served',
  });
  await waitFor(() => senders.every(({ answer }) => /^HTTP\/1\.1 408 /.test(answer())), { what: 'a 408 for each' });
});

test('while the secret is rotated, the one before is accepted as well, and no third', async (t) => {
  const rotating = await world.startTask(t, 'web', { env: { WEBHOOK_SECRET: 'new', WEBHOOK_SECRET_PREVIOUS: 'old' } });
  await rotating.ready();
  const statuses = [];
  for (const secret of ['new', 'old', 'ode']) {
    const headers = { 'x-telegram-bot-api-secret-token': secret };
    statuses.push((await deliver(await rotating.url(), message(nextId(), 1, 'x'), headers)).status);
  }
  assert.deepEqual(statuses, [200, 200, 403]);
});

test('a wrong secret is answered before the body is read, and still counts as a sign of life', async (t) => {
  const before = await intake();
  const { socket, answer } = rawRequest(origin, headersOnly(500_000_000, 'wrong'));
  t.after(() => socket.destroy());
  await waitFor(() => answer().includes('\r\n\r\n'), { what: 'an answer without a body' });
  assert.match(answer(), /^HTTP\/1\.1 403 /);
  assert.ok((await intake()).lastRequestAt > before.lastRequestAt);
});

test('what is not an update is 400 and counted', async () => {
  const before = await intake();
  const bodies = ['', '{', 'null', '[]', '[{"update_id":1}]', '{}', '{"update_id":"1"}', '{"update_id":1.5}'];
  for (const body of bodies) assert.equal((await deliver(origin, body)).status, 400, body);
  assert.equal((await intake()).malformed - before.malformed, bodies.length);
});

test('an update of a type that nobody knows is stored like any other', async () => {
  const id = nextId();
  const body = `{"update_id":${id},"quantum_message":{"chat":{"id":9},"spin":"up"}}`;
  assert.equal((await deliver(origin, body)).status, 200);
  assert.deepEqual(await stored(id), [body]);
});

test('the content type does not matter', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-8']) {
    const id = nextId();
    assert.equal((await deliver(origin, message(id, 1, type), { 'content-type': type })).status, 200, type);
    assert.equal((await stored(id)).length, 1);
  }
});

test('a body over 256 KiB is 413, announced or not; one of just that size is stored', async () => {
  const id = nextId();
  const frame = (length: number) => {
    const shell = JSON.stringify({ update_id: id, x: '' }).length;
    return JSON.stringify({ update_id: id, x: 'x'.repeat(length - shell) });
  };
  assert.equal((await deliver(origin, frame(2 ** 18 + 1))).status, 413);
  const chunked = await fetch(`${origin}/telegram/webhook`, {
    method: 'POST',
    headers: { 'x-telegram-bot-api-secret-token': WEBHOOK_SECRET },
    body: new Blob([frame(2 ** 18 + 1)]).stream(),
    duplex: 'half',
  });
  assert.equal(chunked.status, 413);
  assert.deepEqual(await stored(id), []);
  assert.equal((await deliver(origin, frame(2 ** 18))).status, 200);
  assert.deepEqual(await stored(id), [frame(2 ** 18)]);
});

test('whatever people type is stored to the letter', async () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  const texts = {
    'the NUL escape': '"a\\u0000b"',
    'a lone surrogate': '"\\ud83d"',
    'surrogates the wrong way round': '"\\udc00\\ud800"',
    'characters of four bytes': '"😀𝒳👩‍👩‍👧"',
    'control characters': '"\\b\\f\\u001f\\u007f"',
    'a backslash at the end': '"\\\\"',
    'quotes as in SQL': `"'; DROP TABLE evenkeel.inbox; --"`,
    'right to left': '"‮שלום"',
    'blanks around': '  "x"  ',
    'deep nesting': deep,
    'numbers beyond a double': '123456789012345678901234567890.5e-3',
  };
  for (const [what, text] of Object.entries(texts)) {
    const id = nextId();
    const body = `{"update_id": ${id}, "message":{"chat":{"id":5},"text":${text}}}`;
    assert.equal((await deliver(origin, body)).status, 200, what);
    assert.deepEqual(await stored(id), [body], what);
  }
});

test('an update delivered again, at once or later, is 200 each time and stored once', async () => {
  const before = await intake();
  const id = nextId();
  const body = message(id, 1, 'once');
  const together = await Promise.all(Array.from({ length: 5 }, () => deliver(origin, body)));
  const later = await deliver(origin, message(id, 1, 'another text under the same id'));
  assert.deepEqual(
    [...together, later].map(({ status }) => status),
    Array.from({ length: 6 }, () => 200),
  );
  assert.deepEqual(await stored(id), [JSON.stringify(body)]);
  const now = await intake();
  assert.equal(now.stored - before.stored, 1);
  assert.equal(now.duplicates - before.duplicates, 5);
});

test('requests that come together share transactions', async () => {
  const ids = Array.from({ length: 60 }, nextId);
  // Nothing can be stored until all have come: how fast they come must not decide.
  const holder = new pg.Client({ connectionString: world.database.url() });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE evenkeel.inbox IN SHARE MODE');
  const answers = Promise.all(ids.map((id) => deliver(origin, message(id, id, 'together'))));
  await waitFor(async () => (await intake()).inFlight === ids.length, { what: 'all requests to be there' });
  await holder.query('COMMIT');
  await holder.end();
  const statuses = await answers;
  assert.ok(statuses.every(({ status }) => status === 200));
  const [row] = await world.database.sql<{ transactions: string; updates: string }>(
    'SELECT count(DISTINCT xmin::text) AS transactions, count(*) AS updates FROM evenkeel.inbox WHERE update_id = ANY ($1)',
    [ids],
  );
  assert.equal(Number(row!.updates), 60);
  assert.ok(Number(row!.transactions) < 10, `60 updates in ${row!.transactions} transactions`);
});

test('the same updates stored by two tasks in opposite orders do not wait for each other in a circle', async (t) => {
  const database = await world.freshDatabase(t);
  const { log } = captureLog();
  const pools = [1, 2].map(() => createPool({ url: database.url('web'), posture: world.posture, role: 'web', log }));
  t.after(() => Promise.all(pools.map((pool) => pool.end())));
  for (let round = 0; round < 15; round += 1) {
    const updates = Array.from({ length: 200 }, (_, index) => ({
      updateId: round * 1000 + index,
      queue: 'chat' as const,
      lane: '1:1',
      body: '{}',
    }));
    const counts = await Promise.all(
      pools.flatMap((pool) => [storeUpdates(pool, 1, updates), storeUpdates(pool, 1, updates.toReversed())]),
    );
    assert.equal(counts.flat().length, 200);
  }
});

test('only POST is taken, and only there', async () => {
  assert.equal((await fetch(`${origin}/telegram/webhook`)).status, 404);
  assert.equal((await fetch(`${origin}/telegram/webhook/`, { method: 'POST', body: '{}' })).status, 404);
  assert.equal((await fetch(`${origin}/`)).status, 404);
});
