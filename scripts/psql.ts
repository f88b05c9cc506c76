/**
 * `npm run psql`: statements of one's own, read-only, as the database's operator, who sees no texts. Against a stack each
 * is a one-off task of its image: there is no bastion, and no way into the network to keep safe.
 */
import { createInterface } from 'node:readline';
import { OpsUsage, parseOps } from '../app/ops/parse.ts';
import { PostureError } from '../posture/resolve.ts';
import { readCommandLine, UsageError } from './command-line.ts';
import { placeOf } from './ops/main.ts';
import { PlaceError, type Place } from './ops/place.ts';
import { render } from './ops/render.ts';
import { StackError } from './stack-file.ts';

const HELP = `npm run psql -- [-s STACK] [-c SQL]

Reads the database of the bot that npm start runs here, or of a stack, as its operator: read-only, without the columns
that hold what people wrote, each statement on its own and kept in the audit with your name. Without -c it reads
statements that end in ";" from the terminal or from standard input; \\q or Ctrl-D ends it.

  -s, --stack NAME   the stack
  -c, --command SQL  one statement; may be given more than once
  --limit N          rows at most (20)
  --json             rows as JSON, a line a statement

Exit status: 0 all answered, 1 one was refused, 2 the command cannot be understood.`;

const OPTIONS = {
  stack: { type: 'string', short: 's' },
  command: { type: 'string', short: 'c', multiple: true, default: [] as string[] },
  limit: { type: 'string', default: '20' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

interface Session {
  place: Place;
  limit: string;
  json: boolean;
}

/** @returns whether it was answered */
async function answer({ place, limit, json }: Session, statement: string): Promise<boolean> {
  const outcome = await place.ask(['sql', '--limit', limit, '--', statement]);
  if (json) print(JSON.stringify({ ok: outcome.ok ?? true, said: outcome.said, rows: outcome.tables[0]?.rows ?? [] }));
  else print(`${render(outcome)}\n`);
  return outcome.ok ?? true;
}

/** Statements as they are typed, each up to the semicolon that ends its line. */
async function* typed(prompt: boolean): AsyncGenerator<string> {
  const lines = createInterface({
    input: process.stdin,
    output: prompt ? process.stderr : undefined,
    prompt: 'ops=> ',
  });
  let statement = '';
  if (prompt) lines.prompt();
  for await (const line of lines) {
    if (statement === '' && /^\s*\\q\s*$/.test(line)) return;
    statement += `${line}\n`;
    if (/;\s*$/.test(line)) {
      if (statement.trim() !== ';') yield statement.trim();
      statement = '';
    }
    if (prompt) lines.prompt();
  }
  if (statement.trim() !== '') yield statement.trim();
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = readCommandLine(args, OPTIONS, 'npm run psql');
  if (values.help) {
    print(HELP);
    return 0;
  }
  if (positionals.length > 0)
    throw new UsageError(`"${positionals[0]}" is no option: a statement is given with -c, a stack with -s`);
  for (const statement of values.command) parseOps(['sql', '--limit', values.limit, '--', statement]);
  parseOps(['sql', '--limit', values.limit, '--', 'SELECT 1']);
  const place = await placeOf(values.stack);
  if (place.patience) complain(place.patience);
  const session: Session = { place, limit: values.limit, json: values.json };
  let fine = true;
  for await (const statement of values.command.length > 0 ? values.command : typed(process.stdin.isTTY))
    fine = (await answer(session, statement)) && fine;
  return fine ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError || error instanceof OpsUsage || error instanceof StackError;
  if (!usage && !(error instanceof PlaceError) && !(error instanceof PostureError)) throw error;
  complain(error.message);
  process.exitCode = usage ? 2 : 1;
}
