/** What is off as shipped: each option by itself, what it adds, and what it must not touch. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changed, CONFIG, ofType, only, run } from '../harness.ts';
import { change, OPTIONS, PROD, WITH_DOMAIN } from '../stacks.ts';

/** Types of what another posture adds, takes away or changes beside a stack as shipped. */
async function moved(path: string, value: unknown): Promise<string[]> {
  const urns = changed(await run({ posture: PROD }), await run({ posture: change(PROD, path, value) }));
  return [...new Set(urns.map((urn) => urn.split('::')[2]!.split('$').at(-1)!))].sort();
}

describe('ingress.rateLimit', () => {
  test('stands before CloudFront, in the one region where such a firewall may be', async () => {
    const result = await run({ posture: change(PROD, 'ingress.rateLimit', 600) });
    const acl = only(result, 'aws:wafv2/webAcl:WebAcl');
    assert.deepEqual([acl.inputs['scope'], acl.inputs['region']], ['CLOUDFRONT', 'us-east-1']);
    assert.equal(only(result, 'aws:wafv2/ipSet:IpSet').inputs['region'], 'us-east-1');
    const distribution = only(result, 'aws:cloudfront/distribution:Distribution');
    assert.match(String(distribution.inputs['webAclId']), /WebAcl/);
    assert.deepEqual(ofType(result, 'aws:wafv2/webAclAssociation:WebAclAssociation'), []);
  });

  test('stands before a load balancer that the internet reaches', async () => {
    const result = await run({ posture: change(WITH_DOMAIN, 'ingress.rateLimit', 600) });
    const acl = only(result, 'aws:wafv2/webAcl:WebAcl');
    assert.deepEqual([acl.inputs['scope'], acl.inputs['region']], ['REGIONAL', undefined]);
    const attached = only(result, 'aws:wafv2/webAclAssociation:WebAclAssociation');
    assert.match(String(attached.inputs['resourceArn']), /LoadBalancer/);
    // Telegram is pointed at the bot when all that stands before it does.
    assert.ok(only(result, 'pulumi-nodejs:dynamic/evenkeel:Webhook').dependsOn.includes(attached.urn));
  });

  test('never counts Telegram, whose webhooks come from a handful of addresses', async () => {
    const result = await run({ posture: change(PROD, 'ingress.rateLimit', 600) });
    const telegram = only(result, 'aws:wafv2/ipSet:IpSet');
    assert.deepEqual(telegram.inputs['addresses'], ['149.154.160.0/20', '91.108.4.0/22']);
    const [rule] = only(result, 'aws:wafv2/webAcl:WebAcl').inputs['rules'] as {
      statement: {
        rateBasedStatement: { limit: number; scopeDownStatement: { notStatement: { statement: unknown } } };
      };
    }[];
    const { limit, scopeDownStatement } = rule!.statement.rateBasedStatement;
    assert.equal(limit, 600);
    assert.match(JSON.stringify(scopeDownStatement.notStatement.statement), /ipSetReferenceStatement.*IpSet/);
  });

  test('and telegramOnly are refused beside a Bot API server of one’s own', async () => {
    const posture = change(change(PROD, 'ingress.rateLimit', 600), 'ingress.telegramOnly', true);
    const config = { ...CONFIG, 'evenkeel:telegramApiRoot': 'https://telegram.my.domain' };
    const { error, resources } = await run({ posture, config });
    assert.deepEqual(resources, []);
    const lines = error!.message.split('\n');
    assert.equal(lines.length, 2);
    for (const line of lines)
      assert.match(line, /^evenkeel:telegramApiRoot: .* ingress\.\w+ refuses: pulumi config rm/);
  });

  test('moves the distribution, and no task', async () => {
    assert.deepEqual(await moved('ingress.rateLimit', 600), [
      'aws:cloudfront/distribution:Distribution',
      'aws:wafv2/ipSet:IpSet',
      'aws:wafv2/webAcl:WebAcl',
      'evenkeel:aws:RateLimit',
    ]);
  });
});

