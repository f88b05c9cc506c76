/**
 * Each feature can be deleted: its folder, its file in posture/features, its tests, and its line in each table. What is
 * left compiles (all but the tests, of which those of features do as well; one process checks all cases), obeys the laws,
 * imports nothing that is gone, has its texts, and handles and explains what is still declared.
 */
import assert from 'node:assert/strict';
import { readFileSync, globSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { describe, test } from 'node:test';
import ts from 'typescript';
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

const ROOTS = '{app,posture,contract,sentinel,local,scripts,infra,test/app/features}/**/*.ts';
const THIS = 'test/app/features/without.test.ts';

const config = ts.getParsedCommandLineOfConfigFile(
  join(root, 'tsconfig.json'),
  { incremental: false },
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) =>
      assert.fail(ts.flattenDiagnosticMessageText(messageText, '\n')),
  },
)!;
/** Parsed once for all cases. */
const parsed = new Map<string, ts.SourceFile>();

/** What the compiler says of the project without a feature, one line each. */
function compiled(name: string): string[] {
  const { tsBuildInfoFile: _, ...options } = config.options;
  const host = ts.createCompilerHost(options);
  const read = (path: string) => ts.sys.readFile(path);
  const exists = (path: string) => ts.sys.fileExists(path);
  const inProject = (path: string) => (path.startsWith(`${root}/`) ? path.slice(root.length + 1) : undefined);
  const isGone = (path: string): boolean => {
    const file = inProject(path);
    return file !== undefined && !file.startsWith('node_modules/') && belongsTo(name, file);
  };
  host.fileExists = (path) => !isGone(path) && exists(path);
  host.readFile = (path) => {
    const text = isGone(path) ? undefined : read(path);
    const listing = LISTINGS.find(({ file }) => file === inProject(path));
    return text !== undefined && listing ? listing.remove(text, name) : text;
  };
  host.getSourceFile = (path, version) => {
    const text = host.readFile(path);
    if (text === undefined) return undefined;
    const key = `${path}\n${text}`;
    const known = parsed.get(key) ?? ts.createSourceFile(path, text, version);
    parsed.set(key, known);
    return known;
  };
  const rootNames = files(ROOTS).filter((file) => file !== THIS && !belongsTo(name, file));
  const program = ts.createProgram({ rootNames: rootNames.map((file) => join(root, file)), options, host });
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const at = file && ts.getLineAndCharacterOfPosition(file, start);
    const where = file ? `${inProject(file.fileName) ?? file.fileName}:${at!.line + 1}: ` : '';
    return where + ts.flattenDiagnosticMessageText(messageText, '\n');
  });
}

describe('without a feature', () => {
  for (const name of names) {
    test(`${name}: the rest compiles`, () => {
      assert.ok(
        files('app/features/*/index.ts').some((file) => belongsTo(name, file)),
        'there is something to delete',
      );
      assert.deepEqual(compiled(name), []);
    });

    test(`${name}: the rest obeys the laws, and the tests of what is common are green`, async (t) => {
      const clone = await cloneProject(t);
      for (const file of files('{app,posture,test/app}/**/*').filter((path) => /\.\w+$/.test(path)))
        if (belongsTo(name, file)) await rm(join(clone.directory, file));
      for (const { file, remove } of LISTINGS) {
        const path = join(clone.directory, file);
        await writeFile(path, remove(await readFile(path, 'utf8'), name));
      }
      const quick = ['imports', 'app/texts/everywhere', 'app/features/face'].map((file) => `test/${file}.test.ts`);
      const runs = [
        ['scripts/posture.ts', '--commands'],
        ['scripts/posture.ts', 'prod', '--brief'],
        ['--test', ...quick],
      ];
      for (const args of runs) {
        const { code, output } = await clone.node('--disable-warning=ExperimentalWarning', ...args);
        assert.equal(code, 0, `${args.join(' ')}: ${output}`);
      }
    });
  }
});
