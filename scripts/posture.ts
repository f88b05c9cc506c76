/** `npm run posture -- prod`: the resolved posture of a stack, its proof, what it promises, its alarms. */
import { writeFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { awsProblems, awsWarnings } from '../infra/aws/checks.ts';
import { missingForProviders } from '../infra/provider-keys.ts';
import { prove } from '../posture/laws/index.ts';
import { nearest } from '../posture/problem.ts';
import { PostureError } from '../posture/resolve.ts';
import { stackSchemaText } from '../posture/stack-schema.ts';
import { readCommandLine, UsageError } from './command-line.ts';
import { diff } from './posture/diff.ts';
import { init } from './posture/init.ts';
import {
  asJson,
  compare,
  comparison,
  report,
  SECTION_NAMES,
  verdict,
  violations,
  type Section,
} from './posture/report.ts';
import { loadStack, POSTURE_KEY, StackError, stackNames, type Stack } from './stack-file.ts';

const HELP = `Proves a stack's posture and prints what it promises.

  npm run posture -- <stack>                       the resolved posture, its proof, its promises, its alarms
  npm run posture -- <stack> --brief               the verdict alone, with what is warned of
  npm run posture -- <stack> --only promises       one section: ${SECTION_NAMES.join(', ')}; may be given more than once
  npm run posture -- <stack> --set worker.pool=40  what if; may be given more than once
  npm run posture -- <stack> --against <other>     what differs between two stacks
  npm run -s posture -- <stack> --json             the same for a machine, without npm's own lines
  npm run posture -- <stack> --out FILE            writes what it prints to a file instead
  npm run -s posture -- diff REV [stack …]         what differs from a commit: limits, promises, alarms, cost; Markdown
  npm run posture -- init NAME                     writes Pulumi.NAME.yaml, every key with its default and its meaning
  npm run posture -- --schema                      writes posture.schema.json, by which editors complete the stack files
  npm run posture -- --commands                    writes posture/commands.json: the menu of commands that the features offer

Exit status: 0 the posture obeys every law, 1 it does not or cannot be read, 2 the command cannot be understood.`;

const SCHEMA_FILE = 'posture.schema.json';
const COMMANDS_FILE = 'posture/commands.json';

const OPTIONS = {
  set: { type: 'string', multiple: true, default: [] as string[] },
  against: { type: 'string' },
  brief: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] as string[] },
  json: { type: 'boolean', default: false },
  out: { type: 'string' },
  schema: { type: 'boolean', default: false },
  commands: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const complain = (text: string): void => void process.stderr.write(`${text}\n`);

/** What is said, and the exit status. */
interface Said {
  text: string;
  complaints: string[];
  code: number;
}

/** @throws {UsageError} when the command line is not one */
function readArguments(args: string[]) {
  const { values, positionals } = readCommandLine(args, OPTIONS, 'npm run posture');
  const unknown = values.only.find((section) => !(SECTION_NAMES as string[]).includes(section));
  if (unknown !== undefined) {
    const meant = nearest(unknown, SECTION_NAMES);
    throw new UsageError(
      `--only takes ${SECTION_NAMES.join(', ')}, not "${unknown}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
    );
  }
  const only = values.brief ? [] : values.only.length > 0 ? (values.only as Section[]) : undefined;
  return { ...values, only, words: positionals };
}

async function writeSchema(): Promise<Said> {
  await writeFile(SCHEMA_FILE, stackSchemaText());
  return { text: `${SCHEMA_FILE} written`, complaints: [], code: 0 };
}

async function writeCommands(): Promise<Said> {
  // Loads the whole bot, which nothing else here needs.
  const { commandsText } = await import('./posture/commands.ts');
  await writeFile(COMMANDS_FILE, commandsText());
  return { text: `${COMMANDS_FILE} written`, complaints: [], code: 0 };
}

/** What `pulumi preview` would say beside the laws: where it refuses, and where it warns. */
function preview({ file, config, elsewhere, values, posture, target }: Stack): {
  problems: string[];
  warnings: string[];
} {
  const written = Object.keys(values ?? {}).length > 0;
  const empty = written ? [] : [`${file} says nothing under ${POSTURE_KEY}: these are the defaults`];
  const keys = elsewhere ? [] : missingForProviders(config, posture);
  if (target === 'docker') return { problems: keys, warnings: empty };
  return { problems: [...keys, ...awsProblems(posture)], warnings: [...empty, ...awsWarnings(posture)] };
}

function show(stack: Stack, changes: string[], json: boolean, only: Section[] | undefined): Said {
  const proof = prove(stack.posture);
  const { problems, warnings } = preview(stack);
  const said = warnings.map((warning) => `Warning: ${warning}\n`).join('');
  return {
    text: json
      ? JSON.stringify({ ...asJson(stack, proof), problems, warnings }, null, 2)
      : `${report(stack, proof, changes, only)}\n\n${said}${verdict(stack, proof, problems)}`,
    complaints: [...(proof.holds ? [] : [violations(proof)]), ...problems],
    code: proof.holds && problems.length === 0 ? 0 : 1,
  };
}

function showBoth(left: Stack, right: Stack, json: boolean): Said {
  const broken = [left, right]
    .map((stack) => ({ stack, proof: prove(stack.posture) }))
    .filter(({ proof }) => !proof.holds);
  return {
    text: json
      ? JSON.stringify({ stack: left.name, against: right.name, ...compare(left, right) }, null, 2)
      : comparison(left, right),
    complaints: broken.map(({ stack, proof }) => `${verdict(stack, proof)}\n${violations(proof)}`),
    code: broken.length > 0 ? 1 : 0,
  };
}

async function say(args: string[]): Promise<Said & { out?: string | undefined }> {
  const { words, set, against, json, schema, commands, help, only, out } = readArguments(args);
  if (help) return { text: HELP, complaints: [], code: 0 };
  if (schema) return writeSchema();
  if (commands) return writeCommands();
  const [name, ...more] = words;
  if (name === 'init') {
    if (more.length > 1) throw new UsageError(`one stack at a time: ${more.join(', ')}`);
    return { text: `${await init(more[0])} written`, complaints: [], code: 0 };
  }
  if (name === 'diff') {
    const { text, holds } = await diff(more[0], more.slice(1));
    return { text, complaints: [], code: holds ? 0 : 1, out };
  }
  if (name === undefined)
    throw new StackError(
      `which stack? npm run posture -- <stack>; the stacks here are ${(await stackNames()).join(', ')}`,
    );
  if (more.length > 0) throw new StackError(`one stack at a time: ${words.join(', ')}; see --against`);
  const stack = await loadStack(name, undefined, set);
  const said = against === undefined ? show(stack, set, json, only) : showBoth(stack, await loadStack(against), json);
  return { ...said, out };
}

async function main(args: string[]): Promise<number> {
  const { text, complaints, code, out } = await say(args);
  if (out === undefined) process.stdout.write(`${text}\n`);
  else await writeFile(out, `${stripVTControlCharacters(text)}\n`);
  for (const complaint of complaints) complain(complaint);
  return code;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof PostureError)) throw error;
  complain(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
