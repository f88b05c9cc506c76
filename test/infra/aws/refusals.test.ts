/** What cannot be deployed is refused before the first resource, with one line that says what to do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { awsProblems, awsWarnings } from '../../../infra/aws/checks.ts';
import { resolve } from '../../../posture/resolve.ts';
import { CONFIG, ofType, only, run } from '../harness.ts';
import { change, MAXIMAL, MINIMAL, PROD, stackPosture } from '../stacks.ts';

/** The lines of a refusal, after which nothing at all was declared. */
async function refusal(posture: unknown, config: Record<string, string> = CONFIG): Promise<string[]> {
  const { error, resources } = await run({ posture, config });
  assert.deepEqual(resources, []);
  assert.equal(error?.name, 'Error');
  assert.ok('__pulumiRunError' in error, 'Pulumi prints the message alone, without a stack trace');
  assert.equal(error.stack, undefined, 'which it would inspect for ten seconds');
  return error.message.split('\n');
}

const without = (...keys: string[]) =>
  Object.fromEntries(Object.entries(CONFIG).filter(([key]) => !keys.includes(key)));

describe('a posture', () => {
  const cases: [name: string, path: string, value: unknown, line: RegExp][] = [
    ['with an unknown key', 'web.pol', 4, /^evenkeel:posture: web\.pol: unknown key; did you mean "pool"\?/],
    ['with a unit that is none', 'web.drain', '40 sec', /^evenkeel:posture: web\.drain: "40 sec" is not accepted/],
    ['with a pool too big', 'worker.pool', 40, /^evenkeel:posture: connections\.fit: .* > 185 usable.*Smallest change/],
    ['with a drain over 120 s', 'worker.drain', '130s', /^evenkeel:posture: drain\.fits: /],
    [
      'with a domain but no zone',
      'ingress.domain',
      'bot.example.com',
      /^evenkeel:posture: ingress\.domain: "bot\.example\.com" has no ingress\.zone: name .* "example\.com"/,
    ],
    [
      'with a zone but no domain',
      'ingress.zone',
      'example.com',
      /ingress\.zone: "example\.com" has no ingress\.domain/,
    ],
    [
      'with a domain of another zone',
      'ingress',
      { domain: 'bot.example.org', zone: 'example.com' },
      /ingress\.domain: "bot\.example\.org" does not belong to ingress\.zone "example\.com"/,
    ],
    ['with a range too small', 'network.cidr', '10.40.0.0/28', /network\.cidr: "10\.40\.0\.0\/28" cannot hold/],
    ['with a crooked range', 'network.cidr', '10.40.3.0/16', /network\.cidr: "10\.40\.3\.0\/16" cannot hold/],
    ['with fewer reserved than RDS keeps', 'database.superuserReserved', 2, /superuserReserved: 2 is fewer than the 3/],
    [
      'with a /24, whose subnets have 11 addresses',
      'network.cidr',
      '10.40.0.0/24',
      /gives a subnet 11 addresses, and one zone alone needs 33/,
    ],
    [
      'with a range of somebody else',
      'network.cidr',
      '8.8.0.0/16',
      /network\.cidr: "8\.8\.0\.0\/16" belongs to somebody/,
    ],
    [
      'with more storage than RDS has',
      'database.storage.max',
      '200TiB',
      /database\.storage\.max: "200TiB" is not accepted: at most 64TiB/,
    ],
    ['with one address twice', 'oncall.emails', ['a@b.de', 'a@b.de'], /oncall\.emails: "a@b\.de" stands there twice/],
    [
      'with one address for all and for pages',
      'oncall',
      { emails: ['a@b.de'], page: { emails: ['a@b.de'] } },
      /oncall\.page\.emails: "a@b\.de" stands there twice/,
    ],
    [
      'with one tool twice, whose address is a secret',
      'oncall',
      { emails: ['a@b.de'], https: ['https://tool.de/key', 'https://tool.de/key'] },
      /oncall\.https: an address stands there twice/,
    ],
    ['with a zone twice', 'network.zoneIds', ['euc1-az1', 'euc1-az1'], /network\.zoneIds: .* names a zone twice/],
    ['with less storage than gp3 has', 'database.storage.size', '19GiB', /database\.storage\.size: 19GiB is below/],
  ];
  for (const [name, path, value, line] of cases)
    test(name, async () => {
      const lines = await refusal(change(PROD, path, value));
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0]!, line);
    });

  test('with more than one mistake gets a line for each', async () => {
    const lines = await refusal(change(change(PROD, 'web.pol', 4), 'worker.pool', 'many'));
    assert.equal(lines.length, 2);
  });
});

