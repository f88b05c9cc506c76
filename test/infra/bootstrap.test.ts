/** What an account is given once: kept, closed, and lending no more than it must. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { bootstrap } from '../../infra/bootstrap/index.ts';
import { boundary } from '../../infra/bootstrap/policies.ts';
import { computed, invoked } from './cloud.ts';
import { ofType, run } from './harness.ts';
import { MAXIMAL, PROD } from './stacks.ts';

interface Made {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** Runs the program without the engine. */
async function made(
  config: Record<string, string> = {},
): Promise<{ resources: Made[]; outputs: Record<string, unknown>; error?: Error }> {
  const resources: Made[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        resources.push({ type, name, inputs: inputs as Made['inputs'] });
        return computed(type, name, inputs as Made['inputs']);
      },
      call: ({ token, inputs }) => invoked(token, inputs as Made['inputs']),
    },
    'evenkeel-bootstrap',
    'bootstrap',
  );
  pulumi.runtime.setAllConfig({ 'aws:region': 'eu-central-1', ...config });
  let outputs: Record<string, unknown> = {};
  let error: Error | undefined;
  await pulumi.runtime.runInPulumiStack(async () => {
    try {
      const given = bootstrap();
      outputs = await new Promise((known) => pulumi.output(given).apply((value) => known(value as typeof outputs)));
      return given;
    } catch (thrown) {
      error = thrown as Error;
      return {};
    }
  });
  await pulumi.runtime.disconnect();
  return { resources, outputs, ...(error && { error }) };
}

const REPOSITORY = { 'evenkeel-bootstrap:repository': 'octo-org/my-bot' };
const inputs = (resources: Made[], type: string, name = ''): Made['inputs'] =>
  resources.find((resource) => resource.type === type && resource.name.endsWith(name))!.inputs;
const policyOf = (made: Made['inputs'], key = 'policy') =>
  JSON.parse(made[key] as string) as {
    Statement: {
      Sid: string;
      Effect: string;
      Action: string | string[];
      Resource: unknown;
      Condition?: Record<string, Record<string, unknown>>;
    }[];
  };

test('without a repository there is a bucket for the states and a key, and no role', async () => {
  const { resources, outputs } = await made();
  assert.deepEqual(
    resources.filter(({ type }) => type.startsWith('aws:iam/')),
    [],
  );
  assert.equal(inputs(resources, 'aws:s3/bucket:Bucket')['bucket'], 'evenkeel-state-123456789012');
  assert.deepEqual(inputs(resources, 'aws:s3/bucketVersioning:BucketVersioning')['versioningConfiguration'], {
    status: 'Enabled',
  });
  assert.equal(inputs(resources, 'aws:kms/key:Key')['enableKeyRotation'], true);
  assert.equal(outputs['login'], 'pulumi login s3://evenkeel-state-123456789012?region=eu-central-1');
  assert.equal(outputs['secretsProvider'], 'awskms://alias/evenkeel-pulumi?region=eu-central-1');
});

test('the roles are for this repository alone: pull requests read, the two environments change', async () => {
  const { resources } = await made(REPOSITORY);
  const subjects = (role: string): unknown =>
    policyOf(inputs(resources, 'aws:iam/role:Role', role), 'assumeRolePolicy').Statement[0]!.Condition![
      'StringEquals'
    ]!['token.actions.githubusercontent.com:sub'];
  assert.deepEqual(subjects('preview'), [
    'repo:octo-org/my-bot:pull_request',
    'repo:octo-org/my-bot:ref:refs/heads/main',
  ]);
  assert.deepEqual(subjects('deploy'), [
    'repo:octo-org/my-bot:environment:staging',
    'repo:octo-org/my-bot:environment:production',
  ]);
  assert.equal(inputs(resources, 'aws:iam/role:Role', 'deploy')['maxSessionDuration'], 14_400);
  const attached = resources
    .filter(({ type }) => type.endsWith(':RolePolicyAttachment'))
    .map(({ name, inputs }) => [name, inputs['policyArn']]);
  assert.deepEqual(attached, [
    ['evenkeel-preview', 'arn:aws:iam::aws:policy/ReadOnlyAccess'],
    ['evenkeel-deploy', 'arn:aws:iam::aws:policy/PowerUserAccess'],
  ]);
});

