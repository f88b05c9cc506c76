/**
 * Each feature can be deleted: its folder, its file in posture/features, its tests, and its line in each table. What is
 * left compiles (all but the tests, of which those of features do as well), obeys the laws, imports nothing that is gone,
 * has its texts, and handles and explains what is still declared.
 */
import assert from 'node:assert/strict';
import { readFileSync, globSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { describe, test } from 'node:test';
import { SWITCHED } from '../../../posture/features/index.ts';
import { LISTINGS } from '../../../scripts/new/tables.ts';
import { cloneProject } from '../../harness/clone.ts';

const root = join(import.meta.dirname, '../../..');
const names = Object.keys(SWITCHED);
const files = (pattern: string): string[] => globSync(pattern, { cwd: root }).map((file) => file.split(sep).join('/'));

/** Tests of features, with what they say. */
const tests = new Map(files('test/app/features/**/*.ts').map((file) => [file, readFileSync(join(root, file), 'utf8')]));

/** What is deleted with a feature. */
const belongsTo = (name: string, file: string): boolean =>
  file.startsWith(`app/features/${name}/`) ||
  file === `posture/features/${name}.ts` ||
  file.startsWith(`test/app/features/${name}.`) ||
  tests.get(file)?.includes(`/app/features/${name}/`) === true;

/** All ways to take `size` of `of`. */
const choices = (of: readonly number[], size: number): number[][] =>
  size === 0 ? [[]] : of.flatMap((each, at) => choices(of.slice(at + 1), size - 1).map((rest) => [each, ...rest]));

/**
 * What is deleted in each round. Each feature is gone in other rounds than any other one, and in as many: so for every
 * two there is a round with the one and without the other, in half as many rounds as one a feature would be.
 */
function roundsOf(features: readonly string[]): string[][] {
  for (let count = 1; ; count += 1) {
    const rounds = Array.from({ length: count }, (_, round) => round);
    const sets = choices(rounds, Math.floor(count / 2));
    if (sets.length >= features.length)
      return rounds.map((round) => features.filter((_, at) => sets[at]!.includes(round)));
  }
}

const TSCONFIG = {
  extends: './tsconfig.json',
  include: [
    ...['app', 'posture', 'contract', 'sentinel', 'local', 'scripts', 'infra'].map((folder) => `${folder}/**/*.ts`),
    'test/app/features/**/*.ts',
  ],
  exclude: ['test/app/features/without.test.ts'],
};

test('every two features are apart in one round', () => {
  const rounds = roundsOf(names);
  for (const kept of names)
    for (const gone of names.filter((name) => name !== kept))
      assert.ok(
        rounds.some((round) => round.includes(gone) && !round.includes(kept)),
        `${kept} without ${gone}`,
      );
});

describe('the rest compiles, obeys the laws, and the tests of what is common are green', () => {
  for (const gone of roundsOf(names))
    test(`without ${gone.join(', ')}`, async (t) => {
      const clone = await cloneProject(t);
      const all = files('{app,posture,test/app}/**/*').filter((path) => /\.\w+$/.test(path));
      for (const name of gone) {
        const its = all.filter((file) => belongsTo(name, file));
        assert.ok(its.includes(`app/features/${name}/index.ts`), `there is a feature ${name} to delete`);
        for (const file of its) await rm(join(clone.directory, file), { force: true });
        for (const { file, remove } of LISTINGS) {
          const path = join(clone.directory, file);
          await writeFile(path, remove(await readFile(path, 'utf8'), name));
        }
      }
      await writeFile(join(clone.directory, 'tsconfig.rest.json'), JSON.stringify(TSCONFIG));
      const quick = ['imports', 'app/texts/everywhere', 'app/features/face'].map((file) => `test/${file}.test.ts`);
      const runs = [
        ['node_modules/typescript-7/bin/tsc', '-p', 'tsconfig.rest.json', '--singleThreaded', '--incremental', 'false'],
        ['scripts/posture.ts', '--commands'],
        ['scripts/posture.ts', 'prod', '--brief'],
        ['--test', ...quick],
      ];
      for (const args of runs) {
        const { code, output } = await clone.node('--disable-warning=ExperimentalWarning', ...args);
        assert.equal(code, 0, `${args.join(' ')}: ${output}`);
      }
    });
});
