/** What platform teams bring with them, by the real engine: a network, a key, a vault in another account. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cleanup } from '../harness/cleanup.ts';
import { productionStack, whyNoEngine, type Engine } from './engine.ts';

const skip = whyNoEngine() ?? false;

const subnet = (digit: number) => `subnet-0123456789abcdef${digit}`;
const BROUGHT: Readonly<Record<string, string>> = {
  'evenkeel:kmsKey': 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab',
  'evenkeel:posture.network.egress': 'nat',
  'evenkeel:posture.network.vpc.id': 'vpc-0123456789abcdef0',
  'evenkeel:posture.network.vpc.taskSubnets[0]': subnet(1),
  'evenkeel:posture.network.vpc.taskSubnets[1]': subnet(4),
  'evenkeel:posture.network.vpc.balancerSubnets[0]': subnet(2),
  'evenkeel:posture.network.vpc.balancerSubnets[1]': subnet(3),
  'evenkeel:posture.network.vpc.databaseSubnets[0]': subnet(5),
  'evenkeel:posture.network.vpc.databaseSubnets[1]': subnet(6),
  'evenkeel:posture.database.backupCopy.vault': 'arn:aws:backup:eu-central-1:210987654321:backup-vault:bots',
};

describe('a stack with what a team brings', { skip }, () => {
  const undo = cleanup({ after });
  let engine: Engine;
  before(async () => {
    engine = await productionStack(undo);
    for (const [key, value] of Object.entries(BROUGHT))
      await engine.succeed(['config', 'set', '--plaintext', '--path', key, value]);
  });

  test('whose subnets would be lost together is refused, and nothing is made', async () => {
    const { code, all } = await engine.pulumi(['up', '--yes', '--skip-preview']);
    assert.notEqual(code, 0);
    assert.match(all, /network\.vpc\.taskSubnets: subnet-\S+ and subnet-\S+ are both in the zone euc1-az2/);
    assert.doesNotMatch(all, /\n\s+at .*:\d+:\d+/, 'no stack trace');
    assert.deepEqual(engine.done(), []);
    await engine.succeed(['config', 'set', '--path', 'evenkeel:posture.network.vpc.taskSubnets[1]', subnet(2)]);
  });

  test('comes up with the policies, makes no network and no key, and shows no change', async () => {
    await engine.succeed(['up', '--yes', '--policy-pack', 'infra/policy']);
    const made = engine.done();
    assert.deepEqual(
      made.filter((line) => /^create (Vpc|Subnet|RouteTable|InternetGateway|Key) /.test(line)),
      [],
    );
    assert.ok(made.includes('create Selection evenkeel-prod-backup-copy'));
    await engine.succeed(['preview', '--expect-no-changes']);
  });

  test('shows what a database of somebody else would take away, and its address nowhere', async () => {
    const address = 'postgres://admin:hunter2hunter2@pg.my.domain:5433/bots?sslmode=verify-full';
    await engine.succeed(['config', 'rm', '--path', 'evenkeel:posture.database.backupCopy']);
    await engine.succeed(['config', 'set', '--path', 'evenkeel:posture.database.server', 'own']);
    await engine.succeed(['config', 'set', '--secret', 'evenkeel:databaseUrl'], { input: address });
    const { all, stdout } = await engine.pulumi(['preview', '--json', '--diff']);
    assert.ok(!all.includes('hunter2'), 'the address is a secret');
    const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
    assert.ok(steps.some(({ op, urn }) => op === 'delete' && urn.includes(':EventSubscription::')));
    await engine.succeed(['config', 'rm', 'evenkeel:databaseUrl']);
    await engine.succeed(['config', 'rm', '--path', 'evenkeel:posture.database.server']);
  });

  test('gives its key back without a new database or repository', async () => {
    await engine.succeed(['config', 'rm', 'evenkeel:kmsKey']);
    const { stdout } = await engine.succeed(['preview', '--json']);
    const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
    const anew = steps.filter(({ op, urn }) => op !== 'same' && /:(Instance|Repository)::/.test(urn));
    assert.deepEqual(anew, []);
  });
});