test('a pull request reads no parameter of anybody else in the account', async () => {
  const { resources } = await made(REPOSITORY);
  const { Statement } = policyOf(inputs(resources, 'aws:iam/rolePolicy:RolePolicy', 'preview'));
  const denied = Statement.find(({ Effect }) => Effect === 'Deny') as unknown as {
    Action: string[];
    NotResource: string;
  };
  assert.equal(denied.NotResource, 'arn:aws:ssm:*:123456789012:parameter/evenkeel/*');
  assert.ok(denied.Action.includes('ssm:GetParametersByPath'));
});

test('the deploy role makes bounded roles of its stacks alone, cannot widen itself, and cannot lose the states', async () => {
  const { resources } = await made(REPOSITORY);
  const { Statement } = policyOf(inputs(resources, 'aws:iam/rolePolicy:RolePolicy', 'deploy'));
  const of = (sid: string) => Statement.find(({ Sid }) => Sid === sid)!;
  const bound = 'arn:aws:mock:eu-central-1:123456789012:Policy/evenkeel-boundary';
  assert.deepEqual(of('MakeOnlyBoundedRoles').Condition, { StringEquals: { 'iam:PermissionsBoundary': bound } });
  for (const { Effect, Action, Resource } of Statement) {
    if (Effect !== 'Allow') continue;
    for (const resource of [Resource].flat())
      assert.match(String(resource), /^arn:aws:iam::123456789012:role\/evenkeel-(prod|staging)-\*$/, String(Action));
  }
  for (const sid of ['NeverLoosenTheBound', 'KeepTheStates', 'KeepTheKey']) assert.equal(of(sid).Effect, 'Deny');
  // Its own name is none of theirs.
  assert.ok(!/^evenkeel-(prod|staging)-/.test('evenkeel-deploy'));
});

test('the bound lets each role of a stack do what its own policies say, all options on', async () => {
  const allowed = new Set([boundary().Statement[0]!.Action].flat());
  for (const posture of [PROD, MAXIMAL]) {
    const stack = await run({ posture });
    for (const { name, inputs } of ofType(stack, 'aws:iam/rolePolicy:RolePolicy'))
      for (const { Action } of policyOf(inputs).Statement)
        for (const action of [Action].flat())
          assert.ok(allowed.has(action), `${name} needs ${action}: infra/bootstrap/policies.ts, boundary`);
  }
});

test('an identity provider that is there already is taken, and not made again', async () => {
  const provider = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';
  const { resources } = await made({ ...REPOSITORY, 'evenkeel-bootstrap:provider': provider });
  assert.equal(resources.filter(({ type }) => type.includes('openIdConnectProvider')).length, 0);
  assert.ok(JSON.stringify(inputs(resources, 'aws:iam/role:Role', 'deploy')).includes(provider));
});

test('the variables of the workflow are set by one command', async () => {
  const { outputs } = await made(REPOSITORY);
  const said = String(outputs['variables']);
  for (const name of [
    'AWS_REGION',
    'AWS_PREVIEW_ROLE',
    'AWS_DEPLOY_ROLE',
    'PULUMI_BACKEND_URL',
    'PULUMI_STACK',
    'PULUMI_STAGING_STACK',
  ])
    assert.match(said, new RegExp(`gh variable set ${name} --repo octo-org/my-bot --body '[^']+'`));
});

test('answers that are none are refused, one line each', async () => {
  const { resources, error } = await made({
    'evenkeel-bootstrap:repository': 'https://github.com/octo-org/my-bot',
    'evenkeel-bootstrap:provider': 'github',
    'evenkeel-bootstrap:stacks': '["Prod"]',
  });
  assert.deepEqual(
    resources.filter(({ type }) => type.startsWith('aws:')),
    [],
  );
  assert.deepEqual(
    error!.message.split('\n').map((line) => line.split(':')[0]),
    ['repository', 'provider', 'stacks'],
  );
});

test('README leads from an empty account to a running bot in ten commands, and says what they cost', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const [, block = ''] = /```sh\n(npm ci\npulumi login[^`]*)```/.exec(readme)!;
  const commands = block.trimEnd().split('\n');
  assert.ok(commands.length <= 10, `${commands.length} commands`);
  assert.match(block, /infra\/bootstrap up .*# \d+ a month/);
  assert.match(commands.at(-1)!, /^pulumi up/);
  const guide = readFileSync(join(import.meta.dirname, '../../docs/production.md'), 'utf8');
  for (const command of commands.map((line) => line.split(/ {2,}#/)[0]!.trim())) {
    // Values are one's own: you@example.com here, you@your.domain there.
    const beginning = command.replace(/you@.*$/, '');
    assert.ok(guide.includes(beginning), `the guide has: ${beginning}`);
  }
});
