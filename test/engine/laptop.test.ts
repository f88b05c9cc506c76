/** `pulumi up -s local`, by the real engine; the containers are a stand-in's, the files that they are built from are not. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cleanup } from '../harness/cleanup.ts';
import { startEngine, whyNoEngine, type Engine } from './engine.ts';

const skip = whyNoEngine() ?? false;

describe('the laptop', { skip }, () => {
  const undo = cleanup({ after });
  let engine: Engine;
  before(async () => {
    engine = await startEngine(undo);
    await engine.succeed(['stack', 'init', 'local']);
  });

  test('comes up from both Dockerfiles, shows no change, and goes', async () => {
    await engine.succeed(['up', '--yes', '-s', 'local']);
    const made = engine.done();
    assert.ok(made.includes('create Image evenkeel-local-bot') && made.includes('create Image evenkeel-local-world'));
    assert.ok(
      made.indexOf('create Container evenkeel-local-migrate') < made.indexOf('create Container evenkeel-local-web-1'),
    );
    await engine.succeed(['preview', '--expect-no-changes', '-s', 'local']);
    const { all } = await engine.succeed(['stack', 'export', '-s', 'local', '--show-secrets']);
    const passwords = [...all.matchAll(/"plaintext": "\\"([0-9a-f]{32})\\""/g)].map(([, text]) => text!);
    assert.ok(passwords.length >= 5);
    const plain = (await engine.succeed(['stack', 'export', '-s', 'local'])).all;
    for (const password of passwords) assert.ok(!plain.includes(password));
    await engine.succeed(['destroy', '--yes', '-s', 'local']);
  });
});
