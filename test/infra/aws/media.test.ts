/** Media tasks in the cloud: all of them while a feature that is on wants them, and nothing while none does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ofType, run, type Run } from '../harness.ts';
import { change, PROD } from '../stacks.ts';

// Heard by the processes that the programs run in.
process.env['NODE_OPTIONS'] = `--import ${new URL('../../harness/remind-by-media.ts', import.meta.url).href}`;

/** A statement of a policy. */
interface Granted {
  Action: string[];
  Resource: string;
}

const withRemind = (on: boolean) => change(change(PROD, 'web.pool', 3), 'features.remind', on);
const named = (result: Run) => result.resources.filter(({ name }) => /\bmedia\b/.test(name));
const one = (result: Run, type: string, name: RegExp) => {
  const found = ofType(result, type).filter((resource) => name.test(resource.name));
  assert.equal(found.length, 1, `${type} ${String(name)}`);
  return found[0]!;
};

test('where nothing wants them there is none, and nothing of theirs', async () => {
  const result = await run({ posture: withRemind(false) });
  assert.equal(result.error, undefined);
  assert.deepEqual(
    named(result).map(({ urn }) => urn),
    [],
  );
});

test('where something does they have a service, a disk, a login, a way out and somebody who watches', async () => {
  const result = await run({ posture: withRemind(true) });
  assert.equal(result.error, undefined);
  const definition = one(result, 'aws:ecs/taskDefinition:TaskDefinition', /media/).inputs;
  // With yt-dlp in it; every other task runs without.
  // Files that are too large for a chat, which go by themselves.
  one(result, 'aws:s3/bucket:Bucket', /-files$/);
  const lifecycle = one(result, 'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration', /-files$/).inputs;
  assert.deepEqual(
    (lifecycle['rules'] as { expiration: object }[]).map(({ expiration }) => expiration),
    [{ days: 4 }],
  );
  const rights = (role: string) =>
    ofType(result, 'aws:iam/rolePolicy:RolePolicy')
      .filter(({ name }) => name.endsWith(`-${role}-task`))
      .flatMap(({ inputs }) => (JSON.parse(String(inputs['policy'])) as { Statement: Granted[] }).Statement)
      .map(({ Action, Resource }) => [Action, /-files[^/]*\/\*$/.test(Resource)]);
  assert.deepEqual(rights('web'), [[['s3:GetObject'], true]]);
  assert.deepEqual(rights('media'), [[['s3:PutObject', 's3:AbortMultipartUpload'], true]]);
  assert.deepEqual(rights('worker'), []);
  const image = one(result, 'docker:index/image:Image', /media/).inputs;
  assert.match(String(image['imageName']), /:src-[0-9a-f]{20}-media$/);
  assert.equal((image['build'] as { target?: string }).target, 'media');
  for (const { name, inputs } of ofType(result, 'aws:ecs/taskDefinition:TaskDefinition'))
    assert.equal(
      String(inputs['containerDefinitions']).includes(`@sha256:${'d'.repeat(64)}`),
      name.includes('media'),
      name,
    );
  assert.deepEqual(definition['ephemeralStorage'], { sizeInGib: 30 });
  const service = one(result, 'aws:ecs/service:Service', /media/);
  assert.deepEqual(
    [service.inputs['name'], service.inputs['desiredCount'], service.inputs['loadBalancers']],
    ['media', 1, undefined],
  );
  assert.equal(
    one(result, 'aws:appautoscaling/target:Target', /media/).inputs['resourceId'],
    'service/evenkeel-prod/media',
  );
  const ports = ofType(result, 'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule')
    .filter(({ name }) => name.includes('-media-'))
    .map(({ inputs }) => inputs['fromPort']);
  assert.deepEqual(ports.toSorted(), [443, 5432, 80]);
  const alarms = ofType(result, 'aws:cloudwatch/metricAlarm:MetricAlarm')
    .map(({ name }) => /media-(?!scaling)[a-z-]+$/.exec(name)?.[0])
    .filter((name) => name !== undefined);
  assert.deepEqual(alarms.toSorted(), ['media-cpu', 'media-disk', 'media-memory', 'media-open-files', 'media-tasks']);
  assert.equal(named(result).filter(({ type }) => type === 'pulumi-nodejs:dynamic/evenkeel:Guard').length, 1);
});
