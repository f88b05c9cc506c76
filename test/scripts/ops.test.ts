/** `npm run ops` and `npm run psql` from the command line: on this machine and in Docker, against a real PostgreSQL. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sayWhere } from '../../local/platform/whereabouts.ts';
import { spellOut } from '../../posture/resolve.ts';
import { startWorld } from '../harness/world.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const world = await startWorld({ after }, { posture: { features: { chat: false } } });
const { database } = world;

/** A folder as a project has it, and nothing else on the machine. */
const folder = await mkdtemp(join(tmpdir(), 'ops-'));
after(() => rm(folder, { recursive: true }));
const temporary = join(folder, 'tmp');
const started = join(temporary, 'evenkeel-abc123');
const bin = join(folder, 'bin');
for (const path of [temporary, started, bin]) await mkdir(path);
await writeFile(join(folder, 'Pulumi.yaml'), 'name: evenkeel\n');
await writeFile(join(folder, 'Pulumi.local.yaml'), 'config:\n  evenkeel:target: docker\n');

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function run(script: 'ops' | 'psql', args: string[], { input = '', path = process.env['PATH'] } = {}): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(ROOT, `scripts/${script}.ts`), ...args],
    {
      cwd: folder,
      env: { ...process.env, TMPDIR: temporary, PATH: path },
    },
  );
  const ended: Ended = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => void (ended.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => void (ended.err += chunk.toString()));
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ended, code })));
}

const noTerminal = spawnSync('python3', ['-c', 'import pty']).status === 0 ? false : 'python3 makes the terminal';