describe('a place', () => {
  test('with fewer zones named than asked for', async () => {
    const posture = change(MAXIMAL, 'network.zoneIds', ['euc1-az1', 'euc1-az2']);
    const [line, ...others] = await refusal(posture);
    assert.match(line!, /network\.zoneIds: euc1-az1, euc1-az2 are fewer than network\.zones 3/);
    assert.deepEqual(others, []);
  });

  test('that lacks the class of the database', async () => {
    const [line] = await refusal(PROD, { ...CONFIG, 'aws:region': 'ca-west-1' });
    assert.match(line!, /database\.instance: ca-west-1 has no db\.t4g\.small/);
  });

  test('whose names AWS keeps for itself, or that has none', () => {
    const place = { stack: 'prod', region: 'eu-central-1' };
    assert.match(awsProblems(resolve(PROD), { ...place, project: 'internal-bot' }).join(), /begin with "internal-"/);
    assert.match(awsProblems(resolve(PROD), { ...place, project: '42', stack: '7' }).join(), /have no letter/);
    for (const stack of ['prod.eu', 'Prod_EU', 'prod--eu'])
      assert.match(
        awsProblems(resolve(PROD), { ...place, project: 'evenkeel', stack }).join(),
        /a stack "prod-eu" would have the same names in AWS.*: pulumi stack rename prod-eu$/,
      );
    for (const region of ['cn-north-1', 'us-gov-west-1', 'eusc-de-east-1'])
      assert.match(
        awsProblems(resolve(PROD), { ...place, project: 'evenkeel', region }).join(),
        /in a partition of its own/,
      );
    assert.deepEqual(awsProblems(resolve(PROD), { ...place, project: 'bot' }), []);
  });
});

describe('an `aws:` key', () => {
  const roles = (value: unknown) => ({ ...CONFIG, 'aws:assumeRoles': JSON.stringify(value) });
  const refused: [name: string, config: Record<string, string>, line: RegExp][] = [
    [
      'that is not honoured',
      { ...CONFIG, 'aws:accessKey': 'AKIA' },
      /^aws:accessKey: not honoured; known are aws:region, .*: pulumi config rm aws:accessKey$/,
    ],
    [
      'of an older provider',
      { ...CONFIG, 'aws:assumeRole': '{}' },
      /^aws:assumeRole: not honoured; known are .*aws:assumeRoles/,
    ],
    ['with a role that is none', roles([{ roleArn: 'deploy' }]), /^aws:assumeRoles\[0\]\.roleArn is not accepted/],
    ['with roles that are no list', roles({ roleArn: 'x' }), /^aws:assumeRoles is not accepted: wanted a list/],
    [
      'with a part of a role that only the provider would know',
      roles([{ roleArn: 'arn:aws:iam::222222222222:role/deploy', policy: '{}' }]),
      /^aws:assumeRoles\[0\]\.policy: not honoured/,
    ],
    ['with tags of another form', { ...CONFIG, 'aws:defaultTags': '{"team":"a"}' }, /^aws:defaultTags is not accepted/],
  ];
  for (const [name, config, line] of refused)
    test(`${name} is refused by name`, async () => {
      const lines = await refusal(PROD, config);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0]!, line);
      assert.ok(!lines[0]!.includes('AKIA'));
    });

  test('that is honoured reaches provider, guards and migration alike', async () => {
    const assumeRoles = [{ roleArn: 'arn:aws:iam::222222222222:role/deploy', externalId: 'shared' }];
    const result = await run({
      posture: PROD,
      config: {
        ...roles(assumeRoles),
        'aws:defaultTags': JSON.stringify({ tags: { team: 'bots', stack: 'another' } }),
        'aws:forbiddenAccountIds': '["111111111111"]',
        'aws:ignoreTags': '{"keyPrefixes":["cost:"]}',
      },
    });
    assert.equal(result.error, undefined);
    const given = Object.fromEntries(
      Object.entries(only(result, 'pulumi:providers:aws').inputs).map(([key, value]) => [
        key,
        typeof value === 'string' && /^[[{]/.test(value) ? (JSON.parse(value) as unknown) : value,
      ]),
    );
    assert.deepEqual(given['assumeRoles'], assumeRoles);
    assert.deepEqual(given['forbiddenAccountIds'], ['111111111111']);
    assert.deepEqual(given['ignoreTags'], { keyPrefixes: ['cost:'] });
    assert.deepEqual(given['defaultTags'], {
      tags: { team: 'bots', project: 'evenkeel', stack: 'prod', 'managed-by': 'pulumi' },
    });
    for (const type of ['Guard', 'Migrate'])
      for (const { inputs } of ofType(result, `pulumi-nodejs:dynamic/evenkeel:${type}`))
        assert.deepEqual(inputs['assumeRoles'], assumeRoles, type);
  });
});

