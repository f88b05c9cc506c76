/** Files behind links: what people see, and what becomes of it, whatever the websites do. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, beforeEach, test } from 'node:test';
import { spellOut } from '../../../posture/resolve.ts';
import { startFeature } from '../../harness/feature.ts';
import { people } from './downloads.rig.ts';

const feature = await startFeature({ after }, 'downloads', {
  posture: {
    web: { pool: 3 },
    downloads: { perDay: 3, maxSize: '1MiB' },
    work: { download: { backoff: { first: '100ms', max: '200ms' } } },
  },
});
const { world } = feature;
const { telegram, media, database } = world;
const { said, press, fetch, rows, files, until, messages } = people(world);

beforeEach(() => {
  media.faults = {};
  telegram.faults = {};
});

test('a link is answered with a question, fetched, and sent into the chat', async () => {
  telegram.open(1);
  assert.match(await feature.ask(1, `${media.origin}/clip.mp4`), /^Shall I fetch this from media\.test for you\?$/);
  await press(1, /^Fetch it$/);
  const done = await said(1, /^Done\. You can have 2 more in these 24 hours\.$/);
  assert.ok(done.edited, 'one message is changed all the way');
  assert.deepEqual(done.buttons, []);
  const [file, ...more] = files(1);
  assert.equal(more.length, 0);
  assert.deepEqual([file!.media!.kind, file!.media!.name, file!.media!.size], ['video', 'clip.mp4', 300 * 1024]);
  const [row] = await rows(1);
  assert.deepEqual([row!.state, row!.leaves, row!.link], ['sent', 1, null]);
  assert.deepEqual(await feature.jobs('download'), ['completed']);
});

test('a page is asked about by its quality', async () => {
  telegram.open(2);
  assert.match(await feature.ask(2, `${media.origin}/page`), /^How would you like this/);
  const labels = messages(2).at(-1)!.buttons.flat();
  assert.deepEqual(
    labels.map(({ text }) => text),
    ['Best quality', 'Smaller file', 'Only the sound', 'No, thanks'],
  );
  await press(2, /^No, thanks$/);
  await said(2, /^All right, nothing is fetched\.$/);
  assert.deepEqual(await rows(2), []);
});

test('the same link is sent again without being fetched', async () => {
  await fetch(3, '/song.mp3');
  await said(3, /^Done/);
  assert.equal(files(3)[0]!.media!.kind, 'audio');
  const { bytes } = media.stats();
  await fetch(4, '/song.mp3');
  await said(4, /^Done/);
  await until('the file', () => files(4).length === 1);
  assert.equal(media.stats().bytes, bytes);
  assert.equal((await rows(4))[0]!.leaves, 0);
});

test('a name with blanks in it arrives as it is', async () => {
  await fetch(8, '/my%20song%20(1).mp3');
  await said(8, /^Done/);
  assert.equal(files(8)[0]!.media!.name, 'my song (1).mp3');
});

test('no more than a quota a day, and those that failed are not counted', async () => {
  let count = 0;
  for (const path of ['/not-there.mp4', '/song.mp3', '/clip.mp4', '/paper.pdf']) {
    await fetch(5, path);
    count += 1;
    await until(path, async () => (await rows(5)).filter(({ link }) => link === null).length === count);
  }
  assert.deepEqual(
    (await rows(5)).map(({ state }) => state),
    ['failed', 'sent', 'sent', 'sent'],
  );
  await fetch(5, '/paper.pdf');
  await said(5, /^You have had your 3 downloads of the last 24 hours/);
});

test('one at a time, and it can be cancelled', async () => {
  media.faults = { pace: 20_000 };
  await fetch(6, '/clip.mp4?6');
  await said(6, /^Your file is being fetched/);
  await fetch(6, '/paper.pdf');
  await said(6, /^You have one under way already/);
  await press(6, /^Cancel$/);
  await said(6, /^Cancelled\./);
  await until('its connection to be cut', () => media.stats().inFlight === 0);
  assert.deepEqual(
    (await rows(6)).map(({ state, link }) => [state, link]),
    [['cancelled', null]],
  );
  assert.equal(files(6).length, 0);
});

for (const [user, path, words] of [
  [20, '/to-credentials.mp4', /^That link leads to a place that I may not go to/],
  [21, '/to-loopback.mp4', /^That link leads to a place that I may not go to/],
  [22, '/endless.mp4', /^That file is too large/],
  [23, '/bomb.mp4', /^That file is too large/],
  [24, '/five-gigabytes.mp4', /^That file is too large/],
  [25, '/list.m3u8', /^That link leads to a page/],
  [27, '/circles', /^That link leads in circles/],
  [28, '/nothing.mp4', /^There is nothing in that file/],
  [29, '/to-nowhere.mp4', /^Nobody answers at that address/],
] as const)
  test(`${path}: one clear line, and nothing is left`, async () => {
    await fetch(user, path);
    await said(user, words);
    assert.equal(files(user).length, 0);
    assert.deepEqual(
      (await rows(user)).map(({ state, link }) => [state, link]),
      [['failed', null]],
    );
  });

test('a name that is elsewhere the second time', async () => {
  await fetch(30, `http://rebind.media.test:${new URL(media.origin).port}/moved.mp4`);
  await said(30, /^That link leads to a place that I may not go to/);
});

test('a website that lets nobody in, and one that comes back', async () => {
  media.faults = { refuses: true };
  await fetch(31, '/clip.mp4?31');
  await said(31, /^That site does not let me in\./);
  media.faults = { error: true };
  await fetch(32, '/clip.mp4?32');
  await until(
    'an attempt',
    async () =>
      (await database.sql(`SELECT FROM pgboss.job WHERE name = 'download' AND retry_count > 0 AND state < 'completed'`))
        .length > 0 || (await rows(32))[0]?.state === 'failed',
  );
  media.faults = {};
  await until('its end', async () => /^(sent|failed)$/.test((await rows(32))[0]!.state));
});

test('what is no link, too long a link, in a group', async () => {
  telegram.open(40);
  assert.match(await feature.ask(40, '/download -o /etc/passwd'), /^That is no link that I can fetch/);
  assert.match(await feature.ask(40, '/download'), /^Send me a link/);
  assert.match(await feature.ask(40, `/download http://media.test/${'x'.repeat(2_001)}`), /^That is no link/);
  assert.match(await feature.ask(-40, `/download ${media.origin}/clip.mp4`), /^Write to me in private/);
});

test("a tap on yesterday's button", async () => {
  telegram.open(41);
  await feature.ask(41, `${media.origin}/clip.mp4`);
  await database.sql(`UPDATE evenkeel.tap SET expires_at = now() - interval '1 minute' WHERE user_id = 41`);
  await press(41, /^Fetch it$/);
  await until('the answer', () => telegram.messages(41).length > 0);
  assert.deepEqual(await rows(41), []);
});

test('/forget calls it off, and its link goes', async () => {
  media.faults = { pace: 20_000 };
  await fetch(42, '/clip.mp4?secret');
  await said(42, /^Your file is being fetched/);
  telegram.say(42, '/mydata');
  await said(42, /You have asked for a file .*clip\.mp4\?secret/);
  telegram.say(42, '/forget');
  await until('it to be called off', async () => (await rows(42))[0]!.state === 'cancelled');
  assert.equal((await rows(42))[0]!.link, null);
  await until('its connection to be cut', () => media.stats().inFlight === 0);
  assert.equal(files(42).length, 0);
});

test('nothing is left on the disk', async () => {
  await until(
    'no download under way',
    async () => (await database.sql('SELECT FROM evenkeel.download WHERE ended_at IS NULL')).length === 0,
  );
  const folders = `media-*/evenkeel-fetch-${feature.media!.pid}-*`;
  await until('no folder of a file', () => globSync(folders, { cwd: tmpdir() }).length === 0);
});

test('what comes in drops ends with the time it was given', async () => {
  await feature.media!.stop();
  const strict = spellOut({ ...world.posture, downloads: { ...world.posture.downloads, within: 10_000 } });
  const strictOne = await world.startTask({ after }, 'media', { env: { POSTURE: JSON.stringify(strict) } });
  await strictOne.ready();
  await fetch(26, '/drip.mp4');
  await said(26, /^That took too long/);
  assert.equal((await rows(26))[0]!.reason, 'late');
});
