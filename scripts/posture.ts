/** `npm run posture -- prod`: the resolved posture of a stack, its proof, what it promises, its alarms. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { awsProblems, awsWarnings } from '../infra/aws/checks.ts';
import { prove } from '../posture/laws/index.ts';
import { PostureError } from '../posture/resolve.ts';
import { stackSchemaText } from '../posture/stack-schema.ts';
import { asJson, compare, comparison, report, verdict, violations } from './posture/report.ts';
import { loadStack, POSTURE_KEY, StackError, stackNames, type Stack } from './stack-file.ts';

const HELP = `Proves a stack's posture and prints what it promises.

  npm run posture -- <stack>                       the resolved posture, its proof, its promises, its alarms
  npm run posture -- <stack> --set worker.pool=40  what if; may be given more than once
  npm run posture -- <stack> --against <other>     what differs between two stacks
  npm run -s posture -- <stack> --json             the same for a machine, without npm's own lines
  npm run posture -- --schema                      writes posture.schema.json, by which editors complete the stack files

Exit status: 0 the posture obeys every law, 1 it does not or cannot be read, 2 the command cannot be understood.`;

const SCHEMA_FILE = 'posture.schema.json';

const OPTIONS = {
  set: { type: 'string', multiple: true, default: [] as string[] },
  against: { type: 'string' },
  json: { type: 'boolean', default: false },
  schema: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

/** @throws {StackError} when the command line is not one */
function readArguments(args: string[]) {
  try {
    const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
    if (positionals.length > 1) throw new StackError(`one stack at a time: ${positionals.join(', ')}; see --against`);
    return { ...values, name: positionals[0] };
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) throw new StackError(error.message);
    throw error;
  }
}

async function writeSchema(): Promise<number> {
  await writeFile(SCHEMA_FILE, stackSchemaText());
  print(`${SCHEMA_FILE} written`);
  return 0;
}

/** What `pulumi preview` would say beside the laws: where it refuses, and where it warns. */
function preview({ file, values, posture, target }: Stack): { problems: string[]; warnings: string[] } {
  const written = Object.keys(values ?? {}).length > 0;
  const empty = written ? [] : [`${file} says nothing under ${POSTURE_KEY}: these are the defaults`];
  if (target === 'docker') return { problems: [], warnings: empty };
  return { problems: awsProblems(posture), warnings: [...empty, ...awsWarnings(posture)] };
}

function show(stack: Stack, changes: string[], json: boolean): number {
  const proof = prove(stack.posture);
  const { problems, warnings } = preview(stack);
  if (json) print(JSON.stringify({ ...asJson(stack, proof), problems, warnings }, null, 2));
  else {
    const said = warnings.map((warning) => `Warning: ${warning}\n`).join('');
    print(`${report(stack, proof, changes)}\n\n${said}${verdict(stack, proof, problems)}`);
  }
  if (!proof.holds) complain(violations(proof));
  for (const problem of problems) complain(problem);
  return proof.holds && problems.length === 0 ? 0 : 1;
}

function showBoth(left: Stack, right: Stack, json: boolean): number {
  if (json) print(JSON.stringify({ stack: left.name, against: right.name, ...compare(left, right) }, null, 2));
  else print(comparison(left, right));
  const broken = [left, right]
    .map((stack) => ({ stack, proof: prove(stack.posture) }))
    .filter(({ proof }) => !proof.holds);
  for (const { stack, proof } of broken) complain(`${verdict(stack, proof)}\n${violations(proof)}`);
  return broken.length > 0 ? 1 : 0;
}

async function main(args: string[]): Promise<number> {
  const { name, set, against, json, schema, help } = readArguments(args);
  if (help) {
    print(HELP);
    return 0;
  }
  if (schema) return writeSchema();
  if (name === undefined)
    throw new StackError(
      `which stack? npm run posture -- <stack>; the stacks here are ${(await stackNames()).join(', ')}`,
    );
  const stack = await loadStack(name, undefined, set);
  return against === undefined ? show(stack, set, json) : showBoth(stack, await loadStack(against), json);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StackError || error instanceof PostureError)) throw error;
  complain(error.message);
  process.exitCode = error instanceof StackError ? 2 : 1;
}
