/**
 * The release before and this one side by side, as while a deploy rolls, and the release before alone again, as when it is
 * taken back: under load, with updates that were stored before and others that were given up.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cleanup, type Undo } from '../harness/cleanup.ts';
import { freshDatabase } from '../harness/database.ts';
import { waitFor } from '../harness/wait.ts';
import { startWorld, WEBHOOK_SECRET } from '../harness/world.ts';
import { openDoor } from './rig/door.ts';

/** The last commit whose workers keep a chat to one of them by a pg-boss token. */
const BEFORE = '36825e79d65b37452a49ada7452d4cc40fef2fa8';
const ROOT = new URL('../..', import.meta.url);

function release(commit: string): Buffer | undefined {
  try {
    const options = { cwd: ROOT, maxBuffer: 64 * 2 ** 20, stdio: 'pipe' } as const;
    return execFileSync('git', ['archive', commit, 'app', 'posture', 'package.json'], options);
  } catch {
    return undefined;
  }
}

const archive = release(BEFORE);
const skip = archive ? false : `no commit ${BEFORE} here: git fetch --unshallow`;

const world = await startWorld({ after }, { posture: { features: { chat: false } }, telegram: { keepMessages: 1000 } });

const LOAD = { updates: 1_500, chats: 40, rate: 100, duplicates: 2 };
/** Updates that are to come while a task starts or leaves. */
const ENOUGH = 500;
/** What only a hang reaches, ms. */
const WITHIN = 300_000;
const [BACKLOG, CHATS] = [300, 30];
const POSTURE = JSON.stringify({ features: { chat: false } });

/** The release before, unpacked: the path of its program. */
async function unpack(undo: Undo): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'evenkeel-before-'));
  undo(() => rm(directory, { recursive: true }));
  execFileSync('tar', ['-x', '-C', directory], { input: archive! });
  await symlink(new URL('node_modules', ROOT), join(directory, 'node_modules'));
  return join(directory, 'app/main.ts');
}

test(
  'old and new tasks share the chats: order is kept and nothing is sent twice, while a deploy rolls and is taken back',
  { skip },
  async (t) => {
    const undo = cleanup(t);
    const owner = { after: undo };
    const main = await unpack(undo);
    const database = await freshDatabase(world.postgres, undo, 'template1');
    const old = (role: 'web' | 'worker' | 'migrate') =>
      world.startTask(owner, role, { database, main, env: { POSTURE } });
    const current = (role: 'web' | 'worker' | 'migrate') => world.startTask(owner, role, { database });
    const { telegram } = world;

    assert.equal((await (await old('migrate')).exited).code, 0);
    // What an old web task has stored while no worker ran, and what was given up.
    const chat = (n: number) => 9_000_000 + (n % CHATS);
    for (let index = 0; index < CHATS; index += 1) telegram.open(chat(index));
    await database.sql(
      `WITH stored AS (
       INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, body)
       SELECT $1::bigint, 1 + n, 'chat', $2 || ':' || (9000000 + n % ${CHATS}), json_build_object('update_id', 1 + n, 'message', json_build_object(
         'message_id', 1 + n, 'date', 1790000000, 'text', 'stored-' || n,
         'from', json_build_object('id', 9000000 + n % ${CHATS}, 'is_bot', false, 'first_name', 'Ada'),
         'chat', json_build_object('id', 9000000 + n % ${CHATS}, 'type', 'private', 'first_name', 'Ada')))::text
       FROM generate_series(0, ${BACKLOG - 1}) AS n RETURNING queue, lane
     ) INSERT INTO evenkeel.arrival (queue, lane) SELECT queue, lane FROM stored`,
      [world.botId, String(world.botId)],
    );
    await database.sql(
      `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, attempts, settled_at, body)
     SELECT $1::bigint, 100000 + n, 'chat', $2 || ':9000001', 'parked', 4, now(), '{}' FROM generate_series(1, 5) AS n`,
      [world.botId, String(world.botId)],
    );
    // Handlers take so long that chats are in hand whenever tasks come and go.
    telegram.faults = { latency: 60 };
    const webs = new Map<string, number>();
    const joins = async (name: string, task: Awaited<ReturnType<typeof old>>) => {
      await task.ready(WITHIN);
      webs.set(name, Number(new URL(await task.url()).port));
      return task;
    };
    const [oldWeb, oldWorker] = await Promise.all([old('web').then((task) => joins('old', task)), old('worker')]);
    await oldWorker.ready(WITHIN);
    const door = await openDoor(() => [...webs.values()]);
    undo(() => door.close());
    await world.callTelegram('setWebhook', {
      url: `${door.url}/telegram/webhook`,
      secret_token: WEBHOOK_SECRET,
      max_connections: 40,
    });
    telegram.flood(LOAD);
    /** There is work at each step, however long this machine needs to start a task. */
    const goesOn = () => {
      const { said, wanted, replied } = telegram.floodReport();
      if (said === wanted && wanted - replied < ENOUGH) telegram.flood({ ...LOAD, updates: ENOUGH });
      return replied;
    };
    const answered = (count: number, what: string) => {
      const before = telegram.floodReport().replied;
      return waitFor(() => goesOn() >= before + count, { within: WITHIN, what });
    };
    await answered(100, 'the release before to be at work');

    assert.equal((await (await current('migrate')).exited).code, 0, 'migrated while old tasks run');
    await Promise.all([
      current('web').then((task) => joins('new', task)),
      current('worker').then((task) => task.ready(WITHIN).then(() => task)),
    ]).then(async ([newWeb, newWorker]) => {
      await waitFor(async () => goesOn() >= 0 && (await newWorker.health()).lanes!['chat']!.handled > 100, {
        within: WITHIN,
        what: 'the new worker to take its share',
      });
      // Rolled: the old tasks leave. Taken back: an old worker returns, and the new tasks leave.
      webs.delete('old');
      await Promise.all([oldWeb.stop(), oldWorker.stop()]);
      await answered(200, 'the new release alone');
      const [webAgain, workerAgain] = await Promise.all([
        old('web').then((task) => joins('again', task)),
        old('worker'),
      ]);
      await workerAgain.ready(WITHIN);
      webs.delete('new');
      await Promise.all([newWeb.stop(), newWorker.stop()]);
      await answered(200, 'the release before alone again');
      await waitFor(() => telegram.floodReport().replied === telegram.floodReport().wanted, {
        within: WITHIN,
        what: 'the release before to answer the rest',
      });
      await Promise.all([webAgain.stop(), workerAgain.stop()]);
    });

    const report = telegram.floodReport();
    assert.deepEqual(
      { replied: report.replied, repeated: report.repeatedReplies, outOfOrder: report.outOfOrder },
      { replied: report.wanted, repeated: 0, outOfOrder: 0 },
    );
    for (let index = 0; index < CHATS; index += 1) {
      const texts = telegram.messages(chat(index)).flatMap(({ text }) => /stored-(\d+)/.exec(text ?? '')?.[1] ?? []);
      const wanted = Array.from({ length: BACKLOG / CHATS }, (_, round) => String(index + round * CHATS));
      assert.deepEqual(texts, wanted, `chat ${chat(index)}`);
    }
    const states = await database.sql(
      'SELECT state, count(*)::int AS count FROM evenkeel.inbox GROUP BY state ORDER BY state',
    );
    assert.deepEqual(states, [
      { state: 'done', count: report.wanted + BACKLOG },
      { state: 'parked', count: 5 },
    ]);
  },
);

