/** `npm test` itself, on small projects of its own. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isRunning } from '../../local/platform/process.ts';
import { affectedTests } from '../../scripts/test/changed.ts';
import { waitFor } from '../harness/wait.ts';

const RUNNER = fileURLToPath(new URL('../../scripts/test.ts', import.meta.url));
const HEAD = `import { describe, test } from 'node:test'; import { existsSync, writeFileSync } from 'node:fs';\n`;

/** A project with these test files, in a path that nobody expects. */
async function project(t: TestContext, files: Record<string, string>): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'evenkeel runner (é) ')));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await write(directory, { 'package.json': '{"type":"module"}', ...files });
  return directory;
}

async function write(directory: string, files: Record<string, string>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), file.endsWith('.test.ts') ? HEAD + text : text);
  }
}

function start(t: TestContext, cwd: string, args: string[]) {
  const child = spawn(process.execPath, [RUNNER, '--no-checks', ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, output }));
  return { child, output: () => output, ended };
}

const run = (t: TestContext, cwd: string, ...args: string[]) => start(t, cwd, args).ended;
const lastLine = (output: string) => output.trimEnd().split('\n').at(-1);

test('all pass: a line a file, and a plain last line without colours', async (t) => {
  const cwd = await project(t, {
    'test/a.test.ts': `describe('s', () => { test('one', () => {}); test('two', () => {}); });`,
    'test/deep/b.test.ts': `test('three', async (t) => { await t.test('inner', () => {}); });`,
  });
  const { code, output } = await run(t, cwd);
  assert.equal(code, 0);
  assert.match(output, /^✔ test\/a\.test\.ts \(2 tests; [\d.]+ s\)$/m);
  assert.match(output, /^ {2}✔ s › two /m);
  assert.match(output, /^slowest files:$/m);
  assert.equal(lastLine(output), '4 passed, 0 failed, 0 skipped');
  // oxlint-disable-next-line no-control-regex -- colours are what is looked for
  assert.doesNotMatch(output, /\x1b/);
});

test('what is skipped is counted and named with its reason, whole suites too', async (t) => {
  const cwd = await project(t, {
    'test/a.test.ts': `
      describe('the image', { skip: 'no Docker daemon' }, () => { test('x', () => {}); });
      test('y', (t) => t.skip('no /proc here'));
      test('z', { todo: 'soon' }, () => { throw new Error('not yet'); });`,
  });
  const { code, output } = await run(t, cwd);
  assert.equal(code, 0);
  assert.match(output, /^ {2}﹣ test\/a\.test\.ts:\d+ the image: \(whole suite\) no Docker daemon$/m);
  assert.match(output, /^ {2}﹣ test\/a\.test\.ts:\d+ y: no \/proc here$/m);
  assert.equal(lastLine(output), '0 passed, 0 failed, 3 skipped');
});

test('a failure is told at once and again at the end, with its error and what the file printed', async (t) => {
  const cwd = await project(t, {
    'test/a.test.ts': `describe('s', () => { test('bad', () => { console.log('a clue'); throw new Error('oh no'); }); });`,
    'test/b.test.ts': `test('good', () => {});`,
  });
  const { code, output } = await run(t, cwd);
  assert.equal(code, 1);
  assert.match(output, /a clue/);
  assert.match(output, /once more, alone: test\/a\.test\.ts/);
  const [, end] = output.split('\nfailed:\n');
  assert.match(end ?? '', /^✖ test\/a\.test\.ts:\d+ s › bad\n {4}Error: oh no/);
  assert.equal(lastLine(output), '1 passed, 1 failed, 0 skipped');
});

const FAILS_ONCE = `test('shaky', () => { if (!existsSync('seen')) { writeFileSync('seen', ''); throw new Error('too slow'); } });`;

test('what passes when it is repeated is reported as flaky, and the run is good', async (t) => {
  const cwd = await project(t, { 'test/a.test.ts': FAILS_ONCE });
  const { code, output } = await run(t, cwd);
  assert.equal(code, 0);
  assert.match(output, /^FLAKY \(failed, passed when repeated\): test\/a\.test\.ts:\d+ shaky\n {4}Error: too slow$/m);
  assert.equal(lastLine(output), '1 passed, 0 failed, 0 skipped');
});

test('with --no-repeat it fails', async (t) => {
  const cwd = await project(t, { 'test/a.test.ts': FAILS_ONCE });
  const { code, output } = await run(t, cwd, '--no-repeat');
  assert.equal(code, 1);
  assert.equal(lastLine(output), '0 passed, 1 failed, 0 skipped');
});

test('a file that cannot be loaded, or ends badly after its tests, has failed', async (t) => {
  const cwd = await project(t, {
    'test/a.test.ts': `throw new Error('not loaded');`,
    'test/b.test.ts': `test('fine', () => {}); process.on('exit', () => process.exit(7));`,
  });
  const { code, output } = await run(t, cwd);
  assert.equal(code, 1);
  assert.match(output, /not loaded/);
  assert.match(output, /✖ test\/b\.test\.ts\n {4}ended by exit code 7, and no test of it failed/);
  assert.equal(lastLine(output), '1 passed, 2 failed, 0 skipped');
});

