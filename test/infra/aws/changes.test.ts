/** One number of the posture changed: exactly the resources that derive from it change. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { OUTSIDE_OF_TASKS } from '../../../infra/aws/task-posture.ts';
import { serialised } from '../dynamic.ts';
import { changed, CONFIG, ofType, only, type Run, run } from '../harness.ts';
import { change, PROD, WITH_DOMAIN } from '../stacks.ts';

/** `targetGroup -web` for `urn:…::aws:lb/targetGroup:TargetGroup::evenkeel-prod-web`. */
const short = (urn: string): string => {
  const [type = '', name = ''] = urn.split('::').slice(2);
  return `${type.split('$').at(-1)!.split(':').at(-1)!} ${name.replace('evenkeel-prod', '')}`.trim();
};

/** What tasks and sentinel read of the posture they are given: a change of it rolls out. */
const CARRIERS = [
  'TaskDefinition -migrate',
  'TaskDefinition -ops',
  'TaskDefinition -web',
  'TaskDefinition -worker',
  'Service -web',
  'Service -worker',
  'Guard -web-guard',
  'Guard -worker-guard',
  'Migrate -migrate',
  'Function -sentinel',
];

/** What changes beside the carriers. */
const CASES: [path: string, value: unknown, derived: string[]][] = [
  ['telegram.maxConnections', 41, ['Webhook -webhook', 'MetricAlarm -webhook-pending', 'Dashboard']],
  ['telegram.ackDeadline', '5500ms', ['Distribution', 'MetricAlarm -web-latency', 'Dashboard']],
  ['web.tasks.max', 3, ['Target -web-scaling', 'MetricAlarm -database-connections', 'Dashboard']],
  ['web.pool', 3, ['MetricAlarm -database-connections', 'Dashboard']],
  ['lanes.sweep', '5500ms', []],
  ['database.storage.max', '210GiB', ['Instance']],
  ['database.maxConnections', 195, ['ParameterGroup -18']],
  ['database.sharedBuffers', '20%', ['ParameterGroup -18']],
  ['ingress.deregistrationDelay', '16s', ['TargetGroup -web']],
  ['ingress.logRetention', '20d', ['BucketLifecycleConfiguration -access-logs']],
  ['scaling.requestsPerTarget', 2500, ['Policy -web-scaling-requests']],
  ['scaling.queueAge', '11s', ['MetricAlarm -worker-scaling-queue-age', 'MetricAlarm -worker-scaling-queue-idle']],
  [
    'oncall.logRetention',
    '60d',
    [
      'LogGroup -web',
      'LogGroup -worker',
      'LogGroup -migrate',
      'LogGroup -ops',
      'LogGroup -postgresql',
      'LogGroup -upgrade',
      'LogGroup -sentinel',
    ],
  ],
];

