import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve as absolute } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { offeredCommands } from '../../app/features/index.ts';
import { prove } from '../../posture/laws/index.ts';
import { resolve } from '../../posture/resolve.ts';
import { stackSchemaText } from '../../posture/stack-schema.ts';

interface Ended {
  code: number;
  out: string;
  err: string;
}

const SCRIPT = absolute('scripts/posture.ts');
const SHIPPED = absolute('test/fixtures');

/** Runs the command as a terminal-less process, in a directory of one's choice. */
/** Runs where the shipped stack files are: those in the root are the user's own. */
const posture = (args: string[], cwd = SHIPPED): Promise<Ended> =>
  new Promise((done) => {
    execFile(process.execPath, [SCRIPT, ...args], { cwd }, (error, out, err) => {
      done({ code: error ? Number(error.code) : 0, out, err });
    });
  });

/** A directory with the shipped stacks and one more. */
async function directory(t: TestContext, text: string): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'evenkeel-posture-'));
  t.after(() => rm(cwd, { recursive: true }));
  await cp(join(SHIPPED, 'Pulumi.prod.yaml'), join(cwd, 'Pulumi.prod.yaml'));
  await writeFile(join(cwd, 'Pulumi.mine.yaml'), text);
  return cwd;
}

describe('npm run posture', () => {
  it('prints posture, proof, promises and alarms of a stack that obeys the laws, and exits 0', async () => {
    const { code, out, err } = await posture(['prod']);
    assert.equal(code, 0);
    assert.equal(err, '');
    for (const part of ['Posture', 'Proof', 'Promises', 'Alarms']) assert.ok(out.includes(`\n${part}`), part);
    assert.match(out, /✓ connections\.fit/);
    assert.match(out, /connections\.peak +177 of 185/);
    assert.match(out, /database-connections +\S+ +Maximum of DatabaseConnections > 145/);
    assert.match(out, /prod obeys all \d+ laws\.\n$/);
    assert.ok(!out.includes('\u001b'), 'colours without a terminal');
  });

  it('exits 1 and writes one line for each violation of a what-if', async () => {
    const { code, out, err } = await posture([
      'prod',
      '--set',
      'worker.pool=20',
      '--set',
      'telegram.maxConnections=100',
    ]);
    assert.equal(code, 1);
    const lines = err.trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => line.split(':')[0]),
      ['connections.fit', 'webhook.absorbs'],
    );
    assert.match(lines[0]!, /Smallest change: worker\.pool 20 → 8/);
    assert.match(out, /✗ connections\.fit/);
    assert.match(out, /prod breaks 2 of \d+ laws/);
  });

  it('is JSON for machines, obeyed or broken', async () => {
    const holds = await posture(['local', '--json']);
    const whole = JSON.parse(holds.out) as ReturnType<typeof prove> & {
      stack: string;
      posture: unknown;
      alarms: unknown[];
    };
    assert.equal(holds.code, 0);
    assert.equal(whole.stack, 'local');
    assert.equal(whole.holds, true);
    assert.ok(whole.alarms.length > 20);
    assert.deepEqual(prove(resolve(whole.posture)).promises, whole.promises);

    const broken = await posture(['local', '--json', '--set', 'worker.pool=90']);
    assert.equal(broken.code, 1);
    const { violations } = JSON.parse(broken.out) as ReturnType<typeof prove>;
    assert.equal(violations[0]!.law, 'connections.fit');
    assert.ok(violations[0]!.changes.length > 0);
  });

  it('compares two stacks by what differs', async () => {
    const { code, out } = await posture(['prod', '--against', 'local']);
    assert.equal(code, 0);
    assert.match(out, /^ {2}database\.multiAz +true +false$/m);
    assert.match(out, /^ {2}connections\.peak +177 of 185 +93 of 97$/m);
    assert.ok(!out.includes('web.memory'));
    assert.equal((await posture(['prod', '--against', 'prod'])).out, 'prod and prod declare the same posture.\n');
    const json = JSON.parse((await posture(['prod', '--against', 'local', '--json'])).out) as { posture: unknown[] };
    assert.ok(
      json.posture.some((one) => JSON.stringify(one) === '{"path":"stage","values":["production","development"]}'),
    );
  });

  it('explains itself', async () => {
    const { code, out } = await posture(['--help']);
    assert.equal(code, 0);
    assert.match(out, /npm run posture -- <stack> --set worker\.pool=40/);
  });

  it('exits 2, on one line, when the command cannot be understood', async (t) => {
    const cwd = await directory(t, '');
    const cases: [string[], RegExp][] = [
      [[], /^which stack\? .*mine, prod\n$/],
      [['prd'], /^Pulumi\.prd\.yaml does not exist; the stacks here are mine, prod\n$/],
      [['prod', '--against', 'prd'], /^Pulumi\.prd\.yaml does not exist/],
      [['prod', 'mine'], /^one stack at a time/],
      [['prod', '--sett', 'a=b'], /^unknown option "--sett"; did you mean "--set"\?/],
      [['prod', '--set', 'worker.pool'], /^--set takes path=value/],
    ];
    for (const [args, wanted] of cases) {
      const { code, out, err } = await posture(args, cwd);
      assert.equal(code, 2, args.join(' '));
      assert.equal(out, '');
      assert.match(err, wanted);
      assert.equal(err.split('\n').length, 2);
    }
  });

  it('exits 1 with a line and its place for each mistake in a posture', async (t) => {
    const cwd = await directory(
      t,
      'config:\n  evenkeel:posture:\n    worker:\n      poool: 8\n      drain: 100\n    web: { memory: 512MB }\n',
    );
    const { code, err } = await posture(['mine'], cwd);
    assert.equal(code, 1);
    const lines = err.trimEnd().split('\n').sort();
    assert.equal(lines.length, 3);
    assert.match(lines[0]!, /^Pulumi\.mine\.yaml:4: worker\.poool: unknown key; did you mean "pool"\?/);
    assert.match(lines[1]!, /^Pulumi\.mine\.yaml:5: worker\.drain: 100 is not accepted/);
    assert.match(lines[2]!, /^Pulumi\.mine\.yaml:6: web\.memory: "512MB" is not accepted/);
  });

  it('names file and line of what is no YAML', async (t) => {
    const cwd = await directory(t, 'config:\n  evenkeel:posture:\n    worker: { pool: 8\n    web: {}\n');
    const { code, err } = await posture(['mine'], cwd);
    assert.equal(code, 1);
    assert.match(err, /^Pulumi\.mine\.yaml:\d+: \S.*\n$/);
  });

  it('names --set, and no innocent line, for a mistake in what was set', async () => {
    const cases: [string[], RegExp][] = [
      [['worker.pol=4'], /^--set worker\.pol: unknown key; did you mean "pool"\?/],
      [['worker.cpu=300'], /^--set worker\.cpu: 300 is not accepted: one of 256, 512, 1024, 2048, 4096\n$/],
      [['web.tasks.min=9'], /^--set web\.tasks: .*raise max to 9 or lower min to 4\n$/],
      [['oncall.emails[0]=foo'], /^--set oncall\.emails\.0: "foo" is not accepted: an e-mail address/],
    ];
    for (const [set, wanted] of cases) {
      const { code, err } = await posture(['prod', ...set.flatMap((one) => ['--set', one])]);
      assert.equal(code, 1);
      assert.match(err, wanted);
    }
  });

  it('reads a posture with an encrypted value in it, as Pulumi writes one', async (t) => {
    const cwd = await directory(
      t,
      'config:\n  evenkeel:posture:\n    oncall:\n      https:\n        - secure: v1:abc:def\n',
    );
    const { code, err } = await posture(['mine'], cwd);
    assert.equal(err, '');
    assert.equal(code, 0);
  });

  it('refuses a misspelt key beside the posture, which would leave the posture unread', async (t) => {
    const cwd = await directory(
      t,
      'config:\n  aws:region: eu-central-1\n  evenkeel:postur:\n    worker: { pool: 90 }\n',
    );
    const { code, err } = await posture(['mine'], cwd);
    assert.equal(code, 1);
    assert.equal(err, 'Pulumi.mine.yaml:3: evenkeel:postur: unknown key; did you mean "evenkeel:posture"?\n');
  });

  it('refuses what preview would refuse, and warns of what it would warn of', async (t) => {
    const refused: [string, RegExp][] = [
      ['ingress.domain=bot.example.com', /^ingress\.domain: "bot\.example\.com" has no ingress\.zone/],
      [
        'features.cryptoPay=true',
        /^evenkeel:cryptoPayToken is not set: .*, or switch the feature off: .*cryptoPay false$/m,
      ],
      ['network.cidr=10.0.0.0/8', /^network\.cidr: "10\.0\.0\.0\/8" cannot hold the subnets/],
    ];
    for (const [set, wanted] of refused) {
      const { code, out, err } = await posture(['prod', '--set', set]);
      assert.equal(code, 1);
      assert.match(err, wanted);
      assert.match(out, /prod obeys all \d+ laws, but cannot be deployed\.\n$/);
    }
    const keyed =
      'config:\n  evenkeel:cryptoPayToken: { secure: v1:x }\n  evenkeel:posture: { features: { cryptoPay: true } }\n';
    assert.equal((await posture(['mine'], await directory(t, keyed))).code, 0, 'its value is Pulumi’s to know');
    assert.match((await posture(['prod'])).out, /\nWarning: oncall\.emails: "oncall@example\.com" is an example/);
    const empty = await posture(['mine'], await directory(t, ''));
    assert.match(
      empty.out,
      /\nWarning: Pulumi\.mine\.yaml says nothing under evenkeel:posture: these are the defaults\n/,
    );
  });

  it('takes a stack without a posture as one of defaults', async (t) => {
    const cwd = await directory(t, 'config:\n  aws:region: eu-central-1\n');
    assert.equal((await posture(['mine'], cwd)).code, 0);
    assert.equal((await posture(['mine'], await directory(t, ''))).code, 0);
  });

  it('reads --set as YAML, with its types', async () => {
    const set = ['--set', 'database.multiAz=true', '--set', 'telegram.allowedUpdates=[message, inline_query]'];
    const { code, out } = await posture(['local', '--json', ...set, '--set', 'web.drain=21s']);
    assert.equal(code, 0);
    const { posture: written } = JSON.parse(out) as {
      posture: { database: { multiAz: unknown }; telegram: { allowedUpdates: unknown }; web: { drain: unknown } };
    };
    assert.equal(written.database.multiAz, true);
    assert.deepEqual(written.telegram.allowedUpdates, ['message', 'inline_query']);
    assert.equal(written.web.drain, '21s');
  });
});

describe('the schema for editors', () => {
  it('is fresh: npm run posture -- --schema writes what is there', async () => {
    assert.equal(await readFile('posture.schema.json', 'utf8'), stackSchemaText());
  });

  it('is written by --schema', async (t) => {
    const cwd = await directory(t, '');
    const { code, out } = await posture(['--schema'], cwd);
    assert.equal(code, 0);
    assert.equal(out, 'posture.schema.json written\n');
    assert.equal(await readFile(join(cwd, 'posture.schema.json'), 'utf8'), stackSchemaText());
  });

  it('so is the menu of commands: npm run posture -- --commands writes what the features offer', async () => {
    assert.deepEqual(JSON.parse(await readFile('posture/commands.json', 'utf8')), offeredCommands());
  });

  it('is named by a modeline in every stack file', async () => {
    for (const name of ['prod', 'staging', 'local']) {
      const [first] = (await readFile(join(SHIPPED, `Pulumi.${name}.yaml`), 'utf8')).split('\n');
      assert.equal(first, '# yaml-language-server: $schema=./posture.schema.json');
    }
  });
});
