/** `npm run soak`: thousands of mixed operations with kills in between, and whether the books agree afterwards. */
import { readCommandLine, UsageError } from './command-line.ts';
import { runSoak, type SoakReport } from './soak/run.ts';
import { onEndSignals } from './start/signals.ts';

const HELP = `npm run soak -- [options]

Simulated people top up by Stars, Crypto Pay and NOWPayments, subscribe, pay twice, late and in parts, are refunded and
charged back, use codes and credits, try, buy, cancel and outlast plans, order pictures and videos, are written to all at
once, ask and are reminded, through real web and worker processes that are killed meanwhile, while Telegram and each
provider fails now and then. At the end the ledger, the books of all who are paid, who may use what, what was made and
what people were told agree.

  --operations N   how many (default 10000)
  --seed S         the same choices once more (default: another one each time; it is printed)
  --json           the report as JSON on standard output; progress goes to standard error
  --help           this text

Ctrl-C ends it and leaves nothing behind. Exit code 1 where something does not agree.`;

const OPTIONS = {
  operations: { type: 'string', default: '10000' },
  seed: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function whole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most))
    throw new UsageError(`--${name} is "${text}"; give a whole number from ${least} to ${most}`);
  return value;
}

function commandLine() {
  const { values, positionals } = readCommandLine(process.argv.slice(2), OPTIONS, 'npm run soak');
  if (positionals[0] !== undefined)
    throw new UsageError(`"${positionals[0]}" is no option; npm run soak -- --help lists them`);
  return {
    help: values.help,
    json: values.json,
    operations: whole('operations', values.operations, 1, 1_000_000),
    seed: values.seed === undefined ? Math.floor(Math.random() * 1e9) : whole('seed', values.seed, 0, 2 ** 32 - 1),
  };
}

function text({ seed, operations, kills, payments, repeats, left, sums, seconds, problems }: SoakReport): string {
  const list = (counts: Record<string, number | string>) =>
    Object.entries(counts)
      .map(([what, count]) => `  ${what.padEnd(20)} ${count}`)
      .join('\n');
  const total = Object.values(operations).reduce((sum, count) => sum + count, 0);
  return [
    `${total} operations in ${Math.round(seconds.operations)} s, settled ${Math.round(seconds.settled)} s later; seed ${seed}`,
    list(operations),
    `killed: ${kills.worker} workers and ${kills.web} web tasks; ${payments} payments; ${repeats} messages came twice`,
    ...(left.length > 0
      ? [`left to a person, as nobody knows whether they arrived:\n${left.map((line) => `  ${line}`).join('\n')}`]
      : []),
    'the ledger, by account:',
    list(sums),
    problems.length === 0
      ? 'The ledger, the books of all who are paid and what people were told agree.'
      : `${problems.length} things do not agree:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
  ].join('\n');
}

async function main(): Promise<void> {
  const options = commandLine();
  if (options.help) return void console.log(HELP);
  const ending = new AbortController();
  onEndSignals(
    () => {
      console.error('ending');
      ending.abort(new Error('interrupted'));
    },
    () => process.exit(130),
  );
  const say = (line: string) => console.error(line);
  say(`seed ${options.seed}`);
  try {
    const report = await runSoak({ ...options, signal: ending.signal, say });
    console.log(options.json ? JSON.stringify(report, null, 2) : text(report));
    process.exit(report.problems.length === 0 ? 0 : 1);
  } catch (error) {
    if (ending.signal.aborted) process.exit(130);
    throw error;
  }
}

await main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? error.message : error);
  process.exit(error instanceof UsageError ? 2 : 1);
});