test(
  'a worker of the release before leaves alone what waits in a queue that it does not know, and goes on sweeping',
  { skip },
  async (t) => {
    const undo = cleanup(t);
    const main = await unpack(undo);
    const database = await freshDatabase(world.postgres, undo, 'template1');
    const old = (role: 'worker' | 'migrate') =>
      world.startTask({ after: undo }, role, { database, main, env: { POSTURE } });
    assert.equal((await (await old('migrate')).exited).code, 0);
    assert.equal((await (await world.startTask({ after: undo }, 'migrate', { database })).exited).code, 0);
    const payer = 9_500_001;
    world.telegram.open(payer);
    // As a new web task stores them, killed before it announced them: of the two, the payment comes first in the sweep.
    const stored = (updateId: number, queue: string, lane: string, extra: object) =>
      database.sql(
        `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, received_at, body) VALUES ($1, $2, $3, $4, now() - interval '1 minute', $5)`,
        [
          world.botId,
          updateId,
          queue,
          `${world.botId}:${lane}`,
          JSON.stringify({
            update_id: updateId,
            message: {
              message_id: updateId,
              date: 1790000000,
              from: { id: payer, is_bot: false, first_name: 'Ada' },
              chat: { id: payer, type: 'private', first_name: 'Ada' },
              ...extra,
            },
          }),
        ],
      );
    const paid = {
      currency: 'XTR',
      total_amount: 10,
      invoice_payload: 'an order that nobody knows',
      telegram_payment_charge_id: 'charge-1',
      provider_payment_charge_id: 'charge-1',
    };
    await stored(1, 'payment', '1:pay', { successful_payment: paid });
    await stored(2, 'chat', String(payer), { text: 'stranded' });
    const states = () =>
      database.sql<{ queue: string; state: string }>('SELECT queue, state FROM evenkeel.inbox ORDER BY update_id');

    const oldWorker = await old('worker');
    await oldWorker.ready(WITHIN);
    await waitFor(async () => (await states())[1]!.state === 'done', {
      within: 60_000,
      what: 'the release before to sweep up the chat behind the payment',
    });
    assert.equal((await states())[0]!.state, 'pending');
    await oldWorker.stop();
    const worker = await world.startTask({ after: undo }, 'worker', { database });
    await worker.ready(WITHIN);
    await waitFor(async () => (await states())[0]!.state === 'done', {
      within: 60_000,
      what: 'this release to book it',
    });
  },
);
