/** `infra/bootstrap` by the real engine: an account's bucket, key and roles, in the commands of the guide. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cleanup } from '../harness/cleanup.ts';
import { startEngine, whyNoEngine, type Engine } from './engine.ts';

const skip = whyNoEngine() ?? false;
const HERE = ['-C', 'infra/bootstrap'];

describe('the bootstrap', { skip }, () => {
  const undo = cleanup({ after });
  let engine: Engine;
  before(async () => {
    engine = await startEngine(undo);
    await engine.succeed([...HERE, 'stack', 'init', 'bootstrap']);
  });

  test('refuses a repository that is none, and makes nothing', async () => {
    const { code, all } = await engine.pulumi([...HERE, 'preview', '-c', 'repository=my-bot']);
    assert.notEqual(code, 0);
    assert.match(all, /repository: "my-bot" is not OWNER\/REPOSITORY: pulumi -C infra\/bootstrap config set/);
    assert.deepEqual(engine.done(), []);
    await engine.succeed([...HERE, 'config', 'rm', 'repository']);
  });

  test('makes bucket and key; the roles when it is told the repository; and shows no change then', async () => {
    await engine.succeed([...HERE, 'up', '--yes']);
    const first = engine.done();
    assert.ok(first.includes('create Bucket evenkeel-state') && first.includes('create Key evenkeel-pulumi'));
    assert.ok(!first.some((line) => line.includes(' Role ')));
    await engine.succeed([...HERE, 'up', '--yes', '-c', 'repository=octo-org/my-bot']);
    const second = engine.done();
    assert.ok(
      second.every((line) => line.startsWith('create ')),
      'what stood stays',
    );
    for (const role of ['evenkeel-preview', 'evenkeel-deploy']) assert.ok(second.includes(`create Role ${role}`));
    await engine.succeed([...HERE, 'preview', '--expect-no-changes']);
    const { stdout } = await engine.succeed([...HERE, 'stack', 'output', 'login']);
    assert.equal(stdout.trim(), 'pulumi login s3://evenkeel-state-123456789012?region=eu-central-1');
  });

  test('cannot be destroyed by mistake', async () => {
    const { code, all } = await engine.pulumi([...HERE, 'destroy', '--yes']);
    assert.notEqual(code, 0);
    assert.match(all, /protected/);
  });
});
