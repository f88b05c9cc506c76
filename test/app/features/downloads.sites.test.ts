/** Links to pages, by the real yt-dlp in a media task: what is asked, what comes, and one line for what does not. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startFeature } from '../../harness/feature.ts';
import { ytDlp } from '../../harness/yt-dlp.ts';
import { people } from './downloads.rig.ts';

const found = await ytDlp();
const skip = 'missing' in found ? found.missing : false;
/** Python starts slowly on a busy machine. What only a hang reaches, ms. */
const timeout = 400_000;

const feature = await startFeature({ after }, 'downloads', { posture: { web: { pool: 3 } } });
const { world } = feature;
const { telegram, media } = world;
const { said, press, files, rows } = people(world);
// Not by a task that has no such program.
await feature.media!.stop();
const task = await world.startTask({ after }, 'media', { env: 'program' in found ? { YT_DLP: found.program } : {} });
await task.ready();

async function choose(user: number, path: string, label: RegExp): Promise<void> {
  telegram.open(user);
  assert.match(await feature.ask(user, `${media.origin}${path}`), /^How would you like this from media\.test\?$/);
  await press(user, label);
}

test('a page with one video, at its best quality', { timeout, skip }, async () => {
  await choose(1, '/page', /^Best quality$/);
  await said(1, /^Done/);
  const [file] = files(1);
  assert.equal(file!.media!.kind, 'video');
  assert.equal(file!.media!.size, 300 * 1024);
});

test(
  'a page with several videos, one that has none, and sound alone of what has no sound of its own',
  { timeout, skip },
  async () => {
    await choose(2, '/pages', /^Best quality$/);
    await said(2, /^That link leads to several videos/);
    await choose(3, '/page?sound', /^Only the sound$/);
    await said(3, /^I find no video or file on that page/);
    for (const user of [2, 3]) {
      assert.equal(files(user).length, 0);
      assert.deepEqual(
        (await rows(user)).map(({ state }) => state),
        ['failed'],
      );
    }
  },
);
