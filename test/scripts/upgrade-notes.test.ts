/** `npm run upgrade-notes`, and the changelog that has to name what it finds. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { stackSchema, stackSchemaText } from '../../posture/stack-schema.ts';
import { keyChanges } from '../../scripts/upgrade/keys.ts';
import { RELEASE_BEFORE } from '../../scripts/upgrade/release-before.ts';
import { resourceChanges } from '../../scripts/upgrade/resources.ts';

const ROOT = join(import.meta.dirname, '../..');
const git = (...args: string[]) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 24 });
const skip =
  git('cat-file', '-e', `${RELEASE_BEFORE}^{commit}`).status === 0
    ? false
    : `the history here does not reach back to ${RELEASE_BEFORE.slice(0, 7)}`;

interface Node {
  properties: Record<string, Node>;
  default?: unknown;
}

test('keys that are gone, new, or moved are told apart', () => {
  const schema = structuredClone(stackSchema()) as Node;
  const { worker } = schema.properties['config']!.properties['evenkeel:posture']!.properties as { worker: Node };
  const { pool, ...others } = worker.properties;
  worker.properties = { ...others, listeners: { properties: undefined as never, default: 1 } };
  worker.properties['cpu']!.default = 1024;
  const { gone, fresh, moved } = keyChanges(JSON.stringify(schema), stackSchemaText());
  assert.deepEqual(gone, ['worker.listeners']);
  assert.deepEqual(fresh, [{ path: 'worker.pool', value: String(pool!.default) }]);
  assert.deepEqual(moved, [{ path: 'worker.cpu', from: '1024', to: '512' }]);
});

test('a resource whose address, or whose data, would be another one is said to be made anew', () => {
  const vpc = (cidrBlock: string) => ({ type: 'aws:ec2/vpc:Vpc', name: 'main', inputs: { cidrBlock } });
  const topic = (name: string) => ({ type: 'aws:sns/topic:Topic', name, inputs: {} });
  assert.deepEqual(resourceChanges([vpc('10.0.0.0/16'), topic('a')], [vpc('10.1.0.0/16'), topic('b')]), {
    made: ['Topic b'],
    gone: ['Topic a'],
    replaced: ['Vpc main (cidrBlock)'],
  });
});

describe('since the release before', { skip }, () => {
  test('the changelog names every key that changed', () => {
    const { gone, fresh, moved } = keyChanges(
      git('show', `${RELEASE_BEFORE}:posture.schema.json`).stdout,
      stackSchemaText(),
    );
    const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
    const paths = [...gone, ...fresh.map(({ path }) => path), ...moved.map(({ path }) => path)];
    assert.deepEqual(
      paths.filter((path) => !changelog.includes(`\`${path}\``)),
      [],
      'run: npm run -s upgrade-notes -- --write CHANGELOG.md',
    );
  });

  test('the command says keys, migrations and resources, and no database is made anew', async () => {
    const { out, code } = await new Promise<{ out: string; code: number }>((done) => {
      const flags = ['--disable-warning=ExperimentalWarning', join(ROOT, 'scripts/upgrade-notes.ts')];
      execFile(process.execPath, flags, { cwd: ROOT, maxBuffer: 2 ** 24 }, (error, stdout) =>
        done({ out: stdout, code: error ? Number(error.code) : 0 }),
      );
    });
    assert.equal(code, 0);
    for (const title of ['Keys of the posture', 'Migrations', 'Packages that ask for care', 'Resources of `prod`'])
      assert.ok(out.includes(`### ${title}`), title);
    assert.match(out, /- `0002_lanes\.sql`/);
    assert.doesNotMatch(out, /made anew\*\*: (Instance|LoadBalancer|Vpc|Subnet|Cluster|TargetGroup) /);
  });
});
