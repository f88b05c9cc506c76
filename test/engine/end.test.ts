/** Taking a stack down: refused while it is a production stack, whatever is skipped; done when it was meant. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cleanup } from '../harness/cleanup.ts';
import { productionStack, whyNoEngine, type Engine } from './engine.ts';

const skip = whyNoEngine() ?? false;

describe('the end of a stack', { skip }, () => {
  const undo = cleanup({ after });
  let engine: Engine;
  before(async () => {
    engine = await productionStack(undo);
    await engine.succeed(['up', '--yes']);
    engine.done();
  });

  for (const flags of [[], ['--skip-preview']])
    test(`is refused in production before anything is deleted${flags.map((flag) => `, also with ${flag}`).join('')}`, async () => {
      const { code, all } = await engine.pulumi(['destroy', '--yes', ...flags]);
      assert.notEqual(code, 0);
      assert.match(all, /protected/);
      assert.deepEqual(engine.done(), []);
      assert.ok((await engine.telegram.call('getWebhookInfo'))['url'], 'Telegram still delivers');
    });

  test('comes in the two steps of the guide, and leaves nothing', async () => {
    await engine.succeed(['config', 'set', '--path', 'evenkeel:posture.stage', 'development']);
    await engine.succeed(['config', 'set', '--path', 'evenkeel:posture.database.deletionProtection', 'false']);
    await engine.succeed(['up', '--yes']);
    await engine.succeed(['destroy', '--yes']);
    assert.equal((await engine.telegram.call('getWebhookInfo'))['url'], '');
    const { stdout } = await engine.succeed(['stack', 'export']);
    const { deployment } = JSON.parse(stdout) as { deployment: { resources?: unknown[] } };
    assert.deepEqual(deployment.resources ?? [], []);
  });
});
