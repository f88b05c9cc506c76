/** What a person copies out of a runbook at night: shell that parses, names that are defined, commands that AWS's CLI takes, fields that our logs have. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { alarms, SENTINEL_METRICS, TASK_METRICS } from '../posture/alarms/index.ts';
import { resolve } from '../posture/resolve.ts';
import { prepareMoto, PYTHON } from './infra/moto.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'docs/runbooks');
const books = new Map(readdirSync(FOLDER).map((file) => [file, readFileSync(join(FOLDER, file), 'utf8')]));

/** Shell of all runbooks: whole blocks, and what stands in the running text. */
const blocks = [...books].flatMap(([file, text]) =>
  [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, shell]) => ({ file, shell: shell! })),
);
const commands = [...books].flatMap(([file, text]) =>
  [...text.matchAll(/```sh\n([\s\S]*?)```|`((?:aws|curl|npm|export|psql|dig)[^`]*)`/g)].flatMap(([, block, inline]) =>
    (block ?? inline!)
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => ({ file, line })),
  ),
);

/** What a person fills in is a word to the shell. */
const filledIn = (shell: string): string => shell.replace(/<[^>\n]+>/g, 'X');

/** So is what another command says. */
const aWord = (shell: string): string => shell.replace(/\$\([^()]*\)/g, 'X');

describe('the commands of the runbooks', () => {
  test('are shell', () => {
    assert.ok(blocks.length > 50, `${blocks.length} blocks`);
    for (const { file, shell } of blocks)
      try {
        execFileSync('bash', ['-n'], { input: filledIn(shell), stdio: ['pipe', 'ignore', 'pipe'] });
      } catch (error) {
        assert.fail(`${file}: ${(error as { stderr: Buffer }).stderr.toString()}${shell}`);
      }
  });

  test('use names that the README of the runbooks defines, or that they set themselves', () => {
    const defined = new Set(
      [...books.get('README.md')!.matchAll(/\b([A-Z][A-Z_]*)=|read -rs ([A-Z_]+)/g)].map(([, a, b]) => a ?? b),
    );
    assert.ok(defined.has('CLUSTER') && defined.has('BOT_TOKEN'), [...defined].join(' '));
    const unknown = commands.flatMap(({ file, line }) => {
      const own = new Set([...line.matchAll(/\b(?:for |read (?:-\w+ )?)(\w+)|\b(\w+)=/g)].map(([, a, b]) => a ?? b));
      return [...line.matchAll(/\$\{?([A-Za-z_]\w*)/g)]
        .map(([, name]) => name!)
        .filter((name) => !defined.has(name) && !own.has(name))
        .map((name) => `${file}: $${name} in ${line}`);
    });
    assert.deepEqual(unknown, []);
  });

  test("are what AWS's own CLI takes: service, operation, options, query", async (t) => {
    const missing = await prepareMoto();
    if (missing) return t.skip(missing);
    const asked = commands.flatMap(({ file, line }) =>
      [...line.matchAll(/\baws [a-z0-9-]+ [a-z-]+/g)].map(({ index }) => ({
        file,
        text: aWord(filledIn(line.slice(index))),
      })),
    );
    assert.ok(asked.length > 80, `${asked.length} commands`);
    const checker = spawn(PYTHON, [join(ROOT, 'test/infra/aws_commands.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    checker.stdin.end(asked.map(({ text }) => `${JSON.stringify(text)}\n`).join(''));
    const lines = (await checker.stdout.toArray()).join('').trim().split('\n');
    const answers = lines.map((line) => JSON.parse(line) as string | null);
    assert.equal(answers.length, asked.length);
    const refused = asked.flatMap(({ file, text }, at) => (answers[at] ? [`${file}: ${answers[at]}: ${text}`] : []));
    assert.deepEqual(refused, []);
  });

  test('look for fields that our logs have', () => {
    const source = globSync('{app,sentinel,contract}/**/*.ts', { cwd: ROOT })
      .map((file) => readFileSync(join(ROOT, file), 'utf8'))
      .join('\n');
    const logged = new Set(
      [...source.matchAll(/log\s*\.\s*(?:debug|info|warn|error|fatal)\(\s*\{([^}]*)\}/g)].flatMap(([, fields]) =>
        [...fields!.matchAll(/(?:^|,)\s*(?:\.\.\.)?(\w+)/g)].map(([, name]) => name!),
      ),
    );
    const known = new Set<string>([
      ...Object.values(SENTINEL_METRICS),
      ...Object.values(TASK_METRICS),
      ...['level', 'role', 'msg'],
      ...logged,
    ]);
    const unknown = commands.flatMap(({ file, line }) =>
      [...line.matchAll(/\$\.(\w+)/g)].filter(([, field]) => !known.has(field!)).map(([field]) => `${file}: ${field}`),
    );
    assert.deepEqual(unknown, []);
  });
});

test('a runbook whose alarm rings by silence says what silence may mean', () => {
  const posture = resolve({ oncall: { telegramChat: '-1001234567890' } });
  const silences = alarms(posture).filter(({ missing }) => missing === 'breaching');
  assert.ok(silences.length >= 5);
  for (const { id } of silences)
    assert.match(books.get(`${id}.md`)!, /silent|silence|no data|tells nothing|tells the sentinel no/i, id);
});