describe('network.flowLogs', () => {
  test('are written by AWS alone, of this account alone, into a bucket that forgets them', async () => {
    const result = await run({ posture: change(PROD, 'network.flowLogs', '30d') });
    const log = only(result, 'aws:ec2/flowLog:FlowLog');
    assert.equal(log.inputs['trafficType'], 'ALL');
    const policy = only(result, 'aws:s3/bucketPolicy:BucketPolicy', '-flow-logs');
    assert.ok(log.dependsOn.includes(policy.urn), 'AWS may write before it is told to');
    const { Statement } = JSON.parse(String(policy.inputs['policy'])) as {
      Statement: { Effect: string; Principal: { Service?: string }; Condition: { StringEquals: object } }[];
    };
    for (const { Effect, Principal, Condition } of Statement.filter(({ Effect }) => Effect === 'Allow')) {
      assert.deepEqual([Effect, Principal.Service], ['Allow', 'delivery.logs.amazonaws.com']);
      assert.deepEqual(Condition.StringEquals, { 'aws:SourceAccount': '123456789012' });
    }
    const [rule] = only(result, 'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration', '-flow-logs')
      .inputs['rules'] as { expiration: { days: number } }[];
    assert.equal(rule!.expiration.days, 30);
  });

  test('move nothing that stands', async () => {
    const types = await moved('network.flowLogs', '30d');
    assert.deepEqual(
      types.filter((type) => !/s3|flowLog|FlowLogs|PrivateBucket/.test(type)),
      [],
    );
  });
});

describe('oncall.slack', () => {
  const CONFIGURATION = 'aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration';
  const slack = { team: 'T0123ABCD', page: 'C0123ABCDEF' };

  test('brings each topic to its channel, with a role that may do nothing and a guardrail that is said aloud', async () => {
    const result = await run({ posture: change(PROD, 'oncall.slack', { ...slack, ticket: 'C0123ABCDEG' }) });
    const made = ofType(result, CONFIGURATION).map(({ inputs }) => [
      inputs['slackChannelId'],
      (inputs['snsTopicArns'] as string[]).map((arn) => arn.split('-').at(-1)),
    ]);
    assert.deepEqual(made, [
      ['C0123ABCDEF', ['page']],
      ['C0123ABCDEG', ['ticket']],
    ]);
    for (const { inputs } of ofType(result, CONFIGURATION)) {
      assert.equal(inputs['region'], 'us-east-2');
      assert.deepEqual(inputs['guardrailPolicyArns'], ['arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess']);
    }
    const policies = ofType(result, 'aws:iam/rolePolicy:RolePolicy').map(({ name }) => name);
    assert.ok(!policies.some((name) => name.includes('slack')));
  });

  test('of one channel for both is one configuration with both topics', async () => {
    const result = await run({ posture: change(PROD, 'oncall.slack', { ...slack, ticket: slack.page }) });
    assert.equal((only(result, CONFIGURATION).inputs['snsTopicArns'] as string[]).length, 2);
  });

  test('without a channel is refused', async () => {
    const { error, resources } = await run({ posture: change(PROD, 'oncall.slack', { team: slack.team }) });
    assert.deepEqual(resources, []);
    assert.match(error!.message, /^evenkeel:posture: oncall\.slack: names a workspace and no channel/);
  });

  test('moves nothing that stands', async () => {
    const types = await moved('oncall.slack', slack);
    // The keeper leans on everything, and has no input of it.
    assert.deepEqual(types, ['aws:iam/role:Role', CONFIGURATION, 'evenkeel:aws:Slack'].sort());
  });
});

