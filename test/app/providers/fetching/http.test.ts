/** Files by plain HTTP from websites that mean harm or have no end: each ends, in one reason, and leaves nothing behind (faults own-network, disk). */
import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { after, afterEach, test } from 'node:test';
import { isServerAway } from '../../../../app/database/errors.ts';
import { inOwnDirectory } from '../../../../app/providers/fetching/directory.ts';
import { createFetchClient, WEB_PORTS, type Fetched } from '../../../../app/providers/fetching/http.ts';
import { linkOf } from '../../../../app/providers/fetching/link.ts';
import { lookupAt } from '../../../../app/providers/fetching/names.ts';
import { NotFetched, type Why } from '../../../../app/providers/fetching/not-fetched.ts';
import type { Reach } from '../../../../app/providers/public.ts';
import { startMedia } from '../../../../local/world/media/index.ts';

const MiB = 2 ** 20;
const LIMIT = 8 * MiB;
/** What only a hang reaches, ms. */
const timeout = 180_000;

const media = await startMedia();
after(() => media.stop());
const { port } = new URL(media.origin);
const [address] = media.address.split(':') as [string];

const strict: Reach = { ports: WEB_PORTS, lookup: lookupAt(media.names) };
const lenient: Reach = { ...strict, also: { address, port: Number(port) } };
const client = createFetchClient(lenient);
const outside = createFetchClient(strict);
after(() => Promise.all([client.close(), outside.close()]));
afterEach(() => (media.faults = {}));

const folders: string[] = [];

function fetched(link: string, { by = client, maxBytes = LIMIT, signal = AbortSignal.timeout(timeout) } = {}) {
  return inOwnDirectory(async (directory): Promise<Fetched & { told: number }> => {
    folders.push(directory);
    let told = 0;
    const file = await by.fetch({
      link: linkOf(link)!,
      directory,
      maxBytes,
      signal,
      progress: (bytes) => {
        assert.ok(bytes > told);
        told = bytes;
      },
    });
    assert.equal((await stat(file.path)).size, file.size);
    return { ...file, told };
  });
}

const refusedFor = (why: Why) => (error: Error) => {
  assert.ok(error instanceof NotFetched, String(error));
  assert.equal(error.why, why, error.message);
  assert.ok(!isServerAway(error), 'it is no outage of the database, which a job waits for without using an attempt');
  return true;
};

test('a file is fetched whole, wherever it has moved to', { timeout }, async () => {
  const file = await fetched(`${media.origin}/clip.mp4`);
  assert.deepEqual([file.name, file.size, file.told], ['clip.mp4', 300 * 1024, 300 * 1024]);
  assert.equal((await fetched(`${media.origin}/moved.mp4`)).name, 'clip.mp4');
});

for (const [path, why] of [
  ['/to-credentials.mp4', 'address'],
  ['/to-loopback.mp4', 'address'],
  ['/to-nowhere.mp4', 'unreachable'],
  ['/circles', 'circles'],
  ['/endless.mp4', 'large'],
  ['/bomb.mp4', 'large'],
  ['/five-gigabytes.mp4', 'large'],
  ['/strange.mp4', 'packed'],
  ['/nothing.mp4', 'empty'],
  ['/page', 'page'],
  ['/list.m3u8', 'page'],
  ['/not-there.mp4', 'gone'],
] as const)
  test(`${path} is not fetched: ${why}`, { timeout }, async () => {
    const before = media.stats().bytes;
    await assert.rejects(fetched(media.origin + path), refusedFor(why));
    // What a limit ends is not read on: what is between the two ends may still be on its way.
    assert.ok(media.stats().bytes - before < 8 * LIMIT);
  });

for (const host of [
  'localhost',
  '127.0.0.1',
  '0.0.0.0',
  '[::1]',
  '[::ffff:169.254.169.254]',
  '[64:ff9b::7f00:1]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '169.254.170.2',
  '0x7f.1',
  '2130706433',
  'media.test',
  'inside.media.test',
])
  test(`http://${host} is not connected to`, { timeout }, async () => {
    const { calls } = media.stats();
    await assert.rejects(fetched(`http://${host}/clip.mp4`, { by: outside }), refusedFor('address'));
    assert.equal(media.stats().calls, calls);
  });

test('a port where no website is', { timeout }, async () => {
  await assert.rejects(fetched('http://127.0.0.1:5432/', { by: outside }), refusedFor('address'));
  await assert.rejects(fetched(`http://media.test:${port}/clip.mp4`, { by: outside }), refusedFor('address'));
});

test('a name that is elsewhere the second time is judged the second time', { timeout }, async () => {
  await assert.rejects(fetched(`http://rebind.media.test:${port}/moved.mp4`), refusedFor('address'));
});

test('what comes in drops, or not at all, ends with the time it was given', { timeout }, async () => {
  const late = () => {
    const ending = new AbortController();
    setTimeout(() => ending.abort(new NotFetched('late', 'too long')), 1_000).unref();
    return ending.signal;
  };
  await assert.rejects(fetched(`${media.origin}/drip.mp4`, { signal: late() }), refusedFor('late'));
  media.faults = { hang: true };
  await assert.rejects(fetched(`${media.origin}/clip.mp4`, { signal: late() }), refusedFor('late'));
});

test('a website that fails, lets nobody in, or breaks off', { timeout }, async () => {
  media.faults = { error: true };
  await assert.rejects(fetched(`${media.origin}/clip.mp4`), refusedFor('failed'));
  media.faults = { refuses: true };
  await assert.rejects(fetched(`${media.origin}/clip.mp4`), refusedFor('refused'));
  media.faults = { rateLimit: true };
  await assert.rejects(fetched(`${media.origin}/clip.mp4`), refusedFor('crowded'));
  media.faults = { tears: true };
  await assert.rejects(fetched(`${media.origin}/clip.mp4`), refusedFor('failed'));
});

test('nothing is left on the disk, and no connection open', { timeout }, async () => {
  assert.ok(folders.length > 30);
  for (const folder of folders) await assert.rejects(readdir(folder), { code: 'ENOENT' });
});

test('what is no link', () => {
  for (const text of [
    '-o /etc/passwd',
    '--exec=id',
    'file:///etc/passwd',
    'ftp://example.com/x',
    'javascript:alert(1)',
    'http://user:secret@example.com/',
    'http://',
    `http://example.com/${'x'.repeat(2_001)}`,
    'just words',
  ])
    assert.equal(linkOf(text), undefined, text);
  assert.equal(linkOf('HTTP://Example.COM/a#b')?.href, 'http://example.com/a');
});
