/** The shipped staging stack by the real engine: up beside production, and gone with one command. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cleanup } from '../harness/cleanup.ts';
import { startEngine, whyNoEngine, type Engine } from './engine.ts';

const skip = whyNoEngine() ?? false;

describe('staging', { skip }, () => {
  const undo = cleanup({ after });
  let engine: Engine;
  before(async () => {
    engine = await startEngine(undo);
    await engine.succeed(['stack', 'init', 'staging']);
    await engine.succeed(['config', 'set', '--secret', 'evenkeel:botToken'], { input: engine.telegram.token });
    await engine.succeed(['config', 'set', '--secret', 'evenkeel:openrouterApiKey'], { input: 'sk-or-of-the-test' });
    await engine.succeed(['config', 'set', 'evenkeel:telegramApiRoot', engine.telegram.apiRoot]);
  });

  test('comes up, takes an image by its digest, and goes with one command', async () => {
    await engine.succeed(['up', '--yes']);
    assert.ok(engine.done().includes('create Service evenkeel-staging-web'));
    const digest = `sha256:${'d'.repeat(64)}`;
    await engine.succeed(['up', '--yes', '--config', `evenkeel:imageDigest=${digest}`]);
    assert.equal((await engine.succeed(['stack', 'output', 'imageDigest'])).stdout.trim(), digest);
    await engine.succeed(['preview', '--expect-no-changes']);
    await engine.succeed(['destroy', '--yes']);
    const { deployment } = JSON.parse((await engine.succeed(['stack', 'export'])).stdout) as {
      deployment: { resources?: unknown[] };
    };
    assert.deepEqual(deployment.resources ?? [], []);
  });
});
