/** A stack on a PostgreSQL that somebody else has: nothing of RDS, the same roles, and what is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alarms } from '../../../posture/alarms/index.ts';
import { prove } from '../../../posture/laws/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import { CONFIG, ofType, only, run } from '../harness.ts';
import { change, FOREIGN_NETWORK, PROD } from '../stacks.ts';

const OWN = change(PROD, 'database.server', 'own');
const URL_OF_IT = 'postgres://admin:se%25cret@pg.my.domain:5433/bots?sslmode=verify-full';
const config = { ...CONFIG, 'evenkeel:databaseUrl': URL_OF_IT };

describe('database.server: own', () => {
  test('makes nothing of RDS, and names nothing of it anywhere', async () => {
    const result = await run({ posture: OWN, config });
    assert.equal(result.error, undefined);
    assert.deepEqual(
      result.resources.filter(({ type }) => type.startsWith('aws:rds/')).map(({ name }) => name),
      [],
    );
    const watched = ofType(result, 'aws:cloudwatch/metricAlarm:MetricAlarm').filter(
      ({ inputs }) => inputs['namespace'] === 'AWS/RDS',
    );
    assert.deepEqual(watched, []);
    const dashboard = String(only(result, 'aws:cloudwatch/dashboard:Dashboard').inputs['dashboardBody']);
    assert.ok(!dashboard.includes('AWS/RDS'));
    assert.equal(result.outputs['databaseName'], undefined);
    assert.equal((result.outputs['databaseClients'] as unknown[]).length, 4, 'whom the server has to let in');
  });

  test('gives each role its own login on that server, and the migration the one that was given', async () => {
    const result = await run({ posture: OWN, config });
    const given = (role: string) => {
      const { inputs } = only(result, 'aws:secretsmanager/secretVersion:SecretVersion', `evenkeel-prod-${role}`);
      return JSON.parse(String(inputs['secretString'])) as Record<string, string>;
    };
    assert.equal(given('migrate')['DATABASE_URL'], URL_OF_IT);
    for (const [task, login] of [
      ['web', 'web'],
      ['worker', 'worker'],
      ['ops', 'operator'],
    ] as const) {
      const url = new URL(given(task)['DATABASE_URL']!);
      assert.deepEqual(
        [url.username, url.host, url.pathname, url.search],
        [login, 'pg.my.domain:5433', '/bots', '?sslmode=verify-full'],
      );
      assert.equal(url.password, given('migrate')[`${login.toUpperCase()}_DATABASE_PASSWORD`]);
    }
    assert.ok(given('migrate')['OWNER_DATABASE_PASSWORD']);
  });

  test('is a secret everywhere, and the way to its port is open to those who use it', async () => {
    const result = await run({ posture: OWN, config });
    for (const { urn, inputs, secretPaths } of result.resources)
      if (secretPaths.length === 0) assert.ok(!JSON.stringify(inputs).includes('se%25cret'), urn);
    const out = ofType(result, 'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule')
      .filter(({ inputs }) => inputs['toPort'] === 5433)
      .map(({ name }) => name.replace('evenkeel-prod-', ''));
    assert.deepEqual(out.sort(), ['migrate-database', 'ops-database', 'web-database', 'worker-database']);
  });

  test('leaves the laws as they are: what the posture says of the server is held, and it is watched through the bot', () => {
    const posture = resolve(OWN);
    const { laws, holds } = prove(posture);
    assert.ok(
      holds,
      laws
        .filter((law) => !law.holds)
        .map(({ name }) => name)
        .join(),
    );
    assert.ok(alarms(posture).some(({ id }) => id === 'database-oldest-transaction'));
    assert.ok(!prove(resolve(change(OWN, 'worker.pool', 40))).holds, 'connections are counted all the same');
  });

  test('in a network that is there already wants no subnets for it', async () => {
    const { vpc } = FOREIGN_NETWORK['network'] as { vpc: Record<string, unknown> };
    const { databaseSubnets: _, ...without } = vpc;
    const network = change(FOREIGN_NETWORK, 'network.vpc', without);
    assert.match(
      (await run({ posture: network })).error!.message,
      /network\.vpc\.databaseSubnets: is not set: name two/,
    );
    const own = await run({ posture: change(network, 'database.server', 'own'), config });
    assert.equal(own.error, undefined);
  });

  const VAULT = { vault: 'arn:aws:backup:eu-west-1:123456789012:backup-vault:bots' };
  const refused: [name: string, posture: object, config: Record<string, string>, line: RegExp][] = [
    [
      'no address',
      OWN,
      { ...CONFIG },
      /^evenkeel:databaseUrl is not set: pulumi config set --secret .*, or let the stack/,
    ],
    [
      'an address and a server of the stack',
      PROD,
      config,
      /^evenkeel:databaseUrl: leads to a server, and .* makes another/,
    ],
    [
      'a snapshot of RDS',
      OWN,
      { ...config, 'evenkeel:restoreSnapshot': 'snap' },
      /^evenkeel:restoreSnapshot: is for a server of this stack, .*config rm/,
    ],
    [
      'copies of backups',
      change(OWN, 'database.backupCopy', VAULT),
      config,
      /^evenkeel:posture: database\.backupCopy: /,
    ],
  ];
  for (const [name, posture, values, line] of refused)
    test(`with ${name} is refused in one line, and nothing is made`, async () => {
      const { error, resources } = await run({ posture, config: values });
      assert.deepEqual(resources, []);
      assert.match(error!.message, line);
      assert.equal(error!.message.split('\n').length, 1);
    });

  for (const address of [
    'postgres://admin:secret@pg.my.domain/bots',
    'postgres://admin:secret@pg.my.domain/bots?sslmode=require',
    'postgres://pg.my.domain/bots?sslmode=verify-full',
    'mysql://admin:secret@pg.my.domain/bots?sslmode=verify-full',
    'postgres://admin:secret#5@pg.my.domain/bots?sslmode=verify-full',
    'postgres://admin:secret?5@pg.my.domain/bots?sslmode=verify-full',
    'postgres://admin:secret%5@pg.my.domain/bots?sslmode=verify-full',
    'postgres://admin:secret@pg.my.domain:99999/bots?sslmode=verify-full',
  ])
    test(`an address such as ${address.replace('secret', '…')} is refused, and not shown`, async () => {
      const { error, resources } = await run({ posture: OWN, config: { ...CONFIG, 'evenkeel:databaseUrl': address } });
      assert.deepEqual(resources, []);
      assert.match(error!.message, /^evenkeel:databaseUrl is not accepted: wanted the address of PostgreSQL itself/);
      assert.ok(!error!.message.includes('admin:secret'));
    });
});
