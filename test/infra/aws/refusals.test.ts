/** What cannot be deployed is refused before the first resource, with one line that says what to do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { awsWarnings } from '../../../infra/aws/checks.ts';
import { resolve } from '../../../posture/resolve.ts';
import { CONFIG, run } from '../harness.ts';
import { change, MINIMAL, PROD } from '../stacks.ts';

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
    assert.deepEqual(awsWarnings(resolve(change(PROD, 'stage', 'development'))), []);
  });

  const malformed: [key: string, value: string, line: RegExp][] = [
    [
      'evenkeel:botToken',
      'hunter2',
      /^evenkeel:botToken is not accepted: .*pulumi config set --secret evenkeel:botToken/,
    ],
    ['evenkeel:webhookSecret', 'sp ace and more than 16', /^evenkeel:webhookSecret is not accepted/],
    ['evenkeel:webhookSecretPrevious', 'sp ace', /^evenkeel:webhookSecretPrevious is not accepted/],
    ['evenkeel:imageDigest', 'latest', /^evenkeel:imageDigest is not accepted: wanted the digest/],
    ['evenkeel:target', 'gcp', /^evenkeel:target: "gcp" is not one of aws, docker/],
    ['evenkeel:architecture', 'mips', /^evenkeel:architecture: "mips" is not one of amd64, arm64/],
    ['evenkeel:botTokn', 'x', /^evenkeel:botTokn: unknown key/],
  ];
  for (const [key, value, line] of malformed)
    test(`with ${key} ${value}`, async () => {
      const lines = await refusal(PROD, { ...CONFIG, [key]: value });
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, line);
      if (key.endsWith('Token') || key.endsWith('Secret'))
        assert.ok(!lines[0]!.includes(value), 'a secret is not shown');
    });
});
