/** Media tasks by the real engine: refused where their connections do not fit, made with the flag, gone with it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cleanup } from '../harness/cleanup.ts';
import { productionStack, whyNoEngine, type Engine } from './engine.ts';

const skip = whyNoEngine() ?? false;

describe('a production stack that fetches files', { skip }, () => {
  const undo = cleanup({ after });
  let engine: Engine;
  before(async () => {
    engine = await productionStack(undo);
  });
  const set = (key: string, value: string) =>
    engine.succeed(['config', 'set', '--path', `evenkeel:posture.${key}`, value]);
  const ofMedia = () => engine.done().filter((line) => /-(media|files)\b/.test(line));

  test('is refused while its connections do not fit, in one line that says what would', async () => {
    await set('features.downloads', 'true');
    const { code, all } = await engine.pulumi(['preview']);
    assert.notEqual(code, 0);
    assert.match(all, /connections\.fit: .* media \d+×3 .*Smallest change: .*web\.pool 4 → 3/);
    assert.deepEqual(engine.done(), []);
  });

  test('has a service, an image with yt-dlp and a bucket of their own once they do, by the policies', async () => {
    await set('web.pool', '3');
    await engine.succeed(['preview', '--policy-pack', 'infra/policy']);
    await engine.succeed(['up', '--yes']);
    const done = ofMedia();
    for (const made of [
      'create Bucket evenkeel-prod-files',
      'create Image evenkeel-prod-media',
      'create TaskDefinition evenkeel-prod-media',
      'create Service evenkeel-prod-media',
    ])
      assert.ok(done.includes(made), `${made} of ${done.join(', ')}`);
    assert.ok(done.indexOf('create Bucket evenkeel-prod-files') < done.indexOf('create Service evenkeel-prod-media'));
    await engine.succeed(['preview', '--expect-no-changes']);
  });

  test('has nothing of them left once the flag is off', async () => {
    await set('features.downloads', 'false');
    await engine.succeed(['up', '--yes']);
    const done = ofMedia();
    for (const gone of ['delete Bucket evenkeel-prod-files', 'delete Service evenkeel-prod-media'])
      assert.ok(done.includes(gone), `${gone} of ${done.join(', ')}`);
    await engine.succeed(['preview', '--expect-no-changes']);
  });
});
