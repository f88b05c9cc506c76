/** A stack that the release before made, under this release's program: nothing that holds data or an address is made anew. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stackSchemaText } from '../../posture/stack-schema.ts';
import { keyChanges } from '../../scripts/upgrade/keys.ts';
import { RELEASE_BEFORE } from '../../scripts/upgrade/release-before.ts';
import { cleanup } from '../harness/cleanup.ts';
import { startEngine, whyNoEngine, type Engine } from './engine.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A copy without its history, or one of the newest commit alone, does not have it. */
const noHistory = (): string | undefined =>
  spawnSync('git', ['cat-file', '-e', `${RELEASE_BEFORE}^{commit}`], { cwd: ROOT }).status === 0
    ? undefined
    : `the history here does not reach back to ${RELEASE_BEFORE.slice(0, 7)}`;
const skip = whyNoEngine() ?? noHistory() ?? false;

/** What holds data, an address, or everything else. */
const STAYS =
  /:(Instance|LoadBalancer|Cluster|Vpc|Subnet|Distribution|Repository|SubnetGroup|ParameterGroup|RandomPassword)$/;

interface Step {
  op: string;
  urn: string;
}

const typeOf = (urn: string): string => urn.split('::')[2]!.split('$').at(-1)!;
const nameOf = (urn: string): string => urn.split('::').at(-1)!;

describe('a stack of the release before', { skip }, () => {
  const undo = cleanup({ after });
  let engine: Engine;
  let old: string;
  before(async () => {
    engine = await startEngine(undo);
    old = join(engine.directory, '../before');
    mkdirSync(old);
    const archive = execFileSync('git', ['archive', RELEASE_BEFORE], { cwd: ROOT, maxBuffer: 2 ** 28 });
    execFileSync('tar', ['-x', '-C', old], { input: archive });
    symlinkSync(join(ROOT, 'node_modules'), join(old, 'node_modules'));
    const succeed = (args: string[], input?: string) =>
      engine.succeed(['-C', old, ...args], input === undefined ? {} : { input });
    await succeed(['stack', 'init', 'prod']);
    await succeed(['config', 'set', '--secret', 'evenkeel:botToken'], engine.telegram.token);
    await succeed(['config', 'set', '--secret', 'evenkeel:openrouterApiKey'], 'sk-or-key-of-the-test');
    await succeed(['config', 'set', '--path', 'evenkeel:posture.oncall.emails[0]', 'me@my.domain']);
    await succeed(['config', 'set', 'evenkeel:telegramApiRoot', engine.telegram.apiRoot]);
    await succeed(['up', '--yes']);
    copyFileSync(join(old, 'Pulumi.prod.yaml'), join(engine.directory, 'Pulumi.prod.yaml'));
    await engine.succeed(['stack', 'select', 'prod']);
    // As `npm run upgrade-notes` says it.
    const { gone } = keyChanges(readFileSync(join(old, 'posture.schema.json'), 'utf8'), stackSchemaText());
    for (const path of gone) await engine.pulumi(['config', 'rm', '--path', `evenkeel:posture.${path}`]);
    // What the laws of today ask of the file of then, which the changelog says as well.
    for (const [path, value] of [
      ['database.retention.updates', '6d'],
      ['jobs.preCheckout.handler', '3700ms'],
      ['people.owners[0]', '5000000001'],
    ])
      await engine.succeed(['config', 'set', '--path', `evenkeel:posture.${path}`, value!]);
    engine.done();
  });

  test('keeps its database, its balancer and its network; and the guide names what it asks for by hand', async () => {
    const { stdout } = await engine.succeed(['stack', 'export']);
    const { deployment } = JSON.parse(stdout) as { deployment: { resources: { urn: string; protect?: boolean }[] } };
    const media = deployment.resources.find(({ urn, protect }) => protect && typeOf(urn) === 'aws:s3/bucket:Bucket');
    // "Upgrading" in the guide: `pulumi state unprotect '<its URN>'`.
    if (media) await engine.succeed(['state', 'unprotect', media.urn, '--yes']);
    const ended = await engine.pulumi(['preview', '--json']);
    assert.equal(ended.code, 0, ended.all);
    const { steps } = JSON.parse(ended.stdout) as { steps: Step[] };
    const lost = steps
      .filter(({ op, urn }) => /replace|delete/.test(op) && STAYS.test(typeOf(urn)))
      .map(({ op, urn }) => `${op} ${typeOf(urn)} ${nameOf(urn)}`);
    assert.deepEqual(lost, []);
    assert.ok(steps.length > 0, 'there is something to do');
  });

  test('comes up as this release, and shows no change then', async () => {
    await engine.succeed(['up', '--yes']);
    const made = engine.done();
    assert.ok(made.includes('update Service evenkeel-prod-web'), 'the tasks are rolled');
    assert.deepEqual(
      made.filter((line) => /^(create|delete) (Instance|LoadBalancer|Cluster|Vpc|Subnet|Distribution) /.test(line)),
      [],
    );
    await engine.succeed(['preview', '--expect-no-changes']);
  });
});
