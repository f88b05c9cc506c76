/** `npm run new -- feature NAME`, in a clone: what it writes compiles, is formatted, obeys the laws, and works. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cloneProject } from '../harness/clone.ts';

const clone = await cloneProject({ after });
const tool = (...args: string[]) => clone.node('--disable-warning=ExperimentalWarning', 'scripts/new.ts', ...args);

async function succeeds(what: string, ...args: string[]): Promise<void> {
  const { code, output } = await clone.node(...args);
  assert.equal(code, 0, `${what}: ${output}`);
}

test('a name that cannot be one is refused in one line, and nothing is written', async () => {
  for (const [args, why] of [
    [[], /^new what\? npm run new -- feature NAME$/],
    [['feature'], /^which name\?/],
    [['feature', 'one', 'two'], /^one feature at a time: one, two$/],
    [['feature', 'Farewell'], /^"Farewell" cannot be a command: 2 to 24 small letters and digits/],
    [['feature', '../etc'], /^"..\/etc" cannot be a command/],
    [['feature', 'class'], /^"class" is a word of the language: take another$/],
    [['feature', 'help'], /^\/help is another feature's command$/],
    [['feature', 'refund'], /^a queue or a schedule is called "refund" already: take another$/],
    [['feature', 'faces'], /^"faces" means something else in app\/features\/index.ts: take another$/],
    [['feature', 'farewell', '--quik'], /^unknown option "--quik"/],
  ] as [string[], RegExp][]) {
    const { code, output } = await tool(...args);
    assert.equal(code, 2, output);
    assert.match(output.trim(), why);
    assert.equal(output.trim().split('\n').length, 1);
  }
  assert.ok(!(await readdir(join(clone.directory, 'app/features'))).includes('farewell'));
});

test('what is written compiles, is formatted, obeys the laws, and its test is green', async () => {
  const { code, output } = await tool('feature', 'farewell');
  assert.equal(code, 0, output);
  const again = await tool('feature', 'farewell');
  assert.match(again.output, /^there is a feature "farewell" already: app\/features\/farewell\n$/);
  const bin = (name: string) => join(clone.directory, 'node_modules', name);
  const written = ['app/features', 'posture', 'posture.schema.json', 'test/app/features/farewell.test.ts'];
  await succeeds('oxfmt', bin('oxfmt/bin/oxfmt'), '--check', 'docs/runbooks/README.md', ...written);
  await succeeds('tsc', bin('typescript-7/bin/tsc'), '--singleThreaded', '--tsBuildInfoFile', 'tsbuildinfo.json');
  await succeeds('the laws', 'scripts/posture.ts', 'prod', '--brief');
  const tests = ['imports.test.ts', 'app/texts/everywhere.test.ts', 'app/features/face.test.ts'];
  for (const file of [...tests, 'app/features/farewell.test.ts']) await succeeds(file, '--test', join('test', file));
});
