/** Files that are too large for a chat: put into the object store, had by a link for a while, and by nobody else. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { startFeature } from '../../harness/feature.ts';
import { people } from './downloads.rig.ts';

const MB = 1_000_000;
const FILM = 60 * 2 ** 20;

const feature = await startFeature({ after }, 'downloads', {
  posture: {
    web: { pool: 3 },
    work: { download: { backoff: { first: '100ms', max: '200ms' } } },
    schedules: { linkWarnings: { every: '1m', deadline: '30s' } },
  },
});
const { world, database } = feature;
const { objects, telegram } = world;
const { said, press, fetch: ask, rows, files, until } = people(world);
// Where people reach it is known now.
await feature.media!.stop();
const publicUrl = await feature.web.url();
const media = await world.startTask({ after }, 'media', { env: { PUBLIC_URL: publicUrl } });
await media.ready();

beforeEach(() => (objects.faults = {}));

const linkIn = (text: string): string => /http:\S+\/d\/[\w-]{43}/.exec(text)![0];
const follow = (link: string) => fetch(link, { redirect: 'manual' });
async function assertOver(link: string): Promise<void> {
  const answer = await follow(link);
  assert.equal(answer.status, 404);
  assert.match(await answer.text(), /^This link is over, or was never there\./);
}

/** Asks for a film, and is given its link. */
async function film(user: number): Promise<string> {
  await ask(user, `/film.mp4?${user}`);
  const { text } = await said(user, /too large for a chat\. Here it is/);
  return linkIn(text);
}

test('a film is had by a link, under its own name', async () => {
  const link = await film(1);
  assert.equal(files(1).length, 0);
  const { text, buttons } = await said(1, /^film\.mp4 \(63 MB\) .* for 72 hours:/);
  assert.equal(Math.ceil(FILM / MB), 63);
  assert.match(text, /You can have 9 more/);
  assert.deepEqual(
    buttons.flat().map((button) => button.text),
    ['Delete it now'],
  );
  const led = await follow(link);
  assert.equal(led.status, 302);
  assert.equal(led.headers.get('cache-control'), 'no-store');
  const file = await fetch(led.headers.get('location')!);
  assert.equal((await file.arrayBuffer()).byteLength, FILM);
  assert.match(file.headers.get('content-disposition')!, /^attachment; filename="film\.mp4"/);
  assert.equal((await rows(1))[0]!.state, 'sent');
  assert.deepEqual(objects.stats().open, 0);
});

test('nothing in the database leads there', async () => {
  const link = await film(2);
  const token = link.slice(-43);
  const found = await database.sql(
    `SELECT FROM evenkeel.file_link f WHERE f::text LIKE '%' || $1 || '%'
     UNION ALL SELECT FROM evenkeel.outbox o WHERE state = 'sent' AND o::text LIKE '%' || $1 || '%'
     UNION ALL SELECT FROM pgboss.job j WHERE j::text LIKE '%' || $1 || '%'`,
    [token],
  );
  assert.deepEqual(found, []);
  const logs = JSON.stringify([...media.logs, ...feature.web.logs, ...feature.worker.logs]);
  assert.ok(!logs.includes(token), 'it is in a log');
});

test('deleted by its person, forgotten, and over by the clock of the database: it leads nowhere', async () => {
  const deleted = await film(3);
  await press(3, /^Delete it now$/);
  await said(3, /^Deleted\. The link leads nowhere any more\.$/);
  await assertOver(deleted);

  const forgotten = await film(4);
  telegram.say(4, '/mydata');
  await said(4, /A file lies ready for you until .*: film\.mp4/);
  telegram.say(4, '/forget');
  await until('it to be forgotten', async () => (await follow(forgotten)).status === 404);

  const over = await film(5);
  await database.sql(`UPDATE evenkeel.file_link SET expires_at = now() - interval '1 second' WHERE user_id = 5`);
  await assertOver(over);
  await press(5, /^Delete it now$/);
  await said(5, /^That link is over already\.$/);
});

test('a key that nobody was given', async () => {
  await assertOver(`${publicUrl}/d/${'x'.repeat(43)}`);
  for (const path of ['/d/x', '/d/..%2f..%2fhealth', `/d/${'y'.repeat(5_000)}`]) {
    const { status } = await fetch(publicUrl + path);
    assert.ok(status === 404 || status === 414, `${path.slice(0, 30)}: ${status}`);
  }
});

test('whose link ends soon is told so, once', async () => {
  await film(6);
  await film(7);
  await database.sql(`UPDATE evenkeel.file_link SET expires_at = now() + interval '3 h' WHERE user_id = 6`);
  await said(6, /^Your link to film\.mp4 ends soon\./);
  const runs = async () =>
    (await database.sql(`SELECT FROM evenkeel.slot WHERE name = 'linkWarnings' AND outcome = 'done'`)).length;
  const before = await runs();
  await until('another round', async () => (await runs()) > before);
  const warnings = (user: number) => telegram.messages(user).filter(({ text }) => /ends soon/.test(text)).length;
  assert.deepEqual([warnings(6), warnings(7)], [1, 0]);
});

test('the object store is away and comes back, or denies it: it is put there later, or its person is told', async () => {
  objects.faults = { error: true };
  await ask(8, '/film.mp4?8');
  await until(
    'an attempt',
    async () =>
      (await database.sql(`SELECT FROM pgboss.job WHERE name = 'download' AND retry_count > 0 AND state < 'completed'`))
        .length > 0 || (await rows(8))[0]?.state === 'failed',
  );
  objects.faults = {};
  await until('its end', async () => /^(sent|failed)$/.test((await rows(8))[0]!.state));
  objects.faults = { denied: true };
  await ask(9, '/film.mp4?9');
  await said(9, /^That did not work, and somebody knows about it\./);
  assert.equal((await rows(9))[0]!.reason, 'broken');
});

test('killed while it puts a file there: the next task does, and there is one link', async (t) => {
  objects.faults = { hang: true };
  const { calls } = objects.stats();
  await ask(10, '/film.mp4?10');
  await until('it to be put there', () => objects.stats().calls > calls);
  media.signal('SIGKILL');
  await media.exited;
  objects.faults = {};
  const next = await world.startTask(t, 'media', { env: { PUBLIC_URL: publicUrl } });
  await next.ready();
  const { text } = await said(10, /too large for a chat\. Here it is/);
  assert.equal((await follow(linkIn(text))).status, 302);
  const links = await database.sql('SELECT FROM evenkeel.file_link WHERE user_id = 10');
  assert.equal(links.length, 1);
});