test('Ctrl-C ends the tests and what they started, and says so', async (t) => {
  const cwd = await project(t, {
    'test/a.test.ts': `
      import { spawn } from 'node:child_process';
      test('long', async (t) => {
        const child = spawn(process.execPath, ['-e', 'process.stdin.resume().on("end", () => process.exit())']);
        writeFileSync('pids.tmp', process.pid + ' ' + child.pid);
        (await import('node:fs')).renameSync('pids.tmp', 'pids');
        await new Promise(() => setInterval(() => {}, 1000));
      });`,
    'test/b.test.ts': `test('waits', () => {});`,
  });
  const { child, ended } = start(t, cwd, ['--jobs', '1']);
  await waitFor(() => existsSync(join(cwd, 'pids')), { what: 'the test to run', within: 60_000 });
  const pids = (await readFile(join(cwd, 'pids'), 'utf8')).split(' ').map(Number);
  child.kill('SIGINT');
  const { code, output } = await ended;
  assert.equal(code, 130);
  assert.match(output, /SIGINT: ending the tests/);
  assert.match(output, /interrupted: the rest did not run/);
  assert.match(lastLine(output)!, /^\d+ passed, \d+ failed, \d+ skipped$/);
  await waitFor(() => !pids.some(isRunning), { what: 'the end of the test and its child', within: 60_000 });
});

for (const [args, says] of [
  [['nothing'], 'no test file matches "nothing"; they are in test/**/*.test.ts; npm test -- --help lists the options'],
  [['--jobs', 'many'], '--jobs many: wants a number from 1; npm test -- --help lists the options'],
  [['--wrong'], "Unknown option '--wrong'; npm test -- --help lists the options"],
] as const)
  test(`a wrong command ends in one line: ${args.join(' ')}`, async (t) => {
    const cwd = await project(t, { 'test/a.test.ts': '' });
    assert.deepEqual(await run(t, cwd, ...args), { code: 2, output: `${says}\n` });
  });

describe('--changed', () => {
  const git = (cwd: string, ...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@localhost', ...args], { cwd, encoding: 'utf8' });

  async function repository(t: TestContext): Promise<string> {
    const cwd = await project(t, {
      'app/one.ts': `export const one = 1;`,
      'test/one.test.ts': `import { one } from '../app/one.ts'; test('one', () => void one);`,
      'test/two.test.ts': `test('two', () => {});`,
    });
    git(cwd, 'init', '--quiet', '--initial-branch=main');
    git(cwd, 'add', '.');
    git(cwd, 'commit', '--quiet', '-m', 'first');
    return cwd;
  }
  const ran = (output: string) => [...output.matchAll(/^✔ (\S+)/gm)].map(([, file]) => file);

  test('runs what a branch and the working tree changed, since the main branch or the commit given', async (t) => {
    const cwd = await repository(t);
    git(cwd, 'switch', '--quiet', '-c', 'work');
    await write(cwd, { 'app/one.ts': `export const one = 2;` });
    git(cwd, 'commit', '--quiet', '-a', '-m', 'second');
    assert.deepEqual(ran((await run(t, cwd, '--changed')).output), ['test/one.test.ts']);
    await write(cwd, { 'test/three.test.ts': `test('three', () => {});` });
    assert.deepEqual(ran((await run(t, cwd, '--changed', 'HEAD')).output), ['test/three.test.ts']);
    assert.deepEqual(ran((await run(t, cwd, '--changed=main', 'one')).output), ['test/one.test.ts']);
  });

  test('nothing changed: nothing to run, and that is good', async (t) => {
    const { code, output } = await run(t, await repository(t), '--changed');
    assert.equal(code, 0);
    assert.match(output, /^0 of 2 test files are concerned by what changed since \w+$/m);
    assert.equal(lastLine(output), '0 passed, 0 failed, 0 skipped');
  });

  test('a commit that git does not know is named', async (t) => {
    const { code, output } = await run(t, await repository(t), '--changed=nowhere');
    assert.deepEqual([code, output.split(';')[0]], [2, '--changed=nowhere: git knows no such commit']);
  });

  const files: Record<string, string> = {
    'app/main.ts': `import './migrate.ts'; import type { T } from './types.ts';`,
    'app/migrate.ts': `new URL('./migrations', import.meta.url);`,
    'app/migrations/0001.sql': '',
    'app/types.ts': '',
    'local/start.ts': `spawn(node, ['app/main.ts']);`,
    'package.json': '',
    'docs/faults.md': '',
    'README.md': '',
    'Pulumi.yaml': '',
    'test/app.test.ts': `import '../app/main.ts';`,
    'test/path.test.ts': `import '../local/start.ts';`,
    'test/docs.test.ts': `readFileSync('docs/faults.md');`,
    'test/roams.test.ts': `globSync('app/**');`,
  };
  const source = { files: new Set(Object.keys(files)), read: (file: string) => files[file]! };
  const EVERY = ['app', 'docs', 'path', 'roams'];
  for (const [changed, tests] of [
    ['app/migrate.ts', ['app', 'path', 'roams']],
    ['app/migrations/0001.sql', ['app', 'path', 'roams']],
    ['app/migrations/0002.sql', ['app', 'path', 'roams']],
    ['app/types.ts', ['roams']],
    ['local/start.ts', ['path', 'roams']],
    ['docs/faults.md', ['docs', 'roams']],
    ['README.md', ['roams']],
    ['test/docs.test.ts', ['docs', 'roams']],
    ['package.json', EVERY],
    ['Pulumi.yaml', EVERY],
    ['app/data.bin', EVERY],
  ] as const)
    test(`${changed} concerns ${tests.join(', ')}`, () =>
      assert.deepEqual(
        affectedTests([changed], source),
        tests.map((name) => `test/${name}.test.ts`),
      ));
});
