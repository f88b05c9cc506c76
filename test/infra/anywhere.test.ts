/** Pulumi runs the program in the folder of its entry point; where it is started from must not matter. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { collect } from './docker/collect.ts';
import { changed, CONFIG, only, run, type Run } from './harness.ts';
import { PROD, stackPosture } from './stacks.ts';

const ROOT = join(import.meta.dirname, '../..');
const IMAGE = 'docker:index/image:Image';

async function inFolder<T>(t: TestContext, folder: string, work: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  t.after(() => process.chdir(before));
  process.chdir(folder);
  try {
    return await work();
  } finally {
    process.chdir(before);
  }
}

interface Build {
  context: string;
  dockerfile: string;
}

/** That a build finds what it wants from a folder, by paths that are the same on the next machine. */
function found(folder: string, { context, dockerfile }: Build): void {
  assert.ok(!isAbsolute(context) && !isAbsolute(dockerfile), 'an absolute path would be a change on the next machine');
  assert.equal(resolve(folder, context), ROOT);
  assert.ok(existsSync(resolve(folder, dockerfile)), `${dockerfile} from ${folder}`);
}

const config = Object.fromEntries(Object.entries(CONFIG).filter(([key]) => key !== 'evenkeel:imageDigest'));

test('the cloud is the same from wherever the program is run, but for the way to the sources', async (t) => {
  const runs: Run[] = [];
  for (const folder of [ROOT, join(ROOT, 'infra'), tmpdir()]) {
    const result = await inFolder(t, folder, () => run({ posture: PROD, config }));
    assert.equal(result.error, undefined);
    found(folder, only(result, IMAGE).inputs['build'] as Build);
    runs.push(result);
  }
  const [first, ...others] = runs;
  const image = only(first!, IMAGE).urn;
  for (const other of others) assert.deepEqual(changed(first!, other), [image]);
});

test('the laptop finds both Dockerfiles from wherever the program is run', async (t) => {
  for (const folder of [ROOT, join(ROOT, 'infra'), tmpdir()]) {
    const result = await inFolder(t, folder, () => collect(stackPosture('local')));
    assert.equal(result.error, undefined);
    const builds = result.resources.filter(({ type }) => type === IMAGE).map(({ inputs }) => inputs['build'] as Build);
    assert.equal(builds.length, 2);
    for (const build of builds) found(folder, build);
  }
});