describe('evenkeel:heartbeatUrl', () => {
  const config = { ...CONFIG, 'evenkeel:heartbeatUrl': 'https://hc.example.com/ping/key-of-the-service' };

  test('is a secret, and the sentinel’s alone', async () => {
    const result = await run({ posture: PROD, config });
    const secrets = ofType(result, 'aws:secretsmanager/secretVersion:SecretVersion').filter(({ inputs }) =>
      String(inputs['secretString']).includes('key-of-the-service'),
    );
    assert.deepEqual(
      secrets.map(({ name }) => name),
      ['evenkeel-prod-sentinel'],
    );
    for (const { urn, inputs, secretPaths } of result.resources)
      if (secretPaths.length === 0) assert.ok(!JSON.stringify(inputs).includes('key-of-the-service'), urn);
  });

  test('rolls no task', async () => {
    const urns = changed(await run({ posture: PROD }), await run({ posture: PROD, config }));
    assert.deepEqual(
      urns.map((urn) => urn.split('::').at(-1)),
      ['evenkeel-prod-sentinel'],
    );
  });

  test('over plain HTTP is refused, and not shown', async () => {
    const plain = { ...CONFIG, 'evenkeel:heartbeatUrl': 'http://hc.example.com/ping/key-of-the-service' };
    const { error, resources } = await run({ posture: PROD, config: plain });
    assert.deepEqual(resources, []);
    assert.match(error!.message, /^evenkeel:heartbeatUrl is not accepted: .*pulumi config set --secret/);
    assert.ok(!error!.message.includes('key-of'));
  });
});

describe('evenkeel:kmsKey', () => {
  const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab';
  const config = { ...CONFIG, 'evenkeel:kmsKey': KEY };
  const posture = OPTIONS;

  test('encrypts server, logs, secrets, topics and images, and no key is made', async () => {
    const result = await run({ posture, config });
    assert.equal(result.error, undefined);
    const of = (type: string, input: string) => new Set(ofType(result, type).map(({ inputs }) => inputs[input]));
    assert.deepEqual(ofType(result, 'aws:kms/key:Key'), []);
    assert.deepEqual(of('aws:cloudwatch/logGroup:LogGroup', 'kmsKeyId'), new Set([KEY]));
    assert.deepEqual(of('aws:secretsmanager/secret:Secret', 'kmsKeyId'), new Set([KEY]));
    assert.deepEqual(of('aws:sns/topic:Topic', 'kmsMasterKeyId'), new Set([KEY]));
    const { inputs } = only(result, 'aws:rds/instance:Instance');
    assert.deepEqual([inputs['kmsKeyId'], inputs['performanceInsightsKmsKeyId']], [KEY, KEY]);
    assert.deepEqual(only(result, 'aws:ecr/repository:Repository').inputs['encryptionConfigurations'], [
      { encryptionType: 'KMS', kmsKey: KEY },
    ]);
  });

  test('is lent to whoever reads a secret, and to nobody else', async () => {
    const result = await run({ posture, config });
    const policies = ofType(result, 'aws:iam/rolePolicy:RolePolicy').map(({ name, inputs }) => ({
      name,
      statements: (JSON.parse(String(inputs['policy'])) as { Statement: { Action: unknown; Resource: unknown }[] })
        .Statement,
    }));
    for (const { name, statements } of policies) {
      const reads = statements.some(({ Action }) => Action === 'secretsmanager:GetSecretValue');
      const decrypts = statements.filter(({ Action }) => Action === 'kms:Decrypt').map(({ Resource }) => Resource);
      assert.deepEqual(decrypts, reads ? [KEY] : [], name);
    }
    assert.ok(policies.length >= 5);
  });

  test('set later leaves the server and the images that stand, which would be made anew by it', async () => {
    const result = await run({ posture, config });
    for (const [type, inputs] of [
      ['aws:rds/instance:Instance', ['kmsKeyId', 'performanceInsightsKmsKeyId']],
      ['aws:ecr/repository:Repository', ['encryptionConfigurations']],
    ] as const)
      for (const input of inputs) assert.ok(only(result, type).ignoreChanges.includes(input), `${type} ${input}`);
  });

  for (const [name, value, line] of [
    ['an alias', 'alias/mine', /^evenkeel:kmsKey is not accepted: wanted the ARN of a key, no alias: .*config set/],
    [
      'of another region',
      KEY.replace('eu-central', 'eu-west'),
      /^evenkeel:kmsKey: the key is in eu-west-1, .*config set/,
    ],
  ] as const)
    test(`${name} is refused in one line`, async () => {
      const { error, resources } = await run({ posture, config: { ...CONFIG, 'evenkeel:kmsKey': value } });
      assert.deepEqual(resources, []);
      assert.match(error!.message, line);
      assert.equal(error!.message.split('\n').length, 1);
    });
});

