/** One verb from the command line to its outcome: where it is asked, what is asked before a change, how it is shown. */
import { createInterface } from 'node:readline/promises';
import { parse } from 'yaml';
import { readFile } from 'node:fs/promises';
import type { Outcome } from '../../app/ops/outcome.ts';
import { OpsUsage, parseOps, type Parsed } from '../../app/ops/parse.ts';
import { OPTIONS, type OptionName, type Verb } from '../../app/ops/verb.ts';
import { VERBS } from '../../app/ops/verbs.ts';
import { namePrefix } from '../../infra/aws/names.ts';
import { PostureError } from '../../posture/resolve.ts';
import { UsageError } from '../command-line.ts';
import { loadStack, StackError } from '../stack-file.ts';
import { inDocker } from './docker.ts';
import { here } from './here.ts';
import { PlaceError, type Place } from './place.ts';
import { render } from './render.ts';

const optionLines = (names: readonly OptionName[]): string =>
  names
    .map((name) => {
      const { type, says } = OPTIONS[name];
      return `  ${`--${name}${type === 'string' ? ' …' : ''}`.padEnd(19)}${says}`;
    })
    .join('\n');

const EXIT = 'Exit status: 0 done, 1 it could not be done, 2 the command cannot be understood.';

export const HELP = `npm run ops -- VERB [-s STACK] [--json] [--yes]

Asks a running bot, and decides about what it could not do by itself. Without -s it is the bot that npm start runs
here; with it that of Pulumi.STACK.yaml, in AWS by a one-off task of the same image, as the database's operator.

${VERBS.map(({ name, takes, says }) => `  ${`${name} ${takes}`.padEnd(36)}${says}`).join('\n')}

  -s, --stack NAME   the stack
  --json             the outcome as JSON
  --yes              do it without asking
${optionLines(Object.keys(OPTIONS) as OptionName[])}

What changes something says what users will see of it, asks, wants a --reason, and is written down with your name.
VERB --help says more of one.

${EXIT}`;

/** Of one verb. */
export const helpOf = ({ name, takes, says, users, options }: Verb): string =>
  [
    `npm run ops -- ${`${name} ${takes}`.trim()} [-s STACK] [--json]${users === undefined ? '' : ' [--yes]'}`,
    `${says[0]!.toUpperCase()}${says.slice(1)}.`,
    ...(users === undefined ? [] : [`What users will see: ${users}`]),
    ...(options.length > 0 ? [optionLines(options)] : []),
    EXIT,
  ].join('\n\n');

interface Own {
  stack: string | undefined;
  json: boolean;
  yes: boolean;
  help: boolean;
  /** What is left: the verb and what belongs to it. */
  args: string[];
}

/** Takes out what is for this machine; the rest is read by the verb's own reader, here and in the image. */
export function split(typed: readonly string[]): Own {
  const own: Own = { stack: undefined, json: false, yes: false, help: false, args: [] };
  for (let index = 0; index < typed.length; index += 1) {
    const word = typed[index]!;
    const [, inline] = /^--stack=(.*)$/.exec(word) ?? [];
    if (word === '--json') own.json = true;
    else if (word === '--yes' || word === '-y') own.yes = true;
    else if (word === '--help' || word === '-h') own.help = true;
    else if (inline !== undefined) own.stack = inline;
    else if (word === '-s' || word === '--stack') {
      index += 1;
      own.stack = typed[index];
      if (own.stack === undefined || own.stack.startsWith('-'))
        throw new UsageError(`${word} takes the name of a stack`);
    } else own.args.push(word);
  }
  return own;
}

/** @throws one line, where there is no such stack */
export async function placeOf(stack: string | undefined): Promise<Place> {
  if (stack === undefined) return here();
  const { config, target, file } = await loadStack(stack);
  const { name: project } = parse(await readFile('Pulumi.yaml', 'utf8')) as { name: string };
  const prefix = namePrefix(project, stack);
  if (target === 'docker') return inDocker(prefix, stack);
  const { inAws } = await import('./aws.ts');
  return inAws({ prefix, stack, file, config });
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

function show(outcome: Outcome, json: boolean): void {
  if (!json) return print(render(outcome));
  const { tables, said, ok = true } = outcome;
  print(
    JSON.stringify({ ok, said, tables: Object.fromEntries(tables.map(({ title, rows }) => [title, rows])) }, null, 2),
  );
}

/** Shows what would be done and what users will see, and asks. On a terminal alone: a script says --yes. */
async function confirmed(place: Place, parsed: Parsed, own: Own): Promise<string[] | undefined> {
  const { verb } = parsed;
  if (!process.stdin.isTTY)
    throw new OpsUsage(`${verb.name} changes something at ${place.name} and nobody is there to ask: add --yes`);
  const outcome = await place.ask([...own.args, ...(parsed.dryRun ? [] : ['--dry-run'])]);
  complain(render(outcome));
  if (outcome.ok === false || parsed.dryRun) return undefined;
  complain(`\nWhat users will see: ${verb.users}`);
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const args = [...own.args];
    if (parsed.reason === undefined) {
      const reason = (await ask.question('Why? It is kept in the audit: ')).trim();
      if (reason === '') return undefined;
      args.push('--reason', reason);
    }
    const answer = await ask.question(`${verb.name} at ${place.name}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim()) ? args : undefined;
  } finally {
    ask.close();
  }
}

async function perform(typed: readonly string[]): Promise<number> {
  const own = split(typed);
  if (own.help || own.args.length === 0) {
    const [one, two] = [1, 2].map((words) => VERBS.find(({ name }) => name === own.args.slice(0, words).join(' ')));
    const verb = two ?? one;
    if (own.help) print(verb ? helpOf(verb) : HELP);
    else throw new OpsUsage('which verb? npm run ops -- --help lists them');
    return 0;
  }
  // Read here first: a mistake is told at once, and starts no task.
  const terminal = process.stdin.isTTY;
  const parsed = parseOps(own.args, { wantsReason: own.yes || !terminal });
  const place = await placeOf(own.stack);
  if (place.patience) complain(place.patience);
  let args: readonly string[] | undefined = own.args;
  const changes = parsed.verb.users !== undefined && !parsed.dryRun;
  if (changes && !own.yes) {
    args = await confirmed(place, parsed, own);
    if (!args) {
      complain('Nothing was changed.');
      return 1;
    }
  }
  const outcome = await place.ask(args);
  if (changes && own.yes) complain(`What users will see: ${parsed.verb.users}`);
  show(outcome, own.json);
  return outcome.ok === false ? 1 : 0;
}

/** Runs a command line to its exit status; every mistake is one line. */
export async function main(typed: readonly string[]): Promise<number> {
  try {
    return await perform(typed);
  } catch (error) {
    const usage = error instanceof OpsUsage || error instanceof UsageError || error instanceof StackError;
    if (!usage && !(error instanceof PlaceError) && !(error instanceof PostureError)) throw error;
    complain(error.message);
    return usage ? 2 : 1;
  }
}
