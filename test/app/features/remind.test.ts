/** /remind, and by force: its job and its message survive SIGKILL of the workers between any two of their steps. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from '../../../app/features/remind/index.ts';
import { raised, startWorld } from '../../harness/world.ts';
import { waitFor } from '../../harness/wait.ts';

const posture = raised({
  providers: { telegram: { timeout: '500ms', attempts: 1, rate: { patience: '500ms' } } },
});
const world = await startWorld({ after }, { posture });
const { telegram } = world;

test('what may be asked for', () => {
  assert.deepEqual(parse('10m take the tea out'), { after: 600_000, count: 10, unit: 'm', of: 'take the tea out' });
  assert.deepEqual(parse(' 1 D\ncall\nhome'), { after: 86_400_000, count: 1, unit: 'd', of: 'call\nhome' });
  for (const text of [
    '',
    'tea',
    '10m',
    '10 tea',
    '0m tea',
    '-5m tea',
    '31d tea',
    '9999999m tea',
    '1.5h tea',
    '10s tea',
  ])
    assert.equal(parse(text), undefined, text);
});

test('a reminder is noted, made a job, and said when it is due', async (t) => {
  const database = await world.freshDatabase(t);
  const web = await world.startTask(t, 'web', { database });
  const worker = await world.startTask(t, 'worker', { database });
  await Promise.all([web.ready(), worker.ready()]);
  telegram.open(1);
  await world.setWebhook(web);
  telegram.say(1, '/remind 1m take the tea out');
  telegram.say(1, '/remind');
  const said = () =>
    telegram
      .messages(1)
      .filter(({ from }) => from === 'bot')
      .map(({ text }) => text);
  await waitFor(() => said().length === 2, { what: 'both answers' });
  assert.equal(said()[0], 'I will remind you in 1 minute.');
  assert.match(said()[1]!, /^Write when and of what/);
  const [job] = await database.sql<{ wait: number }>(
    `SELECT round(extract(epoch FROM start_after - created_on))::int AS wait FROM pgboss.job WHERE name = 'remind'`,
  );
  assert.equal(job!.wait, 60);
  await database.sql(`UPDATE pgboss.job SET start_after = now() WHERE name = 'remind'`);
  await waitFor(() => said().includes('You asked me to remind you: take the tea out'), { what: 'the reminder' });
});

test('who reads German is answered and reminded in German', async (t) => {
  const database = await world.freshDatabase(t);
  const web = await world.startTask(t, 'web', { database });
  const worker = await world.startTask(t, 'worker', { database });
  await Promise.all([web.ready(), worker.ready()]);
  telegram.open(2, 'Grete', 'de-AT');
  await world.setWebhook(web);
  telegram.say(2, '/remind 2d <Tee> & Kuchen');
  const said = () =>
    telegram
      .messages(2)
      .filter(({ from }) => from === 'bot')
      .map(({ text }) => text);
  await waitFor(() => said().length === 1, { what: 'the answer' });
  await database.sql(`UPDATE pgboss.job SET start_after = now() WHERE name = 'remind'`);
  await waitFor(() => said().length === 2, { what: 'the reminder' });
  assert.deepEqual(said(), ['Ich erinnere dich in 2 Tagen.', 'Du wolltest erinnert werden: <Tee> & Kuchen']);
});

test('workers killed again and again: each reminder is there, twice at most, and no more twice than were under way', async (t) => {
  const database = await world.freshDatabase(t);
  const CHATS = 12;
  const EACH = 10;
  const KILLS = 6;
  for (let chat = 1; chat <= CHATS; chat += 1) telegram.open(100 + chat);
  telegram.faults = { latency: 40 };
  t.after(() => void (telegram.faults = {}));
  const start = () => world.startTask(t, 'worker', { database });
  const workers = [await start(), await start()];
  await Promise.all(workers.map((worker) => worker.ready()));
  // Due one after the other, for as long as there are kills.
  await database.sql(
    `INSERT INTO pgboss.job (name, data, start_after, keep_until, retry_limit, dead_letter, expire_seconds)
     SELECT 'remind', jsonb_build_object('chat', 100 + chat, 'text', chat || '/' || n), now() + n * interval '0.8 s',
            now() + n * interval '0.8 s' + interval '3650 days', 20, 'dead', 20
     FROM generate_series(1, $1) AS chat, generate_series(1, $2) AS n`,
    [CHATS, EACH],
  );
  for (let kill = 0; kill < KILLS; kill += 1) {
    await sleep(300 + Math.random() * 900);
    const at = kill % 2;
    workers[at]!.signal('SIGKILL');
    await workers[at]!.exited;
    workers[at] = await start();
  }
  await waitFor(
    async () => {
      const [row] = await database.sql<{ jobs: number; messages: number }>(
        `SELECT (SELECT count(*) FROM pgboss.job WHERE name = 'remind' AND state < 'completed')::int AS jobs,
                (SELECT count(*) FROM evenkeel.outbox WHERE state IN ('waiting', 'sending'))::int AS messages`,
      );
      return row!.jobs === 0 && row!.messages === 0;
    },
    { within: 180_000, what: 'every reminder to be said' },
  );
  const rows = await database.sql<{ chat: number; text: string; state: string; attempts: number }>(
    `SELECT chat_id::int AS chat, state, attempts::int FROM evenkeel.outbox`,
  );
  assert.equal(rows.length, CHATS * EACH, 'one message for each reminder');
  assert.deepEqual([...new Set(rows.map(({ state }) => state))], ['sent']);
  const repeats = rows.filter(({ attempts }) => attempts > 1).length;
  let twice = 0;
  for (let chat = 1; chat <= CHATS; chat += 1) {
    const said = telegram.messages(100 + chat).map(({ text }) => text);
    for (let n = 1; n <= EACH; n += 1) {
      const copies = said.filter((text) => text === `You asked me to remind you: ${chat}/${n}`).length;
      assert.ok(copies === 1 || copies === 2, `${chat}/${n} is there ${copies} times`);
      twice += copies - 1;
    }
  }
  assert.ok(twice <= repeats, `${twice} are there twice, ${repeats} were repeated`);
  const [{ dead }] = (await database.sql<{ dead: number }>(
    `SELECT count(*)::int AS dead FROM pgboss.job WHERE name = 'dead'`,
  )) as [{ dead: number }];
  assert.equal(dead, 0);
});
