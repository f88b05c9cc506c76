/** What a task is told of the posture: all that its code reads, and nothing beside. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OUTSIDE_OF_TASKS, taskPosture } from '../../../infra/aws/task-posture.ts';
import { resolve, spellOut } from '../../../posture/resolve.ts';
import { changed, CONFIG, ofType, run } from '../harness.ts';
import { change, FOREIGN_NETWORK, MAXIMAL, OPTIONS, PROD } from '../stacks.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Dotted paths of all values. */
function leaves(node: unknown, path = ''): string[] {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return [path];
  return Object.entries(node).flatMap(([key, child]) => leaves(child, path ? `${path}.${key}` : key));
}

test('is all of it but what is outside, whatever the posture', () => {
  for (const values of [PROD, MAXIMAL, OPTIONS, FOREIGN_NETWORK, {}]) {
    const whole = leaves(spellOut(resolve(values)));
    const isOutside = (leaf: string) => OUTSIDE_OF_TASKS.some((path) => leaf === path || leaf.startsWith(`${path}.`));
    assert.deepEqual(
      leaves(JSON.parse(taskPosture(resolve(values)))).sort(),
      whole.filter((leaf) => !isOutside(leaf)).sort(),
    );
  }
  const known = [MAXIMAL, OPTIONS, FOREIGN_NETWORK].flatMap((values) => leaves(spellOut(resolve(values))));
  for (const path of OUTSIDE_OF_TASKS)
    assert.ok(known.some((leaf) => leaf.startsWith(path)) || /Window|zoneIds/.test(path), path);
});

test('no code of a task, or of what it derives, reads what is outside: it would get the default in silence', () => {
  const files = globSync(['{app,contract,sentinel}/**/*.ts', 'posture/{limits,server-parameters}.ts'], { cwd: ROOT });
  assert.ok(files.length > 50);
  const names = OUTSIDE_OF_TASKS.map((path) => path.split('.').at(-1)!);
  const read = new RegExp(`\\.(${names.join('|')})\\b`);
  for (const file of files) {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
    const found = lines.filter((line) => read.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line));
    assert.deepEqual(found, [], file);
  }
});

test('an address, an alarm’s time or a window rolls no task and runs no migration', async () => {
  const before = await run({ posture: PROD });
  for (const [path, value] of [
    ['oncall.emails', ['another@my.domain']],
    ['oncall.https', ['https://events.pagerduty.com/integration/key/enqueue']],
    ['oncall.page.https', ['https://events.pagerduty.com/integration/key/enqueue']],
    ['oncall.ticket.emails', ['team@my.domain']],
    ['oncall.detectWithin.ticket', '20m'],
    ['database.backups', '21d'],
    ['scaling.queueAge', '11s'],
  ] as const) {
    const after = await run({ posture: change(PROD, path, value) });
    assert.equal(after.error, undefined, path);
    const moved = changed(before, after).filter((urn) =>
      /TaskDefinition|ecs\/service|Migrate|Guard|Function::/.test(urn),
    );
    assert.deepEqual(moved, [], path);
  }
});

test('pages and tickets go apart where they are asked to', async () => {
  const apart = { page: { emails: ['awake@my.domain'] }, ticket: { https: ['https://issues.my.domain/key'] } };
  const result = await run({ posture: change(PROD, 'oncall', { emails: ['both@my.domain'], ...apart }) });
  const told = ofType(result, 'aws:sns/topicSubscription:TopicSubscription').map(
    ({ name, inputs }) => `${/page|ticket/.exec(name)![0]} ${String(inputs['endpoint'])}`,
  );
  assert.deepEqual(told.sort(), [
    'page awake@my.domain',
    'page both@my.domain',
    'ticket both@my.domain',
    'ticket https://issues.my.domain/key',
  ]);
});

test('the address of an incident tool is a secret wherever it stands', async () => {
  const address = 'https://events.pagerduty.com/integration/key-of-the-tool/enqueue';
  const result = await run({ posture: change(PROD, 'oncall.https', [address]), config: CONFIG });
  const subscriptions = ofType(result, 'aws:sns/topicSubscription:TopicSubscription').filter(
    ({ inputs }) => inputs['protocol'] === 'https',
  );
  assert.equal(subscriptions.length, 2);
  for (const { secretPaths } of subscriptions) assert.deepEqual(secretPaths, ['endpoint']);
  for (const { urn, inputs, secretPaths } of result.resources) {
    assert.ok(!urn.includes('key-of-the-tool'));
    if (secretPaths.length === 0) assert.ok(!JSON.stringify(inputs).includes('key-of-the-tool'), urn);
  }
  assert.ok(!JSON.stringify(result.outputs).includes('key-of-the-tool'));
});
