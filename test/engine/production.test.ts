/** A production stack from nothing to its end, by the real engine, in the commands of the guide. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { cleanup } from '../harness/cleanup.ts';
import { productionStack, whyNoEngine, type Engine } from './engine.ts';

const skip = whyNoEngine() ?? false;

/** `resource: op` of what a preview would do, `same` left away. */
async function planned(engine: Engine, ...args: string[]): Promise<string[]> {
  const { stdout } = await engine.succeed(['preview', '--json', ...args]);
  const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
  return steps
    .filter(({ op, urn }) => op !== 'same' && !urn.includes('pulumi:pulumi:Stack'))
    .map(({ op, urn }) => {
      const [type = '', name = ''] = urn.split('::').slice(2);
      return `${op} ${type.split(':').at(-1)} ${name.replace('evenkeel-prod', '').replace(/^-/, '')}`.trim();
    })
    .sort();
}

describe('a production stack', { skip }, () => {
  const undo = cleanup({ after });
  let engine: Engine;
  before(async () => {
    engine = await productionStack(undo);
  });

  test('is planned whole from nothing, with the policies, and nothing is made', async () => {
    const { all } = await engine.succeed(['preview', '--policy-pack', 'infra/policy']);
    assert.match(all, /\+ 2\d\d to create/);
    assert.doesNotMatch(all, /warning|ExperimentalWarning|violation/i);
    assert.deepEqual(engine.done(), []);
  });

  test('is made in the order of the guide, and Telegram delivers to it', async () => {
    const { all } = await engine.succeed(['up', '--yes']);
    assert.match(all, /\+ 2\d\d created/);
    const done = engine.done();
    const at = (line: string) => {
      const found = done.indexOf(line);
      assert.ok(found >= 0, `${line} was not done`);
      return found;
    };
    assert.ok(at('create Instance evenkeel-prod') < at('create EventSubscription evenkeel-prod'), 'RDS knows it first');
    assert.ok(at('create TaskDefinition evenkeel-prod-migrate') < at('create Service evenkeel-prod-web'));
    assert.ok(at('create MetricAlarm evenkeel-prod-web-target-5xx') < at('create Service evenkeel-prod-web'));
    assert.ok(at('create Service evenkeel-prod-web') < at('create Target evenkeel-prod-web-scaling'));
    assert.equal(engine.clouds.migrations, 1);
    const info = await engine.telegram.call('getWebhookInfo');
    assert.match(String(info['url']), /^https:\/\/127\.0\.0\.1:\d+\/telegram\/webhook$/);
    assert.equal(info['max_connections'], 40);
  });

  test('is left alone by a second preview, a refresh, and a preview after it', async () => {
    await engine.succeed(['preview', '--expect-no-changes']);
    await engine.succeed(['refresh', '--yes', '--expect-no-changes']);
    await engine.succeed(['preview', '--expect-no-changes']);
    assert.deepEqual(engine.done(), []);
  });

  test('shows one number of the posture as what derives from it', async () => {
    await engine.succeed(['config', 'set', '--path', 'evenkeel:posture.worker.pool', '7']);
    const steps = await planned(engine);
    for (const step of [
      'replace TaskDefinition worker',
      'update MetricAlarm database-connections',
      'update Service worker',
      'update Guard worker-guard',
    ])
      assert.ok(steps.includes(step), `${step} of ${steps.join(', ')}`);
    assert.deepEqual(
      steps.filter((step) => /Instance|LoadBalancer|Subnet|Distribution|Webhook|Cluster/.test(step)),
      [],
    );
    await engine.succeed(['config', 'set', '--path', 'evenkeel:posture.worker.pool', '8']);
    await engine.succeed(['preview', '--expect-no-changes']);
  });

  test('shows no secret: not in its state, not in its file, not in any output', async () => {
    const exported = JSON.parse((await engine.succeed(['stack', 'export', '--show-secrets'])).stdout) as object;
    const passwords = [...JSON.stringify(exported).matchAll(/"plaintext":"\\"([0-9a-f]{32})\\""/g)].map(
      ([, text]) => text!,
    );
    assert.ok(passwords.length >= 5, 'the passwords that were made');
    const token = engine.telegram.token;
    const secrets = [token, encodeURIComponent(token), 'sk-or-key-of-the-test', ...passwords];
    const texts = {
      state: (await engine.succeed(['stack', 'export'])).all,
      file: readFileSync(join(engine.directory, 'Pulumi.prod.yaml'), 'utf8'),
      outputs: (await engine.succeed(['stack', 'output', '--json'])).all,
      preview: (await engine.succeed(['preview', '--diff', '--show-sames'])).all,
      json: (await engine.succeed(['preview', '--json', '--diff', '--show-sames'])).all,
    };
    for (const [where, text] of Object.entries(texts))
      for (const secret of secrets) assert.ok(!text.includes(secret), `a secret stands in ${where}`);
  });
});
