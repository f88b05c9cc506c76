/** What the program refuses, as a person meets it: one message, at once, and nothing is made. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cleanup } from '../harness/cleanup.ts';
import { startEngine, whyNoEngine, type Engine } from './engine.ts';

const skip = whyNoEngine() ?? false;
const TOKEN = '123456789:AAtest-token-of-nobody-0123456789';

describe('a preview', { skip }, () => {
  const undo = cleanup({ after });
  let engine: Engine;
  before(async () => {
    engine = await startEngine(undo);
    await engine.succeed(['stack', 'init', 'prod']);
  });

  /** The lines of what was refused, under `Diagnostics`. */
  async function refused(args = ['preview']): Promise<string> {
    const { code, all } = await engine.pulumi(args);
    assert.notEqual(code, 0, all);
    assert.doesNotMatch(all, /\n\s+at .*:\d+:\d+/, 'no stack trace');
    assert.deepEqual(engine.done(), []);
    return all;
  }

  test('of a stack without answers names each that is missing, with its command', async () => {
    const said = await refused();
    assert.match(said, /evenkeel:botToken is not set: pulumi config set --secret evenkeel:botToken <token>/);
    assert.match(said, /evenkeel:openrouterApiKey is not set: .*, or switch the feature off/);
    assert.match(
      said,
      /people\.owners: 1 is an example, .*: pulumi config set --path 'evenkeel:posture\.people\.owners\[0\]'/,
    );
    await engine.succeed(['config', 'set', '--secret', 'evenkeel:botToken'], { input: TOKEN });
    await engine.succeed(['config', 'set', '--secret', 'evenkeel:openrouterApiKey'], { input: 'sk-or-of-nobody' });
  });

  const cases: [name: string, key: string, value: string, line: RegExp][] = [
    [
      'with a broken law',
      'evenkeel:posture.worker.pool',
      '40',
      /connections\.fit: .*Smallest change: .*worker\.pool 40 → \d+/,
    ],
    ['with an unknown key', 'evenkeel:posture.worker.pol', '4', /worker\.pol: unknown key/],
    ['with a key beside the posture that is none', 'evenkeel:botTokn', 'x', /evenkeel:botTokn: unknown key/],
    [
      'with an `aws:` key that is not honoured',
      'aws:sharedCredentialsFile',
      'x',
      /aws:sharedCredentialsFile: not honoured/,
    ],
    [
      'with a network that is too small',
      'evenkeel:posture.network.cidr',
      '10.40.0.0/24',
      /network\.cidr: .* 11 addresses/,
    ],
    [
      'in which people pay by a provider whose key is not set',
      'evenkeel:posture.features.cryptoPay',
      'true',
      /evenkeel:cryptoPayToken is not set: pulumi config set --secret .*, or switch the feature off/,
    ],
  ];
  for (const [name, key, value, line] of cases)
    test(`${name} says which, and what to do`, async () => {
      await engine.succeed(['config', 'set', '--path', key, value]);
      const said = await refused(name === 'with a broken law' ? ['up', '--yes'] : ['preview']);
      assert.match(said, line);
      await engine.succeed(['config', 'rm', '--path', key]);
    });

  test('with a token of another form does not show it', async () => {
    await engine.succeed(['config', 'set', '--secret', 'evenkeel:botToken'], { input: 'hunter2-hunter2' });
    const said = await refused();
    assert.match(said, /evenkeel:botToken is not accepted: wanted a bot token/);
    assert.ok(!said.includes('hunter2'));
  });
});
