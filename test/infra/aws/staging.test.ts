/** The shipped staging stack: production in small, and gone when it is told to go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarms } from '../../../posture/alarms/index.ts';
import { prove } from '../../../posture/laws/index.ts';
import { estimate } from '../../../scripts/cost/estimate.ts';
import { compare } from '../../../scripts/posture/report.ts';
import { loadStack } from '../../../scripts/stack-file.ts';
import { ofType, only, run } from '../harness.ts';
import { stackPosture } from '../stacks.ts';

const SHIPPED = 'test/fixtures';

test('it obeys the laws, under the same timeouts and with the same alarms', async () => {
  const [staging, prod] = [await loadStack('staging', SHIPPED), await loadStack('prod', SHIPPED)];
  assert.ok(prove(staging.posture).holds);
  assert.deepEqual(
    alarms(staging.posture).map(({ id }) => id),
    alarms(prod.posture).map(({ id }) => id),
  );
  const sizes = /^(stage|web\.tasks|worker\.|jobs\.chat\.lanes|network\.cidr|database\.|oncall\.|people\.)/;
  const others = compare(staging, prod).posture.filter(({ path }) => !sizes.test(path) || path.includes('timeout'));
  assert.deepEqual(others, [], 'what differs is how large it is, what it keeps, and who answers for it');
});

test('nothing of it is protected, and it leaves no snapshot', async () => {
  const staging = await run({ posture: stackPosture('staging'), stack: 'staging' });
  assert.equal(staging.error, undefined);
  assert.deepEqual(
    staging.resources.filter(({ protect }) => protect).map(({ name }) => name),
    [],
  );
  const database = only(staging, 'aws:rds/instance:Instance').inputs;
  assert.deepEqual([database['deletionProtection'], database['skipFinalSnapshot']], [false, true]);
  for (const { inputs } of ofType(staging, 'aws:lb/loadBalancer:LoadBalancer'))
    assert.notEqual(inputs['enableDeletionProtection'], true);
});

test('it costs clearly less than production', async () => {
  const [staging, prod] = [await loadStack('staging', SHIPPED), await loadStack('prod', SHIPPED)];
  assert.ok((await estimate(staging)).total < 0.65 * (await estimate(prod)).total);
});
