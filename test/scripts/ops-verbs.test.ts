/**
 * Every verb of `npm run ops`, by the same table: explained by --help, answered as JSON, refused in one line with exit 2 where
 * it is mistyped, and where it changes something not done before somebody has agreed.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Verb } from '../../app/ops/verb.ts';
import { VERBS } from '../../app/ops/verbs.ts';
import { sayWhere } from '../../local/platform/whereabouts.ts';
import { startWorld } from '../harness/world.ts';

const ROOT = join(import.meta.dirname, '../..');
const world = await startWorld({ after }, { posture: { features: { chat: false } } });
const { database } = world;
const folder = await mkdtemp(join(tmpdir(), 'verbs-'));
after(() => rm(folder, { recursive: true }));
await mkdir(join(folder, 'evenkeel-abc123'));
after(
  await sayWhere(join(folder, 'evenkeel-abc123'), { databaseUrl: database.url('operator'), posture: world.posture }),
);

/** What is typed behind a verb. Nothing of it is there, so nothing is changed by any of them. */
const WORDS: Record<Verb['takes'], string[]> = {
  '': [],
  UPDATE_ID: ['1'],
  'UPDATE_ID…': ['1'],
  'UPDATE_ID… | --all': ['1'],
  USER_ID: ['1'],
  RECEIPT: ['R-1'],
  'RECEIPT | --all': ['R-1'],
  CODE: ['SPRING'],
  'CLASS…': ['marketing'],
  NAME: ['remind'],
  SQL: ['SELECT 1 AS one'],
};
/** What some cannot do without. */
const WANTED: Record<string, string[]> = { 'promo create': ['--credits', '5'], 'unknown resolve': ['--as', 'lost'] };

const line = ({ name, takes }: Verb): string[] => [...name.split(' '), ...WORDS[takes], ...(WANTED[name] ?? [])];

interface Ended {
  code: number;
  out: string;
  err: string;
}

/** Runs commands as `npm run ops` does, one after the other in one process, without a terminal. */
async function runAll(commands: readonly string[][]): Promise<Ended[]> {
  const script = join(folder, 'all.ts');
  const main = pathToFileURL(join(ROOT, 'scripts/ops/main.ts')).href;
  await writeFile(
    script,
    `import { main } from ${JSON.stringify(main)};
const real = process.stdout.write.bind(process.stdout);
const ended = [];
for (const args of JSON.parse(process.argv[2])) {
  const one = { code: 0, out: '', err: '' };
  process.stdout.write = (text) => ((one.out += text), true);
  process.stderr.write = (text) => ((one.err += text), true);
  one.code = await main(args);
  ended.push(one);
}
process.stdout.write = real;
process.stdout.write(JSON.stringify(ended));`,
  );
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', script, JSON.stringify(commands)],
      { cwd: folder, env: { ...process.env, TMPDIR: folder }, timeout: 300_000, maxBuffer: 64 * 1024 * 1024 },
      (error, out, err) =>
        error ? reject(new Error(`${error.message}\n${err}`)) : resolve(JSON.parse(out) as Ended[]),
    );
    child.stdin!.end();
  });
}

const audited = async () =>
  (await database.sql<{ n: number }>(`SELECT count(*)::int AS n FROM evenkeel.audit WHERE verb <> 'sql'`))[0]!.n;
const changing = VERBS.filter(({ users }) => users !== undefined);

test('--help of each verb says what it takes, what users will see of it, and its options', async () => {
  const ended = await runAll(VERBS.map(({ name }) => [...name.split(' '), '--help']));
  for (const [index, { name, takes, users, options }] of VERBS.entries()) {
    const { code, out, err } = ended[index]!;
    assert.deepEqual([code, err], [0, ''], name);
    assert.ok(out.startsWith(`npm run ops -- ${`${name} ${takes}`.trim()} `), out);
    for (const option of options) assert.match(out, new RegExp(`^ {2}--${option} `, 'm'), name);
    assert.equal(out.includes('--yes'), users !== undefined, name);
    if (users !== undefined) assert.ok(out.includes(users), name);
  }
});

test('--json of each verb is one document: whether it was done, what is said, tables', async () => {
  // Without a bot that runs there is nobody to reconcile: that waits for minutes, and has tests of its own.
  const verbs = VERBS.filter(({ name }) => name !== 'reconcile');
  const ended = await runAll(
    verbs.map((verb) => [...line(verb), '--json', ...(verb.users === undefined ? [] : ['--dry-run'])]),
  );
  for (const [index, { name }] of verbs.entries()) {
    const { code, out, err } = ended[index]!;
    const told = JSON.parse(out) as { ok: boolean; said: string[]; tables: Record<string, unknown[]> };
    assert.equal(code, told.ok ? 0 : 1, `${name}: ${out}${err}`);
    assert.ok(Array.isArray(told.said) && Object.values(told.tables).every(Array.isArray), name);
    assert.doesNotMatch(told.said.join(), /^The database says no/, name);
  }
  assert.equal(await audited(), 0);
});

test('an option that is mistyped, or not the verb’s own, and a word too many: one line each, and exit 2', async () => {
  const commands = VERBS.flatMap((verb) => [
    [...line(verb), '--jsno'],
    [...line(verb), '--frobnicate=1'],
    ...(verb.options.includes('all') ? [] : [[...line(verb), '--all']]),
    ...(/…/.test(verb.takes) ? [] : [[...line(verb), 'one', 'more']]),
    ...(verb.takes === '' ? [] : [verb.name.split(' ')]),
  ]);
  const ended = await runAll(commands);
  for (const [index, command] of commands.entries()) {
    const { code, out, err } = ended[index]!;
    assert.deepEqual([code, out], [2, ''], `${command.join(' ')}: ${err}`);
    assert.match(err, /^[^\n]+\n$/, command.join(' '));
  }
});

test('what changes something wants a reason and an agreement, and says what it would do without either', async () => {
  assert.ok(changing.length > 10);
  for (const { name, options } of changing)
    for (const option of ['reason', 'dry-run'] as const) assert.ok(options.includes(option), `${name}: --${option}`);
  const unasked = await runAll(changing.map((verb) => [...line(verb), '--reason', 'why not']));
  const unsaid = await runAll(changing.map((verb) => [...line(verb), '--yes']));
  for (const [index, { name }] of changing.entries()) {
    assert.deepEqual([unasked[index]!.code, unasked[index]!.out], [2, ''], name);
    assert.match(unasked[index]!.err, /^.* changes something at .* and nobody is there to ask: add --yes\n$/);
    assert.deepEqual([unsaid[index]!.code, unsaid[index]!.out], [2, ''], name);
    assert.match(unsaid[index]!.err, /^.* changes something: say why, --reason "…"; it is kept in the audit\n$/);
  }
  assert.equal(await audited(), 0);
});
