/** /remind, and by force: its job and its message survive SIGKILL of the workers between any two of their steps. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withTx } from '../../../app/database/tx.ts';
import { parse } from '../../../app/features/remind/index.ts';
import { reminders } from '../../../app/features/remind/job.ts';
import { enqueue } from '../../../app/jobs/enqueue.ts';
import { callOff, wishes, wishOf } from '../../../app/jobs/wishes.ts';
import { startFeature } from '../../harness/feature.ts';
import { workerPool } from '../../harness/lanes.ts';
import { waitFor } from '../../harness/wait.ts';
import { raised } from '../../harness/world.ts';

const posture = raised({
  providers: { telegram: { timeout: '500ms', attempts: 1, rate: { patience: '500ms' } } },
});
const feature = await startFeature({ after }, 'remind', { posture });
const { world } = feature;
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

test('a reminder is noted, made a job, and said when it is due', async () => {
  assert.equal(await feature.ask(1, '/remind 1m take the tea out'), 'I will remind you in 1 minute.');
  assert.match(await feature.ask(1, '/remind tea'), /^Write when and of what/);
  const [job] = await feature.database.sql<{ wait: number }>(
    `SELECT round(extract(epoch FROM start_after - created_on))::int AS wait FROM pgboss.job WHERE name = 'remind'`,
  );
  assert.equal(job!.wait, 60);
  await feature.due('remind');
  await feature.next(1, /^You asked me to remind you: take the tea out$/);
});

test('who reads German is answered and reminded in German', async () => {
  telegram.open(2, 'Grete', 'de-AT');
  assert.equal(await feature.ask(2, '/remind 2d <Tee> & Kuchen'), 'Ich erinnere dich in 2 Tagen.');
  await feature.due('remind');
  await feature.next(2, /^Du wolltest erinnert werden: <Tee> & Kuchen$/);
});

test('who speaks another language by then is reminded in that one', async () => {
  telegram.open(12, 'Grete', 'de-AT');
  assert.equal(await feature.ask(12, '/remind 2d tea'), 'Ich erinnere dich in 2 Tagen.');
  const asked = telegram.messages(12).length;
  await feature.ask(12, '/language');
  telegram.tap(12, telegram.messages(12)[asked + 1]!.messageId, 'language:en');
  await feature.next(12, /^I speak English now/);
  await feature.due('remind');
  await feature.next(12, /^You asked me to remind you: tea$/);
});

test('asked what of and when, by a reply and a tap; tapped again, it is not noted again', async (t) => {
  const database = await world.freshDatabase(t);
  const web = await world.startTask(t, 'web', { database });
  const worker = await world.startTask(t, 'worker', { database });
  await Promise.all([web.ready(), worker.ready()]);
  telegram.open(3, 'Ada', 'en');
  await world.setWebhook(web);
  const messages = () => telegram.messages(3).filter(({ from }) => from === 'bot');
  async function next(act: () => unknown) {
    const before = messages().length;
    act();
    return waitFor(() => messages()[before], { what: 'an answer' });
  }
  assert.equal((await next(() => telegram.say(3, '/remind'))).text, 'What shall I remind you of?');
  const when = await next(() => telegram.say(3, 'the tea'));
  assert.equal(when.text, 'When shall I remind you: the tea');
  const data = when.buttons.flat().map(({ callback_data: of }) => of!);
  assert.ok(data.every((each) => Buffer.byteLength(each) <= 64));
  telegram.faults = { duplicates: 3 };
  t.after(() => void (telegram.faults = {}));
  const noted = await next(() => telegram.tap(3, when.messageId, data[1]!));
  assert.equal(noted.text, 'I will remind you in 1 hour.');
  const toasts: (string | undefined)[] = [];
  t.after(telegram.subscribe((event) => void (event.kind === 'callback-answer' && toasts.push(event.text))));
  telegram.tap(3, when.messageId, data[0]!);
  await waitFor(() => toasts.includes('You have answered this already.'), { what: 'to be told so' });
  const jobs = await database.sql(`SELECT FROM pgboss.job WHERE name = 'remind'`);
  assert.equal(jobs.length, 1);
  // What is no answer to a question goes where it always went.
  assert.notEqual((await next(() => telegram.say(3, 'the tea'))).text, when.text);
});

test('workers killed while people answer: each reminder is noted once, and nobody is left without an answer', async (t) => {
  const database = await world.freshDatabase(t);
  const web = await world.startTask(t, 'web', { database });
  const start = () => world.startTask(t, 'worker', { database });
  const workers = [await start(), await start()];
  await Promise.all([web.ready(), ...workers.map((worker) => worker.ready())]);
  await world.setWebhook(web);
  telegram.faults = { latency: 30, duplicates: 2 };
  t.after(() => void (telegram.faults = {}));
  const PEOPLE = 20;
  const bot = (user: number) => telegram.messages(user).filter(({ from }) => from === 'bot');
  const said = (user: number, what: RegExp) =>
    waitFor(() => bot(user).findLast(({ text }) => what.test(text)), { what: `${what} to ${user}`, within: 120_000 });
  async function talk(user: number): Promise<void> {
    telegram.open(user);
    telegram.say(user, '/remind');
    await said(user, /^What shall/);
    telegram.say(user, `tea ${user}`);
    const when = await said(user, /^When shall/);
    const data = when.buttons[2]![0]!.callback_data!;
    // Two fingers.
    telegram.tap(user, when.messageId, data);
    telegram.tap(user, when.messageId, data);
    await said(user, /^I will remind you in 1 day/);
  }
  const talking = Promise.all(Array.from({ length: PEOPLE }, (_, n) => talk(700 + n)));
  for (let kill = 0; kill < 6; kill += 1) {
    await sleep(200 + Math.random() * 600);
    const at = kill % 2;
    workers[at]!.signal('SIGKILL');
    await workers[at]!.exited;
    workers[at] = await start();
  }
  await talking;
  await waitFor(async () => (await database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'pending'`)).length === 0, {
    within: 120_000,
    what: 'every update to be settled',
  });
  const jobs = await database.sql<{ text: string; n: number }>(
    `SELECT data->>'text' AS text, count(*)::int AS n FROM pgboss.job WHERE name = 'remind' GROUP BY 1`,
  );
  assert.equal(jobs.length, PEOPLE);
  assert.deepEqual([...new Set(jobs.map(({ n }) => n))], [1]);
  assert.deepEqual(await database.sql(`SELECT FROM evenkeel.inbox WHERE state = 'parked'`), []);
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

test('reminders that an earlier release wrote are named by the migration: /mydata shows them, /forget calls them off', async (t) => {
  const database = await world.freshDatabase(t);
  const { botId } = world;
  const file = new URL('../../../app/database/migrations/0034_wish_of_before.sql', import.meta.url);
  const [up] = (await readFile(file, 'utf8')).split('-- Down Migration');
  const pool = workerPool(t, database, world.posture, botId);
  const [one, two] = [41, 42];
  for (const chat of [one, one, two])
    await withTx(pool, (tx) =>
      enqueue(tx, reminders, { chat, text: 'tea', language: 'en' as const }, { after: 3_600_000 }),
    );
  assert.deepEqual(await wishes(pool, wishOf(botId, one)), [], 'as that release left them');
  await database.sql(up!);
  assert.deepEqual(await wishes(pool, wishOf(botId, one)), [], 'whose they are is not known before a worker was there');
  await database.sql('INSERT INTO evenkeel.pulse (bot_id) VALUES ($1)', [botId]);
  await database.sql(up!);
  assert.deepEqual(
    (await wishes(pool, wishOf(botId, one))).map(({ queue }) => queue),
    ['remind', 'remind'],
  );
  assert.equal(await callOff(pool, wishOf(botId, one)), 2);
  assert.equal((await wishes(pool, wishOf(botId, two))).length, 1, 'another’s stay');
});
