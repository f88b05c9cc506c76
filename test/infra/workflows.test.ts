/** The shipped workflows: what deploys was tested, and runs nothing that somebody else can exchange. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Job {
  needs?: string;
  uses?: string;
  permissions?: Record<string, string>;
  'timeout-minutes'?: number;
  steps?: Step[];
}
interface Workflow {
  on: Record<string, { inputs?: Record<string, unknown> } | null>;
  permissions: Record<string, string>;
  jobs: Record<string, Job>;
}

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string) => parse(readFileSync(join(ROOT, file), 'utf8')) as Workflow;
const files = globSync('.github/workflows/*.yml', { cwd: ROOT });
const deploy = read('.github/workflows/deploy.yml');

test('every action is named by its commit, with the version for people', () => {
  for (const file of files)
    for (const [line] of readFileSync(join(ROOT, file), 'utf8').matchAll(/^ *(- )?uses: (?!\.\/).*$/gm))
      assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, file);
});

test('an update waits for the tests, and can be told to refresh first', () => {
  assert.equal(deploy.jobs['up']!.needs, 'test');
  assert.equal(deploy.jobs['test']!.uses, './.github/workflows/ci.yml');
  assert.ok('workflow_call' in read('.github/workflows/ci.yml').on);
  assert.ok(deploy.on['workflow_dispatch']!.inputs!['refresh']);
  assert.ok('schedule' in deploy.on, 'drift is looked for');
});

test('the identity of the cloud is for the jobs that need it, and the repository stays read-only', () => {
  for (const file of files) assert.deepEqual(read(file).permissions, { contents: 'read' }, file);
  for (const [name, { permissions, steps = [] }] of Object.entries(deploy.jobs)) {
    const asks = steps.some(({ uses }) => uses?.startsWith('aws-actions/'));
    assert.equal(permissions?.['id-token'] === 'write', asks, name);
    for (const { uses, with: args } of steps)
      if (uses?.startsWith('actions/checkout@')) assert.equal(args?.['persist-credentials'], false, name);
  }
});

test('a job ends after everything that it may wait for, and its credentials with it', () => {
  const { steps, 'timeout-minutes': minutes } = deploy.jobs['up']!;
  // Database, migration, services and their rollback, guards, webhook.
  assert.ok(minutes! >= 80 + 30 + 30 + 15 + 10);
  const seconds = steps!.find(({ uses }) => uses?.startsWith('aws-actions/'))!.with!['role-duration-seconds'];
  assert.ok(Number(seconds) >= minutes! * 60);
});
