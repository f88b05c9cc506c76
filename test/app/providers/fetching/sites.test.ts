/** Videos of websites by the real yt-dlp: what it brings, where it may not go, and that nothing of it is left. */
import assert from 'node:assert/strict';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { inOwnDirectory } from '../../../../app/providers/fetching/directory.ts';
import { WEB_PORTS } from '../../../../app/providers/fetching/http.ts';
import { linkOf } from '../../../../app/providers/fetching/link.ts';
import { lookupAt } from '../../../../app/providers/fetching/names.ts';
import { NotFetched, type Why } from '../../../../app/providers/fetching/not-fetched.ts';
import { createSites, type SiteRequest } from '../../../../app/providers/fetching/sites.ts';
import type { Reach } from '../../../../app/providers/public.ts';
import { startMedia } from '../../../../local/world/media/index.ts';
import { waitFor } from '../../../harness/wait.ts';
import { ytDlp } from '../../../harness/yt-dlp.ts';

const MiB = 2 ** 20;
/** Python starts slowly on a busy machine. What only a hang reaches, ms. */
const timeout = 300_000;

const found = await ytDlp();
const program = 'program' in found ? found.program : '';
const skip = 'missing' in found ? found.missing : false;

const media = await startMedia();
after(() => media.stop());
afterEach(() => (media.faults = {}));
const [address, port] = media.address.split(':') as [string, string];
const reach: Reach = { ports: WEB_PORTS, lookup: lookupAt(media.names), also: { address, port: Number(port) } };

const fetched = (link: string, given: Partial<SiteRequest> = {}, by = program) =>
  inOwnDirectory((directory) =>
    createSites({ program: by, reach }).fetch({
      link: linkOf(link)!,
      quality: 'best',
      directory,
      maxBytes: 8 * MiB,
      signal: AbortSignal.timeout(timeout),
      progress: () => undefined,
      ...given,
    }),
  );

const refusedFor = (why: Why) => (error: Error) => {
  assert.ok(error instanceof NotFetched, String(error));
  assert.equal(error.why, why, error.message);
  return true;
};

test('the video of a page', { timeout, skip }, async () => {
  let told = 0;
  const file = await fetched(`${media.origin}/page`, { progress: (bytes) => (told = bytes) });
  assert.equal(file.size, 300 * 1024);
  assert.match(file.name, /\.mp4$/);
  assert.equal(told, 300 * 1024);
});

test('a page with several is a list, and not the first of them', { timeout, skip }, async () => {
  await assert.rejects(fetched(`${media.origin}/pages`), refusedFor('several'));
});

for (const [path, why] of [
  ['/to-credentials.mp4', 'address'],
  ['/to-loopback.mp4', 'address'],
  ['/five-gigabytes.mp4', 'large'],
  ['/endless.mp4', 'large'],
  ['/not-there', 'gone'],
] as const)
  test(`${path}: ${why}`, { timeout, skip }, async () => {
    await assert.rejects(fetched(media.origin + path), refusedFor(why));
  });

test('a name that leads to where a cloud keeps credentials', { timeout, skip }, async () => {
  await assert.rejects(fetched('http://inside.media.test/latest'), refusedFor('address'));
});

/** A program in its place: what it is given, and what becomes of what it starts. */
async function inPlace<T>(script: string, work: (program: string) => Promise<T>): Promise<T> {
  return inOwnDirectory(async (directory) => {
    const own = join(directory, 'program');
    await writeFile(own, `#!/bin/sh\n${script}\n`);
    await chmod(own, 0o755);
    return work(own);
  });
}

test(
  'nothing of ours is in its environment, and a link is no option',
  { timeout, skip: process.platform === 'win32' },
  async () => {
    process.env['DATABASE_URL'] = 'postgres://secret';
    await inPlace('env > "$0.env"; for one in "$@"; do echo "$one"; done > "$0.arguments"; exit 1', async (own) => {
      await assert.rejects(fetched('http://example.com/', {}, own), NotFetched);
      const names = (await readFile(`${own}.env`, 'utf8')).split('\n').map((line) => line.split('=', 1)[0]);
      for (const name of names) assert.match(name!, /^(HOME|TMPDIR|LANG|PWD|OLDPWD|SHLVL|_|)$/);
      const given = (await readFile(`${own}.arguments`, 'utf8')).trimEnd().split('\n');
      assert.deepEqual(given.slice(-2), ['--', 'http://example.com/']);
      for (const wanted of ['--ignore-config', '--no-playlist', '--no-plugin-dirs'])
        assert.ok(given.includes(wanted), wanted);
      assert.match(given[given.indexOf('--proxy') + 1]!, /^http:\/\/job:[0-9a-f]{32}@127\.0\.0\.1:\d+$/);
      assert.equal(given[given.indexOf('--js-runtimes') + 1], `node:${process.execPath}`);
    });
  },
);

test(
  'told to end, it is killed with whatever it has started',
  { timeout, skip: process.platform !== 'linux' },
  async () => {
    await inPlace('sleep 1000 & echo $! > "$0.child"; echo $$ > "$0.own"; wait', async (own) => {
      const ending = new AbortController();
      const underWay = fetched('http://example.com/', { signal: ending.signal }, own);
      const pids = await waitFor(
        async () => {
          const texts = await Promise.all(
            ['child', 'own'].map((name) => readFile(`${own}.${name}`, 'utf8').catch(() => '')),
          );
          return texts.every((text) => text.trim() !== '') ? texts.map(Number) : undefined;
        },
        { what: 'it to have begun', within: timeout },
      );
      ending.abort(new Error('it is enough'));
      await assert.rejects(underWay, /it is enough/);
      for (const pid of pids)
        await waitFor(async () => (await stateOf(pid)) === undefined, { what: `${pid} to be gone`, within: timeout });
    });
  },
);

/** Undefined where nothing of that number runs. */
async function stateOf(pid: number): Promise<string | undefined> {
  if (!(await readdir('/proc')).includes(String(pid))) return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const state = stat?.split(') ')[1]?.[0];
  return state === 'Z' ? undefined : state;
}
