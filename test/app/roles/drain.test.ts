/** The end of a process: asked for, under load, cut short, or by an error that nobody caught. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { settled } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { deliver, headersOnly, message, rawRequest } from '../../harness/webhook.ts';
import { startWorld } from '../../harness/world.ts';

const world = await startWorld({ after });
const CLEAN = { code: 0, signal: null };
beforeEach(() => {
  world.telegram.faults = {};
});

test('web under load: what it acknowledged is stored, the rest is told to come again, and it exits 0', async (t) => {
  const web = await world.startTask(t, 'web');
  await web.ready();
  const origin = await web.url();
  const outcomes = new Map<number, number | 'cut'>();
  let going = true;
  let lastId = 0;
  const senders = Array.from({ length: 8 }, async () => {
    while (going) {
      const id = ++lastId;
      outcomes.set(
        id,
        await deliver(origin, message(id, id % 50, 'x')).then(
          ({ status }) => status,
          () => 'cut' as const,
        ),
      );
      if (outcomes.get(id) === 'cut') await new Promise((done) => setTimeout(done, 20));
    }
  });
  await waitFor(() => outcomes.size > 200, { what: 'some load' });
  web.signal('SIGTERM');
  await waitFor(
    async () =>
      (await web.get('/ready').then(
        ({ status }) => status,
        () => 0,
      )) !== 200,
    {
      what: 'the task to say that it is leaving',
    },
  );
  // The load balancer sends nothing new by now.
  going = false;
  await Promise.all(senders);
  assert.deepEqual(await web.exited, CLEAN);
  const acknowledged = [...outcomes].filter(([, status]) => status === 200).map(([id]) => id);
  const rows = await world.database.sql<{ id: number }>('SELECT update_id::int AS id FROM evenkeel.inbox');
  const stored = new Set(rows.map(({ id }) => id));
  assert.deepEqual(
    acknowledged.filter((id) => !stored.has(id)),
    [],
  );
  assert.ok(acknowledged.length > 200);
  await world.database.sql('TRUNCATE evenkeel.inbox');
});

test('web ends in time though a client never sends the body that it announced', async (t) => {
  const web = await world.startTask(t, 'web', {
    posture: {
      telegram: { ackDeadline: '3s' },
      ingress: { deregistrationDelay: '1s' },
      database: { timeouts: { statement: '1s', lock: '500ms', query: '1500ms', acquire: '500ms', connect: '500ms' } },
      web: { drain: '5s', stopTimeout: '20s' },
    },
  });
  await web.ready();
  const { socket } = rawRequest(await web.url(), headersOnly(1000));
  t.after(() => socket.destroy());
  await waitFor(async () => (await web.health()).intake?.inFlight === 1, { what: 'the request to be let in' });
  assert.deepEqual(await web.stop(20_000), CLEAN, 'within its stopTimeout');
});

test('a worker that is asked to end hands its chats on at once: another goes on without waiting for the lease', async (t) => {
  const database = await world.freshDatabase(t);
  const chats = Array.from({ length: 10 }, (_, index) => 100 + index);
  for (const chatId of chats) world.telegram.open(chatId);
  world.telegram.faults = { latency: 150 };
  const web = await world.startTask(t, 'web', { database });
  const first = await world.startTask(t, 'worker', { database });
  await Promise.all([web.ready(), first.ready()]);
  const origin = await web.url();
  const command = { entities: [{ type: 'bot_command', offset: 0, length: 5 }] };
  let id = 0;
  for (let round = 0; round < 15; round += 1) {
    const deliveries = chats.map((chatId) => {
      const update = message(++id, chatId, '/help') as { message: object };
      return deliver(origin, { ...update, message: { ...update.message, ...command } });
    });
    assert.ok((await Promise.all(deliveries)).every(({ status }) => status === 200));
  }
  await waitFor(() => chats.every((chatId) => world.telegram.messages(chatId).length >= 2), { what: 'some answers' });
  // From here on an answer takes so long that there is a rest however slowly the second one starts.
  world.telegram.faults = { latency: 3000 };
  const second = await world.startTask(t, 'worker', { database });
  await second.ready();
  assert.deepEqual(await first.stop(), CLEAN);
  const rest = await database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'pending'`);
  assert.ok(rest.length > 0, 'it finished the updates in hand, and not all of the chats');
  world.telegram.faults = {};
  const rows = await settled(database);
  // A lease that has to run out first shows as a takeover.
  assert.ok(rows.every(({ state, attempts, takeovers }) => state === 'done' && attempts === 0 && takeovers === 0));
  for (const chatId of chats) assert.equal(world.telegram.messages(chatId).length, 15, 'each answer once');
});

test('a worker that still waits for its database ends at once when it is asked to', async (t) => {
  const worker = await world.startTask(t, 'worker', { env: { DATABASE_URL: 'postgres://worker:x@127.0.0.1:1/none' } });
  await worker.logged(/the database is not ready/);
  assert.deepEqual(await worker.stop(), CLEAN);
});

test('a wrong bot token ends the worker with one line that says what to do', async (t) => {
  const worker = await world.startTask(t, 'worker', { env: { BOT_TOKEN: '123456:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef' } });
  assert.deepEqual(await worker.exited, { code: 2, signal: null });
  const fatal = worker.logs.filter(({ level }) => level === 'fatal');
  assert.deepEqual(
    fatal.map(({ msg }) => msg),
    ['BOT_TOKEN: Telegram says 401 Unauthorized; set it to the token that @BotFather gave'],
  );
  assert.doesNotMatch(worker.output.join('\n'), /ABCDEFGH/);
});

for (const [kind, statement] of [
  ['unhandledRejection', `void Promise.reject(new Error('nobody caught this'))`],
  ['uncaughtException', `throw new Error('nobody caught this')`],
] as const) {
  test(`${kind}: logged with its stack and the state of the process, then exit 1`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'evenkeel-'));
    t.after(() => rm(directory, { recursive: true }));
    const file = join(directory, 'fault.mjs');
    await writeFile(file, `setTimeout(() => { ${statement}; }, 700);`);
    const web = await world.startTask(t, 'web', { node: ['--import', file] });
    assert.deepEqual(await web.exited, { code: 1, signal: null });
    const fatal = web.logs.find(({ level }) => level === 'fatal')!;
    assert.equal(fatal.msg, 'unhandled error; the process ends');
    assert.equal(fatal['kind'], kind);
    assert.equal(fatal['error'], 'nobody caught this');
    assert.match(String(fatal['stack']), /fault\.mjs/);
    assert.ok((fatal['memory'] as { rss: number }).rss > 0);
    assert.equal(typeof fatal['resources'], 'object');
  });
}
