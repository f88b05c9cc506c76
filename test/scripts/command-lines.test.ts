/** What people type and what they write into a stack's file, wrong in every way that was met: one line each, nothing begun. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const FLAGS = ['--disable-warning=ExperimentalWarning', '--import', join(ROOT, 'scripts/needs-node.js')];
/** As many processes at once; each takes a second of one core. */
const AT_ONCE = 3;

interface Ended {
  code: number;
  out: string;
  err: string;
}

const run = (cwd: string, [script, ...args]: readonly string[]): Promise<Ended> =>
  new Promise((done) => {
    execFile(
      process.execPath,
      [...FLAGS, join(ROOT, `scripts/${script}.ts`), ...args],
      { cwd, timeout: 300_000, killSignal: 'SIGKILL' },
      (error, out, err) => done({ code: error ? Number(error.code ?? 255) : 0, out, err }),
    );
  });

/** A command, how it ends, and what it says. */
type Row = readonly [command: string, code: 0 | 1 | 2, line: RegExp];

const OPTIONS_HINT = 'lists the options$';

const COMMANDS: readonly Row[] = [
  // What is no command: 2.
  ['posture', 2, /^which stack\? npm run posture -- <stack>; the stacks here are local, prod, staging$/],
  ['posture prd', 2, /^Pulumi\.prd\.yaml does not exist; the stacks here are/],
  ['posture ../prod', 2, /^Pulumi\.\.\.\/prod\.yaml does not exist/],
  ['posture prod staging', 2, /^one stack at a time: prod, staging; see --against$/],
  ['posture prod --jsn', 2, /^unknown option "--jsn"; did you mean "--json"\?/],
  ['posture prod --JSON', 2, /^unknown option "--JSON"; did you mean "--json"\?/],
  ['posture prod --breif', 2, /^unknown option "--breif"; did you mean "--brief"\?/],
  [
    'posture prod --frobnicate',
    2,
    new RegExp(`^unknown option "--frobnicate"; npm run posture -- --help ${OPTIONS_HINT}`),
  ],
  ['posture prod -j', 2, /^unknown option "-j"/],
  ['posture prod --set', 2, new RegExp(`--set.*argument missing; npm run posture -- --help ${OPTIONS_HINT}`)],
  ['posture prod --set --json', 2, /'--set.*argument is ambiguous/],
  ['posture prod --set worker.pool', 2, /^--set takes path=value, such as "worker\.pool=40", not "worker\.pool"$/],
  ['posture prod --set =4', 2, /^--set takes path=value/],
  ['posture prod --set worker..pool=4', 2, /^--set takes path=value/],
  ['posture prod --set worker.pool=', 2, /^--set takes path=value/],
  ['posture prod --json=yes', 2, /--json.*does not take an argument/],
  ['posture prod --against', 2, /argument missing/],
  ['posture prod --against prd', 2, /^Pulumi\.prd\.yaml does not exist/],
  [
    'posture prod --only promise',
    2,
    /^--only takes posture, proof, promises, alarms, not "promise"; did you mean "promises"\?$/,
  ],
  ['posture prod --only everything', 2, /^--only takes posture, proof, promises, alarms, not "everything"$/],
  ['posture init', 2, /^npm run posture -- init NAME: letters, digits/],
  ['posture init prod', 2, /^Pulumi\.prod\.yaml is there already: nothing was written$/],
  ['posture init ../x', 2, /^npm run posture -- init NAME: .*, not "\.\.\/x"$/],
  ['posture diff', 2, /^npm run posture -- diff REV: a commit/],
  ['posture diff nowhere', 2, /^git knows no commit "nowhere" here/],
  ['posture diff --output=x', 2, /^unknown option "--output"; did you mean "--out"\?/],
  ['cost', 2, /^which stack\?/],
  ['cost prd', 2, /^Pulumi\.prd\.yaml does not exist/],
  ['cost prod local', 2, /^which stack\? .*one at a time/],
  ['cost prod --jason', 2, /^unknown option "--jason"; did you mean "--json"\?/],
  ['cost prod --set pool', 2, /^--set takes path=value/],
  ['start --prot 4700', 2, /^unknown option "--prot"; did you mean "--port"\? npm start -- --help lists the options$/],
  ['start --port', 2, /--port.*argument missing; npm start -- --help lists the options$/],
  ['start --port many', 2, /^--port takes a number from 1 to 65535, or 0 for any that is free, not "many"$/],
  ['start --port 0x10', 2, /^--port takes a number .*not "0x10"$/],
  ['start --port 70000', 2, /^--port takes a number .*not "70000"$/],
  ['start --port 1.5', 2, /^--port takes a number .*not "1\.5"$/],
  ['start --port -1', 2, /--port.* argument is ambiguous; npm start -- --help lists the options$/],
  ['start --port=-1', 2, /^--port takes a number .*not "-1"$/],
  ['start prod', 2, /^"prod" is no option: a stack is named by --stack prod; npm start -- --help lists the options$/],
  ['start --stack nowhere', 2, /^Pulumi\.nowhere\.yaml does not exist/],
  ['start --no-brwoser', 2, /^unknown option "--no-brwoser"; did you mean "--no-browser"\?/],
  ['start --keep=no', 2, /--keep.*does not take an argument/],
  ['start --set worker.pool', 2, /^--set takes path=value/],
  ['bench --qick', 2, /^unknown option "--qick"; did you mean "--quick"\?/],
  ['bench intakes', 2, /^there is no part "intakes"; name one of intake/],
  ['test --jbos 2', 2, /--jbos/],
  ['test --jobs none', 2, /--jobs none: wants a number from 1/],
  // What is a command, and a posture that is none: 1.
  ['posture prod --set worker.pol=4', 1, /^--set worker\.pol: unknown key; did you mean "pool"\?/],
  ['posture prod --set telegram.foo=1', 1, /^--set telegram\.foo: unknown key; known here: /],
  ['posture prod --set worker.cpu=300', 1, /^--set worker\.cpu: 300 is not accepted: one of 256, 512/],
  ['posture prod --set worker.pool=many', 1, /^--set worker\.pool: "many" is not accepted: a (whole )?number$/],
  ['posture prod --set worker.drain=40', 1, /^--set worker\.drain: 40 is not accepted: /],
  ['posture prod --set worker=8', 1, /^--set worker: 8 is not accepted: a section/],
  ['posture prod --set database.multiAz=maybe', 1, /^--set database\.multiAz: "maybe" is not accepted: true or false$/],
  ['posture prod --set oncall.emails[0]=foo', 1, /^--set oncall\.emails\.0: "foo" is not accepted: an e-mail address/],
  ['posture prod --set worker.pool=40', 1, /^connections\.fit: .*Smallest change: /],
  ['posture prod --set ingress.domain=bot.example.com', 1, /^ingress\.domain: .* has no ingress\.zone/],
  ['posture prod --set network.cidr=8.8.0.0/16', 1, /^network\.cidr: .*belongs to somebody in the internet/],
  ['posture prod --set database.storage.max=200TiB', 1, /database\.storage\.max/],
  ['cost prod --set worker.pool=40', 1, /^connections\.fit: /],
  ['start --set worker.pool=400', 1, /worker\.pool.*400/],
  ['start --set worker.pool=60', 1, /^connections\.fit: /],
];

/** A stack's file that something has gone wrong with. */
const DAMAGED: Readonly<Record<string, readonly [text: string, line: RegExp]>> = {
  tabs: ['config:\n\tevenkeel:posture: {}\n', /^Pulumi\.tabs\.yaml:2: Tabs are not allowed/],
  list: ['- a\n- b\n', /^Pulumi\.list\.yaml: wanted keys, of which "config" has the posture$/],
  'config-list': ['config: [a]\n', /^Pulumi\.config-list\.yaml:1: config: wanted keys/],
  'config-mistyped': [
    'confg:\n  evenkeel:posture: {}\n',
    /^Pulumi\.config-mistyped\.yaml:1: confg: unknown key; did you mean "config"\?$/,
  ],
  'config-missing': [
    'evenkeel:posture: {}\n',
    /^Pulumi\.config-missing\.yaml:1: evenkeel:posture: unknown key; it belongs under config:$/,
  ],
  'posture-mistyped': [
    'config:\n  evenkeel:postur: {}\n',
    /^Pulumi\.posture-mistyped\.yaml:2: evenkeel:postur: unknown key; did you mean "evenkeel:posture"\?$/,
  ],
  'posture-list': [
    'config:\n  evenkeel:posture: [web]\n',
    /^Pulumi\.posture-list\.yaml:2: posture: \["web"\] is not accepted: a section/,
  ],
  'posture-text': [
    'config:\n  evenkeel:posture: web\n',
    /^Pulumi\.posture-text\.yaml:2: posture: "web" is not accepted: a section/,
  ],
  'section-empty': [
    'config:\n  evenkeel:posture:\n    worker:\n',
    /^Pulumi\.section-empty\.yaml:3: worker: null is not accepted: a section/,
  ],
  twice: [
    'config:\n  evenkeel:posture:\n    web: {}\n    web: {}\n',
    /^Pulumi\.twice\.yaml:4: Map keys must be unique$/,
  ],
  unclosed: ['config:\n  evenkeel:posture: { worker: { pool: 8 }\n', /^Pulumi\.unclosed\.yaml:\d+: /],
  quote: ["config:\n  evenkeel:posture:\n    stage: 'production\n", /^Pulumi\.quote\.yaml:4: Missing closing 'quote$/],
  alias: ['config:\n  evenkeel:posture:\n    worker: *none\n', /^Pulumi\.alias\.yaml: Unresolved alias/],
  documents: ['config: {}\n---\nconfig: {}\n', /^Pulumi\.documents\.yaml:\d: a second document begins here/],
  merge: [
    'config:\n<<<<<<< HEAD\n  a: 1\n=======\n  a: 2\n>>>>>>> b\n',
    /^Pulumi\.merge\.yaml:2: a merge stands here that nobody has finished/,
  ],
  target: [
    'config:\n  evenkeel:target: gcp\n',
    /^Pulumi\.target\.yaml:2: evenkeel:target: "gcp" is not accepted: one of aws, docker$/,
  ],
  unit: [
    'config:\n  evenkeel:posture:\n    worker: { drain: 40 sec }\n',
    /^Pulumi\.unit\.yaml:3: worker\.drain: "40 sec" is not accepted: a duration/,
  ],
  binary: ['\u0001\u0002\u0003 %$& \u0007', /^Pulumi\.binary\.yaml(:\d+)?: /],
};

describe('what is wrong', () => {
  let cwd: string;
  let ended: Map<string, Ended>;
  const all = [
    ...COMMANDS.map(([command]) => command),
    ...Object.keys(DAMAGED).map((name) => `posture ${name} --brief`),
  ];

  before(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'evenkeel-typed-'));
    after(() => rmSync(cwd, { recursive: true, force: true }));
    const typed = join(cwd, 'typed');
    const damaged = join(cwd, 'damaged');
    cpSync(join(ROOT, 'test/fixtures'), typed, { recursive: true });
    mkdirSync(damaged);
    mkdirSync(join(damaged, 'Pulumi.folder.yaml'));
    for (const [name, [text]] of Object.entries(DAMAGED)) writeFileSync(join(damaged, `Pulumi.${name}.yaml`), text);
    ended = new Map();
    const open = [...all, 'posture folder --brief'];
    const work = async (): Promise<void> => {
      for (let command = open.shift(); command !== undefined; command = open.shift())
        ended.set(command, await run(command.endsWith('--brief') ? damaged : typed, command.split(' ')));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  });

  const judge = (command: string, code: number, line: RegExp): void => {
    const { code: was, out, err } = ended.get(command)!;
    assert.equal(was, code, `${command}: ${err}${out}`);
    const said = stripVTControlCharacters(err).trimEnd();
    assert.equal(said.split('\n').length, 1, `one line, not ${err}`);
    assert.match(said, line);
    if (code === 2) assert.equal(out, '', 'nothing was begun');
  };

  for (const [command, code, line] of COMMANDS) test(`typed: ${command}`, () => judge(command, code, line));
  for (const [name, [, line]] of Object.entries(DAMAGED))
    test(`written: ${name}`, () => judge(`posture ${name} --brief`, 1, line));
  test('written: a folder in its place', () =>
    judge('posture folder --brief', 1, /^Pulumi\.folder\.yaml cannot be read: it is a folder$/));
});
