/** `npm run restore-drill -- prod`: whether a backup is one, found out before it is needed. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { namePrefix } from '../infra/aws/names.ts';
import { PostureError } from '../posture/resolve.ts';
import { readCommandLine, UsageError } from './command-line.ts';
import { accessOf, explain, inAws, migrationInAws } from './ops/aws.ts';
import { PlaceError } from './ops/place.ts';
import { drill, type DrillReport } from './restore-drill/drill.ts';
import { drills } from './restore-drill/server.ts';
import { loadStack, StackError, stackNames } from './stack-file.ts';

const HELP = `npm run restore-drill -- STACK [--json]

Makes a throw-away server of the latest snapshot of a stack's database, in the stack's own network, and with the release
that is deployed there: migrates it, looks whether a bot on it would start held, checks the ledger, counts what is in it. Then deletes it, whatever came out. The bot
is not touched, and nothing of the copy is sent to anybody. 20 to 60 minutes, and a few cents.

  --json             the report as JSON

Ctrl-C ends it and deletes the copy. Exit status: 0 the backup is one, 1 it is not, 2 the command cannot be understood.`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Pause between two looks at RDS, ms. */
const POLL = 15_000;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

function report({ ok, snapshot, ageMinutes, cost }: DrillReport): string {
  const verdict = ok ? 'The backup is one' : 'The backup would not bring the bot back as it was';
  return `${verdict}: ${snapshot}, ${ageMinutes} minutes old. The drill cost about ${cost.toFixed(2)} USD.`;
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = readCommandLine(args, OPTIONS, 'npm run restore-drill');
  if (values.help) {
    print(HELP);
    return 0;
  }
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0)
    throw new UsageError(
      `which stack? npm run restore-drill -- <stack>, one at a time; the stacks here are ${(await stackNames()).join(', ')}`,
    );
  const { config, target, file, posture } = await loadStack(name);
  if (target === 'docker') throw new UsageError(`${name} runs in Docker on this machine: there are no snapshots of it`);
  if (posture.database.server === 'own')
    throw new UsageError(
      `the database of ${name} is a server of your own (database.server): whoever has it restores it`,
    );
  const { name: project } = parse(await readFile('Pulumi.yaml', 'utf8')) as { name: string };
  const poll = Number(process.env['DRILL_POLL'] ?? POLL);
  const stack = { prefix: namePrefix(project, name), stack: name, file, config, poll };
  const stop = new AbortController();
  const onSignal = () => stop.abort(new PlaceError('stopped'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  using servers = await drills(accessOf(stack), stack.prefix, poll);
  const found = await drill({
    drills: servers,
    migrate: async (copy) => migrationInAws(stack, copy.host),
    ask: async (copy, words) => (await inAws({ ...stack, copy })).ask(words),
    say: values.json ? complain : print,
    signal: stop.signal,
  }).catch((error: unknown) => {
    throw error instanceof PlaceError ? error : explain(error, name);
  });
  print(values.json ? JSON.stringify({ stack: name, ...found }, null, 2) : report(found));
  return found.ok ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError || error instanceof StackError;
  if (!usage && !(error instanceof PlaceError) && !(error instanceof PostureError)) throw error;
  complain(error.message);
  process.exitCode = usage ? 2 : 1;
}
