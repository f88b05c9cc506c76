/** What goes wrong in the life of a stack, and the way out that the program names: by the real engine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cleanup } from '../harness/cleanup.ts';
import { productionStack, whyNoEngine, type Engine } from './engine.ts';

const skip = whyNoEngine() ?? false;

describe('a stack in trouble', { skip }, () => {
  const undo = cleanup({ after });
  let engine: Engine;
  before(async () => {
    engine = await productionStack(undo);
    await engine.succeed(['up', '--yes']);
    engine.done();
  });

  const change = (size: string) => engine.succeed(['config', 'set', '--path', 'evenkeel:posture.worker.memory', size]);

  test('a migration that fails ends up with its last words, and no service was touched', async () => {
    await change('2GiB');
    engine.clouds.exitCode = 1;
    const { code, all } = await engine.pulumi(['up', '--yes']);
    engine.clouds.exitCode = 0;
    assert.notEqual(code, 0);
    assert.match(all, /The migration ended with exit code 1 .*the old tasks go on unchanged/);
    assert.match(all, /relation "x" already exists/);
    assert.deepEqual(
      engine.done().filter((line) => line.includes(' Service ')),
      [],
    );
  });

  test('a deploy that ECS takes back fails up, and a refresh repairs it', async () => {
    engine.clouds.runs['web'] = 'arn:aws:ecs:eu-central-1:123456789012:task-definition/evenkeel-prod-web:1';
    const { code, all } = await engine.pulumi(['up', '--yes']);
    delete engine.clouds.runs['web'];
    assert.notEqual(code, 0);
    assert.match(
      all,
      /web: wanted evenkeel-prod-web:\d+, but ECS runs evenkeel-prod-web:1: the deploy was rolled back/,
    );
    await engine.succeed(['up', '--yes', '--refresh']);
    await engine.succeed(['preview', '--expect-no-changes']);
  });

  test('a service that somebody deleted does not stop the refresh that finds it', async () => {
    engine.clouds.gone.add('web');
    const { all } = await engine.succeed(['refresh', '--yes']);
    engine.clouds.gone.clear();
    assert.match(all, /1 updated/);
    await engine.succeed(['up', '--yes']);
    await engine.succeed(['preview', '--expect-no-changes']);
  });

  test('a token that was revoked does not stop a refresh, and up with it says what to do', async () => {
    const dead = `${engine.telegram.token.split(':')[0]}:AA${'x'.repeat(33)}`;
    await engine.succeed(['config', 'set', '--secret', 'evenkeel:botToken'], { input: dead });
    const { code, all } = await engine.pulumi(['up', '--yes', '--refresh']);
    assert.notEqual(code, 0);
    assert.match(all, /Telegram says 401 Unauthorized: the bot token is wrong\. Set it: pulumi config set --secret/);
    assert.ok(!all.includes(dead), 'the token is not shown');
    await engine.succeed(['config', 'set', '--secret', 'evenkeel:botToken'], { input: engine.telegram.token });
    await engine.succeed(['up', '--yes']);
    await engine.succeed(['preview', '--expect-no-changes']);
  });
});
