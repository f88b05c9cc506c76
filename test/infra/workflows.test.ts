/** The shipped workflows: what deploys was tested, and runs nothing that somebody else can exchange. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { architectureOf } from '../../infra/aws/image.ts';

interface Step {
  uses?: string;
  run?: string;
  if?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}
interface Job {
  needs?: string | string[];
  if?: string;
  env?: Record<string, string>;
  environment?: string;
  outputs?: Record<string, string>;
  concurrency?: { group: string; 'cancel-in-progress': boolean | string };
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

const needs = (job: string): string[] => [deploy.jobs[job]!.needs ?? []].flat();

test('the way is: tests, image, staging and a look at it, production with approval; and none is skipped over', () => {
  assert.deepEqual([needs('image'), needs('staging'), needs('up')], [['test'], ['image'], ['test', 'staging']]);
  assert.equal(deploy.jobs['test']!.uses, './.github/workflows/ci.yml');
  assert.ok('workflow_call' in read('.github/workflows/ci.yml').on);
  assert.deepEqual(
    ['image', 'staging', 'up'].map((job) => deploy.jobs[job]!.environment),
    ['staging', 'staging', 'production'],
  );
  const condition = deploy.jobs['up']!.if!;
  assert.match(condition, /needs\.test\.result == 'success'/);
  assert.match(condition, /needs\.staging\.result == 'success' \|\| vars\.PULUMI_STAGING_STACK == ''/);
  for (const job of ['staging', 'up']) {
    const { steps = [], concurrency } = deploy.jobs[job]!;
    const [up, smoke] = [
      steps.findIndex(({ with: args }) => args?.['command'] === 'up'),
      steps.findIndex(({ run }) => run?.startsWith('npm run smoke')),
    ];
    assert.ok(up > 0 && smoke > up, `${job} is looked at after up`);
    assert.equal(concurrency!['cancel-in-progress'], false);
  }
});

test('what ran in staging is what production is given: the digest that staging says, under the same name', () => {
  assert.match(deploy.jobs['staging']!.outputs!['digest']!, /steps\.runs\.outputs\.digest/);
  const promotion = deploy.jobs['up']!.steps!.find(({ run }) => run?.includes('imagetools'))!;
  assert.equal(promotion.env!['DIGEST'], '${{ needs.staging.outputs.digest }}');
  assert.match(
    promotion.run!,
    /--prefer-index=false --tag "\$TO:\$GITHUB_SHA" "\$FROM@\$DIGEST"\n\s+there\n/,
    'and looked for',
  );
  assert.match(promotion.run!, /config set evenkeel:imageDigest "\$DIGEST" --stack "\$PULUMI_STACK"/);
});

test('CI builds for the processor that the program deploys for', () => {
  const wanted = architectureOf({ architecture: undefined });
  const build = deploy.jobs['image']!.steps!.find(({ run }) => run?.includes('docker build'))!;
  assert.match(build.run!, new RegExp(`evenkeel:architecture .*\\|\\| echo ${wanted}\\)`));
});

test('drift is looked for every night, and a run by hand can refresh', () => {
  assert.ok('schedule' in deploy.on);
  assert.match(deploy.jobs['drift']!.if!, /github\.event_name == 'schedule'/);
  const look = deploy.jobs['drift']!.steps!.at(-1)!.with!;
  assert.deepEqual([look['refresh'], look['expect-no-changes']], [true, true]);
  assert.ok(deploy.on['workflow_dispatch']!.inputs!['refresh']);
});

test('a pull request is told what it changes in the posture', () => {
  const { steps = [], permissions } = deploy.jobs['posture']!;
  assert.deepEqual(permissions, { contents: 'read', 'pull-requests': 'write' });
  assert.ok(steps.some(({ run }) => run === 'npm run -s posture -- diff "$BASE" --out posture.md'));
  const comment = steps.at(-1)!;
  assert.match(comment.if!, /^always\(\)/, 'also where a law breaks');
});

/** What a runner of GitHub has, and what the shell itself brings. */
const THERE = ['aws', 'cat', 'docker', 'echo', 'exit', 'gh', 'git', 'head', 'npm', 'pulumi', 'true'];
const WORDS = ['if', 'then', 'else', 'fi', '!', '{', '}', 'always'];

/** The programs that a script calls: the first word of each command. */
function programs(script: string, own: readonly string[]): string[] {
  const plain = script
    .replaceAll(/\\\n/g, ' ')
    .replaceAll(/'[^']*'/g, "''")
    // What stands in $( … ) is a command too.
    .replaceAll(/\$\(/g, '\n')
    .replaceAll(/"(?:\\.|[^"\\])*"/g, '""');
  return plain
    .split(/\n|;|\|\|?|&&|(?<![>\d])&(?!>)/)
    .map((command) =>
      command
        .trim()
        .replace(/^\w+\(\) \{?/, '')
        .trim(),
    )
    .map((command) => command.split(/\s+/).filter((word) => !WORDS.includes(word) && !/^\w+=/.test(word))[0] ?? '')
    .map((word) => word.replaceAll(/[")}]/g, ''))
    .filter((word) => /^[a-z]/.test(word) && !own.includes(word));
}

test('each command of a workflow exists, is a shell script, and takes nothing from outside as code', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const file of files)
    for (const [name, { steps = [] }] of Object.entries(read(file).jobs))
      for (const { run } of steps) {
        if (run === undefined) continue;
        const where = `${file} ${name}: ${run}`;
        execFileSync('bash', ['-n'], { input: run });
        assert.doesNotMatch(run, /\$\{\{/, `${where}: a value from outside comes by env`);
        const own = [...run.matchAll(/^\s*(\w+)\(\)/gm)].map(([, word]) => word!);
        for (const word of programs(run, own)) assert.ok(THERE.includes(word), `${where}: ${word}`);
        for (const [, script] of run.matchAll(/npm run (?:-s )?([\w:-]+)/g))
          assert.ok(scripts[script!], `${where}: npm has no script ${script}`);
      }
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
  for (const [name, { steps = [], 'timeout-minutes': minutes, uses }] of Object.entries(deploy.jobs)) {
    if (uses !== undefined) continue;
    assert.ok(minutes !== undefined, `${name} has an end`);
    if (!steps.some(({ with: args }) => args?.['command'] === 'up')) continue;
    // Database, migration, services and their rollback, guards, webhook.
    assert.ok(minutes >= 80 + 30 + 30 + 15 + 10, name);
    const seconds = steps.find(({ uses }) => uses?.startsWith('aws-actions/'))!.with!['role-duration-seconds'];
    assert.ok(Number(seconds) >= minutes * 60, name);
  }
});