describe('a change of', () => {
  let shipped: Run;
  before(async () => {
    shipped = await run({ posture: PROD });
  });

  for (const [path, value, derived] of CASES)
    test(`${path} to ${String(value)}`, async () => {
      const after = await run({ posture: change(PROD, path, value) });
      assert.equal(after.error, undefined);
      const carriers = OUTSIDE_OF_TASKS.some((outside) => path.startsWith(outside)) ? [] : CARRIERS;
      assert.deepEqual(changed(shipped, after).map(short).sort(), [...carriers, ...derived].sort());
    });

  test('nothing changes nothing', async () => {
    assert.deepEqual(changed(shipped, await run({ posture: PROD })), []);
  });

  /** What the engine is told at the next `up`: whether the step runs again, by the provider's own word. */
  async function runsAgain(type: 'Migrate' | 'Guard', nameEnd: string, before: Run, after: Run): Promise<boolean> {
    const inputs = (result: Run) => only(result, `pulumi-nodejs:dynamic/evenkeel:${type}`, nameEnd).inputs;
    const olds = { ...inputs(before), running: inputs(before)['wanted'] };
    return (await (await serialised(type)).diff('id', olds, inputs(after))).changes!;
  }

  // What the queues are made from, and what the roles may hold.
  for (const [path, value] of [
    ['lanes.heartbeat', '11s'],
    ['jobs.chat.patience', '23h'],
    ['database.retention.jobs', '2h'],
    ['web.tasks.max', 3],
  ] as const)
    test(`${path} runs the migration again, which tells the queues and the roles`, async () => {
      const after = await run({ posture: change(PROD, path, value) });
      assert.equal(after.error, undefined);
      assert.equal(await runsAgain('Migrate', '-migrate', shipped, after), true);
    });

  test('nothing runs no step again', async () => {
    const after = await run({ posture: PROD });
    assert.equal(await runsAgain('Migrate', '-migrate', shipped, after), false);
    for (const role of ['web', 'worker'])
      assert.equal(await runsAgain('Guard', `-${role}-guard`, shipped, after), false);
  });

  test('the image runs the migration again, and rolls the services', async () => {
    const config = { ...CONFIG, 'evenkeel:imageDigest': `sha256:${'c'.repeat(64)}` };
    const after = await run({ posture: PROD, config });
    const expected = CARRIERS.filter((carrier) => carrier !== 'Function -sentinel');
    assert.deepEqual(changed(shipped, after).map(short).sort(), expected.sort());
    assert.equal(await runsAgain('Migrate', '-migrate', shipped, after), true);
    for (const role of ['web', 'worker'])
      assert.equal(await runsAgain('Guard', `-${role}-guard`, shipped, after), true);
  });

  test('a secret rolls out as a new version, by the tasks that use it', async () => {
    const config = { ...CONFIG, 'evenkeel:openrouterApiKey': 'sk-or-another-key' };
    const after = await run({ posture: PROD, config });
    assert.deepEqual(changed(shipped, after).map(short).sort(), [
      'Guard -worker-guard',
      'SecretVersion -worker',
      'Service -worker',
      'TaskDefinition -worker',
    ]);
  });

  test('the previous webhook secret reaches the web tasks alone, and Telegram is told nothing', async () => {
    const config = { ...CONFIG, 'evenkeel:webhookSecretPrevious': 'the-secret-of-before-0123456789' };
    const after = await run({ posture: PROD, config });
    assert.deepEqual(changed(shipped, after).map(short).sort(), [
      'Guard -web-guard',
      'SecretVersion -web',
      'Service -web',
      'TaskDefinition -web',
    ]);
    const definition = String(
      only(after, 'aws:ecs/taskDefinition:TaskDefinition', '-web').inputs['containerDefinitions'],
    );
    const [{ secrets }] = JSON.parse(definition) as [{ secrets: { name: string; valueFrom: string }[] }];
    const previous = secrets.find(({ name }) => name === 'WEBHOOK_SECRET_PREVIOUS')!;
    assert.match(previous.valueFrom, /evenkeel-prod-web:WEBHOOK_SECRET_PREVIOUS::/);
    assert.ok(!definition.includes('the-secret-of-before'));
  });

  const PAYERS = {
    'evenkeel:cryptoPayToken': '12345:AAtokenOfTheTests',
    'evenkeel:nowPaymentsApiKey': 'KEY-OF-THE-TESTS',
    'evenkeel:nowPaymentsIpnSecret': 'ipn-secret-of-the-tests',
  };

  test('the keys of those whom people pay by reach the roles that use them, by reference', async () => {
    const before = {
      'evenkeel:cryptoPayTokenPrevious': '12345:AAtokenOfBefore',
      'evenkeel:nowPaymentsIpnSecretPrevious': 'ipn-secret-of-before',
    };
    const after = await run({ posture: PROD, config: { ...CONFIG, ...PAYERS, ...before } });
    const tasks = ofType(after, 'aws:ecs/taskDefinition:TaskDefinition');
    const given = Object.fromEntries(
      tasks.map(({ name, inputs }) => {
        const definition = String(inputs['containerDefinitions']);
        for (const key of Object.values({ ...PAYERS, ...before })) assert.ok(!definition.includes(key), name);
        const [{ secrets }] = JSON.parse(definition) as [{ secrets: { name: string; valueFrom: string }[] }];
        const paid = secrets.filter((secret) => /^(CRYPTO_PAY|NOWPAYMENTS)_/.test(secret.name));
        for (const secret of paid) assert.ok(secret.valueFrom.includes(`:${secret.name}::`));
        return [name.replace('evenkeel-prod-', ''), paid.map((secret) => secret.name).sort()];
      }),
    );
    assert.deepEqual(given, {
      web: [
        'CRYPTO_PAY_TOKEN',
        'CRYPTO_PAY_TOKEN_PREVIOUS',
        'NOWPAYMENTS_IPN_SECRET',
        'NOWPAYMENTS_IPN_SECRET_PREVIOUS',
      ],
      worker: ['CRYPTO_PAY_TOKEN', 'NOWPAYMENTS_API_KEY'],
      migrate: [],
      ops: [],
    });
    const secrets = ofType(after, 'aws:secretsmanager/secret:Secret').length;
    assert.equal(secrets, ofType(shipped, 'aws:secretsmanager/secret:Secret').length, 'no secret more to pay');
  });

  test('a feature that is switched off leaves its keys with the tasks: payments may be under way', async () => {
    const config = { ...CONFIG, ...PAYERS };
    const on = await run({ posture: change(PROD, 'features.cryptoPay', true), config });
    const off = await run({ posture: PROD, config });
    assert.deepEqual([on.error, off.error], [undefined, undefined]);
    assert.deepEqual(
      changed(on, off)
        .map(short)
        .filter((resource) => resource.startsWith('Secret')),
      [],
    );
  });

  test('the origin of a database gives its last snapshot another name, and nothing else', async () => {
    const config = { ...CONFIG, 'evenkeel:restoreSnapshot': 'evenkeel-restore' };
    const after = await run({ posture: PROD, config });
    const snapshot = only(after, 'random:index/randomId:RandomId', '-final-snapshot');
    assert.deepEqual(snapshot.inputs['keepers'], {
      subnets: 'SubnetGroup/evenkeel-prod',
      origin: 'evenkeel-restore',
    });
    assert.deepEqual(changed(shipped, after).map(short).sort(), ['Instance', 'RandomId -final-snapshot']);
  });

  test('the domain changes the way in, not what stands behind it', async () => {
    const after = await run({ posture: WITH_DOMAIN });
    const touched = changed(shipped, after).map(short);
    assert.ok(touched.includes('Webhook -webhook'));
    for (const kept of ['Instance', 'ParameterGroup -18', 'Vpc', 'Repository', 'Cluster'])
      assert.ok(!touched.includes(kept), kept);
    // What cannot be changed where it stands gets another name, so that the new can be made before the old goes.
    for (const [type, end] of [
      ['aws:lb/loadBalancer:LoadBalancer', ''],
      ['aws:lb/targetGroup:TargetGroup', '-web'],
    ] as const) {
      const [inside, outside] = [shipped, after].map((result) => only(result, type, end).inputs['name']);
      assert.equal(inside, `evenkeel-prod${end}-in`);
      assert.equal(outside, `evenkeel-prod${end}-out`);
    }
  });
});