/** Runs the command on a terminal of its own, on which each answer is typed when its question is there. */
async function onTerminal(args: string[], answers: string[]): Promise<{ code: number | null; out: string }> {
  const program = `
import os, pty, select, sys
answers = sys.argv[2].split('|')
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:2] + sys.argv[3:])
seen, asked = b'', [b'audit: ', b'[y/N] ']
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    seen += data
    if answers and asked[0] in seen:
        os.write(fd, answers.pop(0).encode() + b'\\n')
        asked.pop(0)
sys.stdout.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
  const command = ['--disable-warning=ExperimentalWarning', join(ROOT, 'scripts/ops.ts'), ...args];
  const child = spawn('python3', ['-c', program, process.execPath, answers.join('|'), ...command], {
    cwd: folder,
    env: { ...process.env, TMPDIR: temporary },
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (out += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out })));
}

const park = (id: number) =>
  database.sql(
    `INSERT INTO evenkeel.inbox (bot_id, update_id, queue, lane, state, settled_at, last_error, body)
     VALUES (1, $1, 'chat', '1:5', 'parked', now(), 'Forbidden', 'what a person wrote')`,
    [id],
  );

const stateOf = async (id: number) =>
  (await database.sql('SELECT state FROM evenkeel.inbox WHERE update_id = $1', [id]))[0]!['state'] as string;

describe('on this machine', () => {
  test('without a bot that runs, it says what to do', async () => {
    const { code, err } = await run('ops', ['status']);
    assert.deepEqual([code, err], [1, 'no bot runs here: npm start in another terminal, or name a stack with -s\n']);
  });

  test('it finds the bot that npm start runs, shows tables or JSON, and changes nothing without a yes', async (t) => {
    const take = await sayWhere(started, { databaseUrl: database.url('operator'), posture: world.posture });
    t.after(take);
    await park(7);
    const people = await run('ops', ['dead', 'list']);
    assert.equal(people.code, 0, people.err);
    assert.match(people.out, /^by cause\n {2}queue +cause +updates/);
    assert.match(people.out, /Forbidden/);
    assert.doesNotMatch(people.out, /what a person wrote/);
    const machine = await run('ops', ['dead', 'list', '--json']);
    const { ok, tables } = JSON.parse(machine.out) as {
      ok: boolean;
      tables: Record<string, Record<string, unknown>[]>;
    };
    assert.equal(ok, true);
    assert.equal(tables['parked updates, the latest first']![0]!['update'], 7);

    const unasked = await run('ops', ['dead', 'redrive', '7', '--reason', 'over']);
    assert.equal(unasked.code, 2);
    assert.match(
      unasked.err,
      /^dead redrive changes something at the bot on this machine and nobody is there to ask: add --yes\n$/,
    );
    assert.equal(await stateOf(7), 'parked');

    const done = await run('ops', ['dead', 'redrive', '7', '--reason', 'over', '--yes']);
    assert.deepEqual([done.code, done.out], [0, '1 update run again.\n'], done.err);
    assert.match(done.err, /^What users will see: Whoever wrote them gets the answer now/);
    assert.equal(await stateOf(7), 'pending');
    const [audit] = await database.sql('SELECT who, via FROM evenkeel.audit');
    assert.match(String(audit!['who']), /^\w.*@/);
  });

  test(
    'on a terminal it shows what would be done and what users will see, asks why, and asks',
    { skip: noTerminal },
    async (t) => {
      t.after(await sayWhere(started, { databaseUrl: database.url('operator'), posture: world.posture }));
      for (const [id, yes, state] of [
        [70, 'n', 'parked'],
        [71, 'y', 'pending'],
      ] as const) {
        await park(id);
        const { code, out } = await onTerminal(['dead', 'redrive', String(id)], ['it is over', yes]);
        assert.match(out, /to be run again[^]*What users will see: Whoever wrote them[^]*Why\?[^]*\[y\/N\]/);
        assert.equal(code, yes === 'y' ? 0 : 1, out);
        assert.equal(await stateOf(id), state);
      }
      assert.equal((await database.sql(`SELECT FROM evenkeel.audit WHERE reason = 'it is over'`)).length, 1);
    },
  );

  test('statements of one’s own are answered one after the other', async (t) => {
    t.after(await sayWhere(started, { databaseUrl: database.url('operator'), posture: world.posture }));
    const given = await run('psql', ['--json', '-c', 'SELECT 1 AS one', '-c', 'SELECT body FROM evenkeel.inbox']);
    assert.equal(given.code, 1);
    const [first, second] = given.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { ok: boolean; rows: unknown[] });
    assert.deepEqual(first!.rows, [{ one: '1' }]);
    assert.equal(second!.ok, false);
    const piped = await run('psql', [], { input: 'SELECT 1 AS one;\nSELECT\n2 AS two;\n\\q\nSELECT 3 AS three;' });
    assert.equal(piped.code, 0, piped.err);
    assert.match(piped.out, /one\n {2}1\n\n1 rows\n\nSELECT\n {2}two\n {2}2/);
    assert.doesNotMatch(piped.out, /three/);
  });
});

test('each mistake is one line, and exit 2, before anything is asked', async () => {
  for (const [script, args, line] of [
    ['ops', [], /^which verb\? npm run ops -- --help lists them$/],
    ['ops', ['statu'], /^unknown verb "statu"; did you mean "status"\?$/],
    ['ops', ['status', '-s'], /^-s takes the name of a stack$/],
    ['ops', ['status', '-s', 'prd'], /^Pulumi\.prd\.yaml does not exist; the stacks here are local$/],
    ['ops', ['dead', 'redrive', '7', '--yes'], /^dead redrive changes something: say why/],
    ['psql', ['SELECT 1'], /^"SELECT 1" is no option: a statement is given with -c, a stack with -s$/],
    ['psql', ['--limit', '0'], /^--limit takes a whole number from 1 to 500, not "0"$/],
    ['psql', ['--stak', 'x'], /^unknown option "--stak"; did you mean "--stack"\?/],
  ] as const) {
    const { code, err, out } = await run(script, [...args]);
    assert.deepEqual([code, out], [2, ''], err);
    assert.match(err.trimEnd(), line);
  }
  const help = await run('ops', ['--help']);
  assert.equal(help.code, 0);
  assert.match(help.out, /dead redrive UPDATE_ID… \| --all/);
});

describe('in Docker', () => {
  /** A docker command that knows one stack, and runs "the image" as a process here. */
  async function fakeDocker(inspected: object | undefined): Promise<string> {
    const file = join(bin, 'docker');
    await writeFile(
      file,
      `#!${process.execPath}
const { spawnSync } = require('node:child_process');
const args = process.argv.slice(2);
if (args[0] === 'ps') process.stdout.write(${inspected ? "args.includes('name=^/?evenkeel-local-migrate') ? 'abc\\n' : ''" : "''"});
else if (args[0] === 'inspect') process.stdout.write(${JSON.stringify(JSON.stringify([inspected]))});
else {
  if (args.some((word) => word.includes('postgres'))) throw new Error('a secret in a command line');
  const at = args.indexOf('the-image');
  const { status } = spawnSync(process.execPath, [${JSON.stringify(join(ROOT, 'app/main.ts'))}, ...args.slice(at + 1)], { stdio: 'inherit' });
  process.exitCode = status;
}
`,
    );
    await chmod(file, 0o755);
    return `${bin}${delimiter}${process.env['PATH']}`;
  }
  const inspected = (env: string[]) => ({
    Config: { Image: 'the-image', Env: env },
    NetworkSettings: { Networks: { net: {} } },
  });
  const migration = [
    `DATABASE_URL=${database.url()}`,
    `OPERATOR_DATABASE_PASSWORD=${world.postgres.password('operator')}`,
    `POSTURE=${JSON.stringify(spellOut(world.posture))}`,
  ];

  test('a stack is asked by a container of its image', async () => {
    await park(8);
    const path = await fakeDocker(inspected(migration));
    const listed = await run('ops', ['dead', 'show', '8', '-s', 'local', '--json'], { path });
    assert.equal(listed.code, 0, listed.err);
    assert.match(listed.out, /"update": 8/);
    const done = await run('ops', ['-s', 'local', 'dead', 'dismiss', '8', '--reason', 'gone', '--yes'], { path });
    assert.deepEqual([done.code, done.out], [0, '1 update given up for good.\n'], done.err);
    const refused = await run('ops', ['-s', 'local', 'dead', 'dismiss', '8', '--reason', 'gone', '--yes'], { path });
    assert.deepEqual([refused.code, refused.out], [1, 'Nothing there that could be given up for good.\n']);
  });

  test('one that is not there, or too old, or no docker at all, is one line', async () => {
    const absent = await run('ops', ['status', '-s', 'local'], { path: await fakeDocker(undefined) });
    assert.deepEqual([absent.code, absent.err], [1, 'stack local is not in this Docker: pulumi up -s local\n']);
    const old = await run('ops', ['status', '-s', 'local'], { path: await fakeDocker(inspected([migration[0]!])) });
    assert.match(old.err, /^stack local is of a release that has no operator yet/);
    const none = await run('ops', ['status', '-s', 'local'], { path: temporary });
    assert.equal(none.err, 'stack local runs in Docker, and there is no docker command here\n');
  });
});
