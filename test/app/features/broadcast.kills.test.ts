/**
 * By force: thousands of people, one in twenty of whom has blocked the bot, and the worker killed twice in the middle of it.
 * Nobody gets it twice; who did not get it is counted as what he is, and nobody is left out (fault broadcast-abort).
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withTx } from '../../../app/database/tx.ts';
import { start } from '../../../app/features/broadcast/steer.ts';
import { draft } from '../../../app/features/broadcast/store.ts';
import { off } from '../../harness/feature.ts';
import { workerPool } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { startWorld } from '../../harness/world.ts';

/** Within a minute or so on two cores that others use too; `RECIPIENTS=10000` for more. */
const PEOPLE = Number(process.env['RECIPIENTS'] ?? 4_000);
const OWNER = 1;
const FIRST = 1_000;
const world = await startWorld(
  { after },
  {
    posture: {
      features: off('chat'),
      people: { owners: [OWNER] },
      providers: { telegram: { rate: { broadcast: 1_000 } } },
      // So many messages a second have to be kept somewhere.
      database: { storage: { size: '400GiB', max: '2TiB' } },
    },
  },
);
const { telegram, database, botId } = world;
const pool = workerPool({ after }, database, world.posture);

interface Row {
  state: string;
  recipients: number;
  sent: number;
  unknown: number;
  blocked: number;
  failed: number;
  seconds: number;
}
const stands = async () =>
  (
    await database.sql<Row & Record<string, unknown>>(
      `SELECT state, recipients, sent, unknown, blocked, gone + failed + left_out AS failed,
              extract(epoch FROM clock_timestamp() - started_at)::float8 AS seconds FROM evenkeel.broadcast`,
    )
  )[0]!;

test('thousands of recipients, 5 % blocked, the worker killed twice: each gets it once, or is named', async () => {
  telegram.open(OWNER);
  const everybody = Array.from({ length: PEOPLE }, (_, n) => FIRST + n);
  for (const id of everybody) telegram.open(id);
  const blocked = everybody.filter((id) => id % 20 === 0);
  telegram.faults = { blocked, latency: 20 };
  await database.sql(
    `INSERT INTO evenkeel.person (bot_id, user_id, app_language, seen_on)
     SELECT $1, n, 'en', current_date FROM generate_series($2::bigint, $3::bigint) AS n`,
    [botId, FIRST, FIRST + PEOPLE - 1],
  );
  let worker = await world.startTask({ after }, 'worker');
  await worker.ready();
  const content = { text: 'To all of you', html: false };
  await withTx(pool, async (tx) => {
    const by = { botId, userId: OWNER };
    const made = await draft(tx, { botId, madeBy: OWNER, updateId: 1, content });
    assert.equal(await start(tx, by, made), 'done');
  });
  const prepared = await waitFor(
    async () => {
      const [row] = await database.sql<{ phase: string }>('SELECT phase FROM evenkeel.broadcast');
      return row!.phase === 'send' ? stands() : undefined;
    },
    { what: 'everybody to be written down' },
  );
  assert.equal(prepared.recipients, PEOPLE);
  for (const at of [PEOPLE / 5, PEOPLE / 2]) {
    await waitFor(async () => (await stands()).sent >= at, { what: `${at} to have it`, within: 120_000 });
    // Somewhere in the next few.
    await sleep(Math.random() * 150);
    worker.signal('SIGKILL');
    await worker.exited;
    worker = await world.startTask({ after }, 'worker');
    await worker.ready();
  }
  const end = await waitFor(
    async () => {
      const now = await stands();
      return now.state === 'done' ? now : undefined;
    },
    { what: 'its end', within: 240_000 },
  );
  const unknown = new Set(
    (
      await database.sql<{ user: number }>(
        `SELECT user_id::int AS user FROM evenkeel.broadcast_recipient WHERE state = 'unknown'`,
      )
    ).map(({ user }) => user),
  );
  const copies = (id: number) => telegram.messages(id).filter(({ text }) => text === content.text).length;
  const wrong = everybody.filter((id) => {
    const got = copies(id);
    if (blocked.includes(id)) return got !== 0;
    return unknown.has(id) ? got > 1 : got !== 1;
  });
  assert.deepEqual(wrong, []);
  assert.equal(end.recipients, PEOPLE);
  assert.equal(end.unknown, unknown.size);
  // Of each kill at most what was in hand.
  assert.ok(unknown.size <= 100, `${unknown.size} unknown`);
  assert.equal(end.failed, 0);
  assert.equal(end.sent + end.unknown + end.blocked, PEOPLE);
  const marked = await database.sql('SELECT FROM evenkeel.person WHERE blocked_at IS NOT NULL');
  assert.equal(marked.length, end.blocked);
  assert.ok(blocked.length - end.blocked <= unknown.size);
  await waitFor(() => telegram.messages(OWNER).find(({ text }) => /^Broadcast: done\./.test(text)), {
    what: 'its maker to be told',
  });
});