describe('a configuration', () => {
  test('without a token says which command sets it', async () => {
    assert.deepEqual(await refusal(PROD, without('evenkeel:botToken')), [
      'evenkeel:botToken is not set: pulumi config set --secret evenkeel:botToken <token>',
    ]);
  });

  test('without anything says all that is missing', async () => {
    const lines = await refusal(PROD, {});
    assert.equal(lines.length, 3);
    for (const line of lines) assert.match(line, /is not set: pulumi config set /);
  });

  test('without a key for the provider names both ways out', async () => {
    const [line] = await refusal(MINIMAL, without('evenkeel:openrouterApiKey'));
    assert.match(line!, /evenkeel:openrouterApiKey is not set: .*, or switch the feature off: .*features\.chat false/);
    const { error } = await run({
      posture: { features: { chat: false } },
      config: without('evenkeel:openrouterApiKey'),
    });
    assert.equal(error, undefined);
  });

  const keyed: [feature: string, keys: string[]][] = [
    ['studio', ['novitaApiKey']],
    ['cryptoPay', ['cryptoPayToken']],
    ['nowPayments', ['nowPaymentsApiKey', 'nowPaymentsIpnSecret']],
  ];
  for (const [feature, keys] of keyed)
    for (const target of ['aws', 'docker'])
      test(`with ${feature} and without its key names both ways out, in ${target}`, async () => {
        const config = { ...CONFIG, 'evenkeel:target': target };
        assert.deepEqual(
          await refusal(change(PROD, `features.${feature}`, true), config),
          keys.map(
            (key) =>
              `evenkeel:${key} is not set: pulumi config set --secret evenkeel:${key} <${/\w+(Token|Key|Secret)$/.exec(key)![1]!.toLowerCase()}>, or switch the feature off: pulumi config set --path evenkeel:posture.features.${feature} false`,
          ),
        );
      });

  for (const target of ['aws', 'docker'])
    test(`with plans and without a provider of one's own names its key and its address, in ${target}`, async () => {
      const config = { ...CONFIG, 'evenkeel:target': target };
      const selling = change(PROD, 'features.subscriptions', true);
      const off = 'or switch the feature off: pulumi config set --path evenkeel:posture.features.subscriptions false';
      assert.deepEqual(await refusal(selling, config), [
        `evenkeel:accessApiKey is not set: pulumi config set --secret evenkeel:accessApiKey <key>, ${off}`,
        `evenkeel:posture: providers.access.address: "https://access.example.com" is an example, and nobody is let in there: pulumi config set --path evenkeel:posture.providers.access.address https://<your provider>, ${off}`,
      ]);
      const own = change(selling, 'providers.access.address', 'https://access.notexample.com');
      assert.deepEqual(await refusal(own, { ...config, 'evenkeel:accessApiKey': 'short' }), [
        'evenkeel:accessApiKey is not accepted: wanted the key of your access provider, 8 characters or more without spaces: pulumi config set --secret evenkeel:accessApiKey <key>',
      ]);
    });

  test('whose on-call bot is the bot itself is refused, also with a token of another time', async () => {
    const [line, ...others] = await refusal(PROD, {
      ...CONFIG,
      'evenkeel:oncallBotToken': '123456789:AAanother-token-of-the-same-bot-0123',
    });
    assert.match(line!, /^evenkeel:oncallBotToken is of the bot that is deployed: .*pulumi config set --secret/);
    assert.ok(!line!.includes('123456789'), 'a secret is not shown');
    assert.deepEqual(others, []);
  });

  test('with the example as address of on-call is warned of, and deployed', async () => {
    assert.deepEqual(awsWarnings(resolve(PROD)), [
      'oncall.emails: "oncall@example.com" is an example, which nobody reads: pulumi config set --path \'evenkeel:posture.oncall.emails[0]\' you@your.domain',
    ]);
    assert.equal((await run({ posture: PROD })).error, undefined);
    const own = change(PROD, 'oncall.emails', ['me@example-company.com', 'you@notexample.org']);
    assert.deepEqual(awsWarnings(resolve(own)), []);
    assert.match(
      awsWarnings(resolve(change(own, 'oncall.ticket.emails', ['you@example.org'])))[0]!,
      /^oncall\.ticket\.emails: "you@example\.org" is an example.*oncall\.ticket\.emails\[0\]/,
    );
    assert.deepEqual(awsWarnings(resolve(change(PROD, 'stage', 'development'))), []);
  });

  test('which sells in the name of the example is warned of by itself, and refused with the command by a deploy', async () => {
    const shipped = stackPosture('prod');
    const line =
      "people.owners: 1 is an example, and nobody answers for what is sold: pulumi config set --path 'evenkeel:posture.people.owners[0]' <your Telegram id>, or pulumi config set --path evenkeel:posture.features.wallet false";
    assert.equal(awsWarnings(resolve(shipped))[1], line);
    assert.deepEqual(await refusal(shipped), [`evenkeel:posture: ${line}`]);
    const givenAway = await run({ posture: change(shipped, 'features.wallet', false) });
    assert.equal(givenAway.error, undefined, 'nothing is sold, and nobody has to answer for it');
  });

  test('without anything, as it is shipped, names the owner among what is missing', async () => {
    const lines = await refusal(stackPosture('prod'), {});
    assert.equal(lines.length, 4);
    for (const line of lines) assert.match(line, /: pulumi config set /);
  });

  const malformed: [key: string, value: string, line: RegExp][] = [
    [
      'evenkeel:botToken',
      'hunter2',
      /^evenkeel:botToken is not accepted: .*pulumi config set --secret evenkeel:botToken/,
    ],
    ['evenkeel:webhookSecret', 'sp ace and more than 16', /^evenkeel:webhookSecret is not accepted/],
    ['evenkeel:webhookSecretPrevious', 'sp ace', /^evenkeel:webhookSecretPrevious is not accepted/],
    ['evenkeel:cryptoPayToken', '987:short', /^evenkeel:cryptoPayToken is not accepted: wanted the token of an app/],
    ['evenkeel:cryptoPayTokenPrevious', 'AAbefore12', /^evenkeel:cryptoPayTokenPrevious is not accepted/],
    ['evenkeel:nowPaymentsApiKey', 'KEY OF ONE', /^evenkeel:nowPaymentsApiKey is not accepted: wanted the API key/],
    ['evenkeel:nowPaymentsIpnSecret', 'sp ace and more', /^evenkeel:nowPaymentsIpnSecret is not accepted/],
    ['evenkeel:nowPaymentsIpnSecretPrevious', 'short', /^evenkeel:nowPaymentsIpnSecretPrevious is not accepted/],
    ['evenkeel:imageDigest', 'latest', /^evenkeel:imageDigest is not accepted: wanted the digest/],
    ['evenkeel:target', 'gcp', /^evenkeel:target: "gcp" is not one of aws, docker/],
    ['evenkeel:architecture', 'mips', /^evenkeel:architecture: "mips" is not one of arm64, amd64/],
    [
      'evenkeel:telegramApiRoot',
      'http://bots.example.com:8081',
      /^evenkeel:telegramApiRoot is not accepted: .*http only/,
    ],
    ['evenkeel:permissionsBoundary', 'boundary', /^evenkeel:permissionsBoundary is not accepted: wanted the ARN/],
    ['evenkeel:botTokn', 'x', /^evenkeel:botTokn: unknown key/],
  ];
  for (const [key, value, line] of malformed)
    test(`with ${key} ${value}`, async () => {
      const lines = await refusal(PROD, { ...CONFIG, [key]: value });
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, line);
      if (/(Token|Secret|ApiKey)(Previous)?$/.test(key)) assert.ok(!lines[0]!.includes(value), 'a secret is not shown');
    });
});
