/** `npm run posture -- diff` and `-- init`: what a change means, over a real repository; a file to begin with. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { prove } from '../../posture/laws/index.ts';
import { resolve, spellOut } from '../../posture/resolve.ts';
import { cleanup } from '../harness/cleanup.ts';

const ROOT = join(import.meta.dirname, '../..');

const posture = (cwd: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((done) => {
    const flags = ['--disable-warning=ExperimentalWarning', join(ROOT, 'scripts/posture.ts')];
    execFile(process.execPath, [...flags, ...args], { cwd }, (error, out, err) =>
      done({ code: error ? Number(error.code) : 0, out, err }),
    );
  });

/** A repository with the shipped stacks committed. */
function repository(undo: (end: () => void) => void): string {
  const cwd = mkdtempSync(join(tmpdir(), 'evenkeel-diff-'));
  undo(() => rmSync(cwd, { recursive: true, force: true }));
  for (const name of ['prod', 'local'])
    cpSync(join(ROOT, `test/fixtures/Pulumi.${name}.yaml`), join(cwd, `Pulumi.${name}.yaml`));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@my.domain', ...args], { cwd, stdio: 'ignore' });
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--no-gpg-sign', '-m', 'as shipped');
  return cwd;
}

const edit = (cwd: string, stack: string, from: string, to: string): void => {
  const file = join(cwd, `Pulumi.${stack}.yaml`);
  const text = readFileSync(file, 'utf8');
  assert.ok(text.includes(from));
  writeFileSync(file, text.replace(from, to));
};

describe('npm run posture -- diff', () => {
  const undo = cleanup({ after });

  test('says nothing of stacks that are as before', async () => {
    const { code, out } = await posture(repository(undo), 'diff', 'HEAD');
    assert.equal(code, 0);
    assert.match(out, /No stack declares anything else than before\./);
  });

  test('says in tables what a change does to limits, promises, alarms and cost', async () => {
    const cwd = repository(undo);
    edit(cwd, 'prod', 'pool: 8\n', 'pool: 7\n');
    edit(cwd, 'prod', 'tasks: { min: 2, max: 4 }', 'tasks: { min: 3, max: 4 }');
    const { code, out, err } = await posture(cwd, 'diff', 'HEAD');
    assert.equal(err, '');
    assert.equal(code, 0);
    assert.match(out, /^### `prod`$/m);
    assert.doesNotMatch(out, /`local`/);
    assert.match(out, /^\| worker\.pool \| 8 \| 7 \|$/m);
    assert.match(out, /^\| web\.tasks\.min \| 2 \| 3 \|$/m);
    assert.match(out, /^\| connections\.peak \| \d+ of 185 \| \d+ of 185 \|$/m);
    assert.match(out, /^\| connections of the login worker \| \d+ \| \d+ \|$/m);
    assert.match(out, /^\| database-connections \| page: .*> \d+.* \| page: .*> \d+.* \|$/m);
    const [, was, is, more] = /estimated: ([\d.]+) USD → ([\d.]+) USD \(\+([\d.]+)\)/.exec(out)!;
    assert.ok(Math.abs(Number(is) - Number(was) - Number(more)) < 0.02 && Number(more) > 5, 'a web task more');
    for (const line of out.split('\n').filter((each) => each.startsWith('|')))
      assert.equal(line.split(/(?<!\\)\|/).length, 5, `a row of three cells: ${line}`);
  });

  test('exits 1, with the remedy, where a law breaks; a new stack and an unreadable one are said', async () => {
    const cwd = repository(undo);
    edit(cwd, 'prod', 'pool: 8\n', 'pool: 40\n');
    writeFileSync(join(cwd, 'Pulumi.new.yaml'), 'config:\n  evenkeel:posture: {}\n');
    writeFileSync(join(cwd, 'Pulumi.bad.yaml'), 'config:\n  evenkeel:posture: { worker: { pol: 1 } }\n');
    const { code, out } = await posture(cwd, 'diff', 'HEAD');
    assert.equal(code, 1);
    assert.match(out, /It breaks laws; nothing would be deployed:\*\*\n- connections\.fit: .*Smallest change/);
    assert.match(out, /### `new`\n\nA new stack\./);
    assert.match(out, /### `bad`\n\n- Pulumi\.bad\.yaml:2: worker\.pol: unknown key/);
    const one = await posture(cwd, 'diff', 'HEAD', 'new', '--out', 'said.md');
    assert.deepEqual([one.code, one.out], [0, '']);
    assert.match(readFileSync(join(cwd, 'said.md'), 'utf8'), /### `new`/);
  });
});

describe('npm run posture -- init', () => {
  const folder = (t: TestContext): string => {
    const cwd = mkdtempSync(join(tmpdir(), 'evenkeel-init-'));
    t.after(() => rmSync(cwd, { recursive: true, force: true }));
    return cwd;
  };

  test('writes a file that obeys the laws, and changes nothing when it is uncommented', async (t) => {
    const cwd = folder(t);
    const { code, out } = await posture(cwd, 'init', 'mine');
    assert.deepEqual([code, out], [0, 'Pulumi.mine.yaml written\n']);
    const text = readFileSync(join(cwd, 'Pulumi.mine.yaml'), 'utf8');
    const read = (yaml: string): unknown =>
      (parse(yaml) as { config: Record<string, unknown> }).config['evenkeel:posture'];
    assert.deepEqual(read(text), { stage: 'development' });
    assert.ok(prove(resolve(read(text))).holds);
    const uncommented = resolve(
      read(text.replaceAll(/^ {4}# (?=\S| )/gm, '    ').replaceAll(/^ {4}(?=[A-Z])/gm, '    # ')),
    );
    assert.deepEqual(spellOut(uncommented), spellOut(resolve({})));
    for (const key of ['heartbeat', 'maxConnections', 'telegramChat']) assert.ok(text.includes(`${key}:`), key);
    assert.equal((await posture(cwd, 'mine', '--brief')).code, 0);
  });
});

describe('npm run posture, shorter', () => {
  const SHIPPED = join(ROOT, 'test/fixtures');

  test('--brief is the verdict, --only the sections that are wanted', async () => {
    const brief = await posture(SHIPPED, 'prod', '--brief');
    assert.equal(brief.code, 0);
    assert.match(brief.out, /^Stack prod \(Pulumi\.prod\.yaml\)\n\n(Warning: .*\n)+prod obeys all \d+ laws\.\n$/);
    const only = await posture(SHIPPED, 'prod', '--only', 'promises');
    assert.match(only.out, /\nPromises\n/);
    assert.doesNotMatch(only.out, /\n(Posture|Proof|Alarms)/);
  });
});
