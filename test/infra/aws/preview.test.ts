/** `pulumi preview` of a new stack: nothing that a provider computes is known, and yet all is declared. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { only, run, UNKNOWN } from '../harness.ts';
import { MAXIMAL, MINIMAL, PROD, WITH_DOMAIN } from '../stacks.ts';

for (const [name, posture] of Object.entries({ prod: PROD, 'with a domain': WITH_DOMAIN, MINIMAL, MAXIMAL }))
  test(`${name}: a preview declares exactly what up will`, async () => {
    const up = await run({ posture });
    const preview = await run({ posture, preview: true });
    assert.equal(preview.error, undefined);
    assert.deepEqual(preview.resources.map(({ urn }) => urn).sort(), up.resources.map(({ urn }) => urn).sort());
    assert.deepEqual(Object.keys(preview.outputs).sort(), Object.keys(up.outputs).sort());
  });

test('what only the cloud knows is unknown, what the posture says is not', async () => {
  const preview = await run({ posture: PROD, preview: true });
  assert.equal(only(preview, 'aws:ecs/taskDefinition:TaskDefinition', '-web').inputs['containerDefinitions'], UNKNOWN);
  assert.equal(only(preview, 'aws:ecs/taskDefinition:TaskDefinition', '-web').inputs['cpu'], '256');
  assert.equal(only(preview, 'pulumi-nodejs:dynamic/evenkeel:Webhook').inputs['maxConnections'], 40);
  assert.equal(preview.outputs['clusterName'], 'evenkeel-prod');
  assert.ok((preview.outputs['proof'] as string[]).some((line) => line.startsWith('connections.fit: ')));
});