describe('database.backupCopy', () => {
  const HERE = 'arn:aws:backup:eu-west-1:123456789012:backup-vault:bots';
  const ELSEWHERE = 'arn:aws:backup:eu-central-1:210987654321:backup-vault:bots';
  const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab';

  test('takes this one database daily, away from its windows, and keeps the copy as long as it says', async () => {
    const posture = change(PROD, 'database.backupCopy', { vault: HERE, keep: '90d' });
    const result = await run({ posture: change(posture, 'database.backupWindow', '01:00-02:00') });
    const [rule] = only(result, 'aws:backup/plan:Plan').inputs['rules'] as Record<string, unknown>[];
    // Windows are 01:00 to 02:00 daily, and 03:00 to 04:00 on Sundays: farthest from both is half past 14.
    assert.equal(rule!['schedule'], 'cron(0 14 * * ? *)');
    assert.deepEqual(rule!['copyActions'], [{ destinationVaultArn: HERE, lifecycle: { deleteAfter: 90 } }]);
    const selection = only(result, 'aws:backup/selection:Selection');
    assert.match(String((selection.inputs['resources'] as string[])[0]), /Instance\/evenkeel-prod$/);
    assert.ok(
      selection.dependsOn.includes(only(result, 'aws:iam/rolePolicy:RolePolicy', '-backup-copy').urn),
      'AWS Backup may, before it is told to',
    );
  });

  test('tells on-call of a copy that failed', async () => {
    const result = await run({ posture: change(PROD, 'database.backupCopy', { vault: HERE }) });
    const { inputs } = only(result, 'aws:cloudwatch/eventRule:EventRule', '-backup-copy');
    const pattern = JSON.parse(String(inputs['eventPattern'])) as { 'detail-type': string[]; detail: object };
    assert.deepEqual(pattern['detail-type'], ['Backup Job State Change', 'Copy Job State Change']);
    assert.match(JSON.stringify(pattern.detail), /"FAILED".*Instance\/evenkeel-prod"/);
    assert.match(
      String(only(result, 'aws:cloudwatch/eventTarget:EventTarget', '-backup-copy').inputs['arn']),
      /evenkeel-prod-ticket$/,
    );
  });

  test('into another account wants a key that can be shared with it', async () => {
    const posture = change(PROD, 'database.backupCopy', { vault: ELSEWHERE });
    const refused = await run({ posture });
    assert.match(
      refused.error!.message,
      /^evenkeel:posture: database\.backupCopy\.vault: is in the account 210987654321, .*: pulumi config set evenkeel:kmsKey/,
    );
    const result = await run({ posture, config: { ...CONFIG, 'evenkeel:kmsKey': KEY } });
    assert.equal(result.error, undefined);
    const policy = String(only(result, 'aws:iam/rolePolicy:RolePolicy', '-backup-copy').inputs['policy']);
    assert.match(policy, /"kms:CreateGrant".*"kms:GrantIsForAWSResource"/);
  });

  test('moves nothing that stands', async () => {
    const types = await moved('database.backupCopy', { vault: HERE });
    assert.deepEqual(
      types.filter((type) => !/backup\/|BackupCopy|iam\/role|cloudwatch\/event/.test(type)),
      [],
    );
  });
});
