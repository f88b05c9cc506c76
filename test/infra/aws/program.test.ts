/** The whole program, for each kind of stack: what it declares is what the posture says. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { taskPosture } from '../../../infra/aws/task-posture.ts';
import { menus } from '../../../posture/commands.ts';
import { heapLimit } from '../../../posture/limits.ts';
import { serverParameters } from '../../../posture/server-parameters.ts';
import { resolve } from '../../../posture/resolve.ts';
import { CONFIG, ofType, only, run, type Declared, type Run } from '../harness.ts';
import { MAXIMAL, MINIMAL, OPTIONS, PROD, WITH_DOMAIN } from '../stacks.ts';

interface Container {
  name: string;
  image: string;
  command: string[];
  environment: { name: string; value: string }[];
  secrets: { name: string; valueFrom: string }[];
  [key: string]: unknown;
}

const container = (task: Declared): Container =>
  (JSON.parse(String(task.inputs['containerDefinitions'])) as Container[])[0]!;
const TASK = 'aws:ecs/taskDefinition:TaskDefinition';
const SERVICE = 'aws:ecs/service:Service';
const STACKS = { prod: PROD, 'with a domain': WITH_DOMAIN, minimal: MINIMAL, maximal: MAXIMAL, options: OPTIONS };

for (const [stack, values] of Object.entries(STACKS))
  describe(`stack ${stack}`, () => {
    const posture = resolve(values);
    let result: Run;
    before(async () => {
      result = await run({ posture: values });
    });

    test('is declared without an error', () => {
      assert.equal(result.error, undefined);
      assert.ok(result.resources.length > 100);
    });

    test('every resource of AWS is made by the provider that tags', () => {
      const provider = only(result, 'pulumi:providers:aws');
      assert.match(String(provider.inputs['defaultTags']), /"managed-by":"pulumi"/);
      assert.match(String(provider.inputs['defaultTags']), /"stack":"prod"/);
      const strays = result.resources.filter(
        ({ type, provider: made }) => type.startsWith('aws:') && !made.startsWith(provider.urn),
      );
      assert.deepEqual(strays, []);
    });

    test('every name stays within the limit of its service', () => {
      const limits: Record<string, number> = {
        'aws:lb/loadBalancer:LoadBalancer': 32,
        'aws:lb/targetGroup:TargetGroup': 32,
        'aws:rds/instance:Instance': 63,
        'aws:ecs/cluster:Cluster': 255,
        'aws:iam/role:Role': 64 - 8,
        'aws:s3/bucket:Bucket': 63 - 8,
        'aws:cloudfront/function:Function': 64 - 8,
      };
      const tooLong = result.resources.filter(({ type, name }) => name.length > (limits[type] ?? 255));
      assert.deepEqual(tooLong, []);
    });

    test('two resources never have one URN', () => {
      assert.equal(new Set(result.resources.map(({ urn }) => urn)).size, result.resources.length);
    });

    test('the containers are given their part of the posture that was proven, and are told so', () => {
      for (const task of ofType(result, TASK)) {
        const { environment } = container(task);
        const given = environment.find(({ name }) => name === 'POSTURE')!.value;
        assert.equal(given, taskPosture(posture));
        assert.ok(environment.some(({ name, value }) => name === 'POSTURE_PROVEN' && value === 'true'));
      }
    });

    test('no secret is in a task definition, a state or an output in plain', () => {
      const secrets = ofType(result, 'aws:secretsmanager/secretVersion:SecretVersion').flatMap(({ inputs }) =>
        Object.values(JSON.parse(String(inputs['secretString'])) as Record<string, string>),
      );
      secrets.push(CONFIG['evenkeel:botToken']!, CONFIG['evenkeel:openrouterApiKey']!);
      const holders = result.resources.filter(({ inputs, secretPaths }) =>
        Object.entries(inputs).some(
          ([key, value]) =>
            !secretPaths.some((path) => path === key || path.startsWith(`${key}.`)) &&
            secrets.some((secret) => JSON.stringify(value ?? null).includes(secret)),
        ),
      );
      assert.deepEqual(
        holders.map(({ urn }) => urn),
        [],
      );
      assert.deepEqual(result.secretOutputs, ['operatorToken']);
    });

    test('each task may read its own secrets, and no other', () => {
      for (const role of ['web', 'worker', 'migrate']) {
        const { secrets } = container(only(result, TASK, `-${role}`));
        // arn:key::version
        const wanted = [...new Set(secrets.map(({ name, valueFrom }) => valueFrom.split(`:${name}::`)[0]))];
        assert.equal(wanted.length, 1, 'a secret costs by its number, not by what is in it');
        const policy = only(result, 'aws:iam/rolePolicy:RolePolicy', `-${role}-execution`);
        const { Statement } = JSON.parse(String(policy.inputs['policy'])) as {
          Statement: { Sid: string; Resource: unknown }[];
        };
        assert.deepEqual(Statement.find(({ Sid }) => Sid === 'ReadSecrets')!.Resource, wanted);
      }
    });

    test('the database has the parameters of the posture, and survives what it declares', () => {
      const group = only(result, 'aws:rds/parameterGroup:ParameterGroup');
      const parameters = group.inputs['parameters'] as { name: string; value: string; applyMethod: string }[];
      const own = serverParameters(posture).filter(({ name }) => name !== 'superuser_reserved_connections');
      const switches: Record<string, string> = { on: '1', off: '0' };
      for (const { name, value } of own) {
        const sent = parameters.find((parameter) => parameter.name === name)!.value;
        assert.ok([value, switches[value]].includes(sent), `${name}: ${sent} for ${value}`);
      }
      // RDS refuses a whole group for one parameter that cannot be changed.
      assert.ok(!parameters.some(({ name }) => name === 'superuser_reserved_connections'));
      assert.deepEqual(
        parameters.find(({ name }) => name === 'shared_buffers'),
        { name: 'shared_buffers', value: '{DBInstanceClassMemory/32768}', applyMethod: 'pending-reboot' },
      );
      assert.ok(parameters.some(({ name, value }) => name === 'rds.force_ssl' && value === '1'));

      const { inputs, protect, ignoreChanges } = only(result, 'aws:rds/instance:Instance');
      assert.equal(inputs['publiclyAccessible'], false);
      assert.equal(inputs['storageEncrypted'], true);
      assert.equal(inputs['multiAz'], posture.database.multiAz);
      assert.equal(inputs['backupRetentionPeriod'], posture.database.backups / 86_400_000);
      assert.equal(inputs['allocatedStorage'], posture.database.storage.size / 2 ** 30);
      assert.equal(inputs['maxAllocatedStorage'], posture.database.storage.max / 2 ** 30);
      assert.equal(inputs['deletionProtection'], posture.database.deletionProtection);
      assert.equal(inputs['skipFinalSnapshot'], !posture.database.finalSnapshot);
      assert.equal(protect, posture.database.deletionProtection);
      assert.ok(ignoreChanges.includes('snapshotIdentifier'));
      const logs = ofType(result, 'aws:cloudwatch/logGroup:LogGroup').map(({ inputs }) => inputs['name']);
      for (const log of inputs['enabledCloudwatchLogsExports'] as string[])
        assert.ok(logs.includes(`/aws/rds/instance/evenkeel-prod/${log}`), log);
    });

    test('each role logs in as itself, with the name of the server verified', () => {
      for (const role of ['web', 'worker', 'owner']) {
        const version = only(
          result,
          'aws:secretsmanager/secretVersion:SecretVersion',
          role === 'owner' ? '-migrate' : `-${role}`,
        );
        const { DATABASE_URL } = JSON.parse(String(version.inputs['secretString'])) as { DATABASE_URL: string };
        const url = new URL(DATABASE_URL);
        assert.equal(url.username, role === 'owner' ? 'evenkeel' : role);
        assert.equal(url.searchParams.get('sslmode'), 'verify-full');
        assert.equal(url.searchParams.get('sslrootcert'), '/etc/ssl/rds/global-bundle.pem');
        assert.ok(version.secretPaths.includes('secretString'));
      }
    });

    for (const role of ['web', 'worker'] as const) {
      test(`${role}: the task is as large, as patient and as closed as declared`, () => {
        const task = only(result, TASK, `-${role}`);
        const it = container(task);
        assert.equal(task.inputs['cpu'], String(posture[role].cpu));
        assert.equal(task.inputs['memory'], String(posture[role].memory / 2 ** 20));
        assert.deepEqual(it.command, [role]);
        assert.match(it.image, /@sha256:[0-9a-f]{64}$/);
        assert.equal(it['stopTimeout'], posture[role].stopTimeout / 1000);
        assert.equal(it['readonlyRootFilesystem'], true);
        assert.deepEqual(it['linuxParameters'], { capabilities: { drop: ['ALL'] }, initProcessEnabled: true });
        const { nofile } = posture[role];
        assert.deepEqual(it['ulimits'], [{ name: 'nofile', softLimit: nofile, hardLimit: nofile }]);
        const heap = it.environment.find(({ name }) => name === 'NODE_OPTIONS')!.value;
        assert.equal(heap, `--max-old-space-size=${heapLimit(posture, role) / 2 ** 20}`);
        const { command } = it['healthCheck'] as { command: string[] };
        assert.match(command.join(' '), /127\.0\.0\.1:8080\/live'/);
      });

      test(`${role}: the service rolls as declared, and leaves the count to autoscaling`, () => {
        const { inputs, ignoreChanges, dependsOn } = only(result, SERVICE, `-${role}`);
        assert.equal(inputs['desiredCount'], posture[role].tasks.min);
        assert.deepEqual(ignoreChanges, ['desiredCount']);
        assert.equal(inputs['deploymentMaximumPercent'], posture.rollout.surge * 100);
        assert.equal(inputs['deploymentMinimumHealthyPercent'], posture.rollout.minimumHealthy * 100);
        assert.deepEqual(inputs['deploymentCircuitBreaker'], { enable: true, rollback: true });
        assert.ok(dependsOn.length > 0);
        const target = only(result, 'aws:appautoscaling/target:Target', `-${role}-scaling`);
        assert.equal(target.inputs['resourceId'], `service/evenkeel-prod/${role}`);
        assert.equal(target.inputs['minCapacity'], posture[role].tasks.min);
        assert.equal(target.inputs['maxCapacity'], posture[role].tasks.max);
      });
    }

    test('services follow the migration, guards the services, and the webhook the guards', () => {
      const migration = only(result, 'pulumi-nodejs:dynamic/evenkeel:Migrate').urn;
      const guards = ofType(result, 'pulumi-nodejs:dynamic/evenkeel:Guard');
      for (const service of ofType(result, SERVICE)) {
        assert.ok(service.dependsOn.includes(migration));
        assert.ok(guards.some(({ dependsOn }) => dependsOn.includes(service.urn)));
      }
      const webhook = only(result, 'pulumi-nodejs:dynamic/evenkeel:Webhook');
      for (const { urn } of guards) assert.ok(webhook.dependsOn.includes(urn));
    });

    test('a deploy is taken back by alarms that exist before it', () => {
      const alarms = ofType(result, 'aws:cloudwatch/metricAlarm:MetricAlarm');
      for (const service of ofType(result, SERVICE)) {
        const { alarmNames, rollback } = service.inputs['alarms'] as { alarmNames: string[]; rollback: boolean };
        assert.equal(rollback, true);
        assert.ok(alarmNames.length > 0);
        for (const name of alarmNames) {
          const alarm = alarms.find(({ inputs }) => inputs['name'] === name);
          assert.ok(alarm, `${name} is declared`);
          assert.ok(service.dependsOn.includes(alarm.urn), `${name} exists first`);
          // Nothing but silence comes before the first task.
          assert.equal(alarm.inputs['treatMissingData'], 'notBreaching', name);
        }
      }
    });

    test("the webhook is the posture's, and its secrets stay secret", () => {
      const { inputs, secretPaths, additionalSecretOutputs } = only(result, 'pulumi-nodejs:dynamic/evenkeel:Webhook');
      assert.equal(inputs['maxConnections'], posture.telegram.maxConnections);
      assert.deepEqual(inputs['allowedUpdates'], posture.telegram.allowedUpdates);
      assert.equal(inputs['url'], result.outputs['webhookUrl']);
      assert.deepEqual(secretPaths.sort(), ['secret', 'token']);
      assert.deepEqual(additionalSecretOutputs, ['token', 'secret']);
    });

    test('the menu of commands is set when those run who answer it, and the token stays secret', () => {
      const menu = only(result, 'pulumi-nodejs:dynamic/evenkeel:Commands');
      assert.deepEqual(menu.inputs['menus'], menus(posture));
      assert.deepEqual(menu.secretPaths, ['token']);
      assert.deepEqual(menu.additionalSecretOutputs, ['token']);
      for (const { urn } of ofType(result, 'pulumi-nodejs:dynamic/evenkeel:Guard'))
        assert.ok(menu.dependsOn.includes(urn));
    });

    test('the sentinel expects a webhook when it is set, and not before', () => {
      const sentinel = only(result, 'aws:lambda/function:Function', '-sentinel');
      assert.ok(sentinel.dependsOn.includes(only(result, 'pulumi-nodejs:dynamic/evenkeel:Webhook').urn));
    });

    test('what AWS would let two stacks share is made after the claim of its name', () => {
      const claim = only(result, 'aws:ssm/parameter:Parameter');
      assert.deepEqual([claim.inputs['name'], claim.inputs['overwrite']], ['/evenkeel/evenkeel-prod', false]);
      const shared = /^aws:(ecs\/cluster|sns\/topic|cloudwatch\/(metricAlarm|compositeAlarm|dashboard|eventRule)):/;
      const scaling = /-scaling-/;
      for (const { type, name, dependsOn } of result.resources)
        if (shared.test(type) && !scaling.test(name)) assert.ok(dependsOn.includes(claim.urn), name);
    });

    test('a major upgrade of the database is refused by RDS until it is confirmed', () => {
      assert.equal(only(result, 'aws:rds/instance:Instance').inputs['allowMajorVersionUpgrade'], false);
    });

    test('RDS is asked for its events when it has the database', () => {
      const { dependsOn } = only(result, 'aws:rds/eventSubscription:EventSubscription');
      assert.ok(dependsOn.includes(only(result, 'aws:rds/instance:Instance').urn));
    });

    test('no rule of the repository deletes an image: what runs, and what may run again, is not known there', () => {
      assert.deepEqual(ofType(result, 'aws:ecr/lifecyclePolicy:LifecyclePolicy'), []);
    });

    test('parameters are sent as RDS says them back, or every plan would show a change', () => {
      const { parameters } = only(result, 'aws:rds/parameterGroup:ParameterGroup').inputs as {
        parameters: { name: string; value: string; applyMethod: string }[];
      };
      const of = (name: string) => parameters.find((parameter) => parameter.name === name)!;
      for (const name of ['jit', 'log_lock_waits', 'track_io_timing']) assert.match(of(name).value, /^[01]$/, name);
      assert.equal(of('synchronous_commit').value, 'on');
      for (const name of ['rds.force_ssl', 'timezone', 'synchronous_commit', 'autovacuum_naptime'])
        assert.equal(of(name).applyMethod, 'pending-reboot', name);
      assert.equal(of('log_parameter_max_length').value, '0', 'what people write is not logged');
    });

    test('a destroy comes first to what is protected in production, before anything that serves', () => {
      const keeper = only(result, 'random:index/randomId:RandomId', '-keeper');
      assert.equal(keeper.protect, posture.stage === 'production');
      const needed = new Set(keeper.dependsOn);
      const leaves = result.resources.filter(
        ({ custom, urn, type }) =>
          custom &&
          urn !== keeper.urn &&
          !type.startsWith('pulumi:providers:') &&
          !needed.has(urn) &&
          !result.resources.some(({ dependsOn }) => dependsOn.includes(urn)),
      );
      assert.deepEqual(
        leaves.map(({ urn }) => urn),
        [],
      );
    });

    test('workers are added by the age of what waits and taken away by it, and CPU takes none away', () => {
      const cpu = only(result, 'aws:appautoscaling/policy:Policy', '-worker-scaling-cpu').inputs;
      assert.deepEqual(
        (cpu['targetTrackingScalingPolicyConfiguration'] as { disableScaleIn?: boolean }).disableScaleIn,
        true,
      );
      const steps = ['-queue-age', '-queue-idle'].map((end) => {
        const { inputs } = only(result, 'aws:appautoscaling/policy:Policy', end);
        const { stepAdjustments } = inputs['stepScalingPolicyConfiguration'] as { stepAdjustments: object[] };
        return stepAdjustments;
      });
      assert.deepEqual(steps, [
        [{ metricIntervalLowerBound: '0', scalingAdjustment: 1 }],
        [{ metricIntervalUpperBound: '0', scalingAdjustment: -1 }],
      ]);
      const [more, less] = ['-queue-age', '-queue-idle'].map(
        (end) => only(result, 'aws:cloudwatch/metricAlarm:MetricAlarm', end).inputs,
      );
      assert.ok(Number(less!['threshold']) < Number(more!['threshold']), 'between the two nothing happens');
    });

    test('every log has an end', () => {
      for (const { inputs } of ofType(result, 'aws:cloudwatch/logGroup:LogGroup'))
        assert.ok(Number(inputs['retentionInDays']) * 86_400_000 >= posture.oncall.logRetention);
    });

    test('every bucket is closed, encrypted and emptied in time', () => {
      const buckets = ofType(result, 'aws:s3/bucket:Bucket');
      for (const part of [
        'bucketPublicAccessBlock:BucketPublicAccessBlock',
        'bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
        'bucketLifecycleConfiguration:BucketLifecycleConfiguration',
        'bucketPolicy:BucketPolicy',
      ])
        assert.equal(ofType(result, `aws:s3/${part}`).length, buckets.length, part);
      assert.deepEqual(
        buckets.map(({ name }) => name),
        ['evenkeel-prod-access-logs', ...(posture.network.flowLogs === undefined ? [] : ['evenkeel-prod-flow-logs'])],
        'none that nothing uses',
      );
    });
  });

test('a permissions boundary is on every role', async () => {
  const boundary = 'arn:aws:iam::123456789012:policy/boundary';
  const result = await run({ posture: MAXIMAL, config: { ...CONFIG, 'evenkeel:permissionsBoundary': boundary } });
  const roles = ofType(result, 'aws:iam/role:Role');
  assert.ok(roles.length >= 8, `only ${roles.length}`);
  for (const { inputs, name } of roles) assert.equal(inputs['permissionsBoundary'], boundary, name);
  for (const { inputs } of ofType(await run({ posture: MAXIMAL }), 'aws:iam/role:Role'))
    assert.equal(inputs['permissionsBoundary'], undefined);
});

test('a major upgrade is confirmed for one version', async () => {
  for (const [confirmed, allowed] of [
    ['18', true],
    ['17', false],
  ] as const) {
    const result = await run({ posture: PROD, config: { ...CONFIG, 'evenkeel:majorUpgrade': confirmed } });
    assert.equal(only(result, 'aws:rds/instance:Instance').inputs['allowMajorVersionUpgrade'], allowed);
  }
});
