/** `npm run bench`: ratios within one run, peers in the same run. Absolute numbers depend on the machine and its noise. */
import { readCommandLine, UsageError } from './command-line.ts';
import { benchBacklog } from './bench/backlog.ts';
import { benchBaseline } from './bench/baseline/index.ts';
import { benchCallbacks } from './bench/callbacks.ts';
import { benchEndToEnd } from './bench/end-to-end.ts';
import { benchEngine } from './bench/engine.ts';
import { benchIdle } from './bench/idle.ts';
import { benchIntake } from './bench/intake.ts';
import { benchJobs } from './bench/jobs.ts';
import { benchLedger } from './bench/ledger.ts';
import { benchOutbox } from './bench/outbox.ts';
import { benchPaid } from './bench/paid.ts';
import { markdown, table, type Row } from './bench/report.ts';
import { benchScale } from './bench/scale.ts';
import { benchPosture, openStage, type Stage } from './bench/stage.ts';

const HELP = `npm run bench -- [PART …] [options]

Measures on a real PostgreSQL with fsync, beside peers, and prints each figure with its goal.

  intake        acknowledged updates, beside other ways of keeping one
  end-to-end    from the update to the reply, beside the same bot inline, over BullMQ and over graphile-worker
  backlog       what was stored while no worker ran
  ledger        movements of credits, beside a plain INSERT of two rows
  jobs          durable jobs: from their commit to their start, and how many
  outbox        what waits to be said, with the rates raised
  paid          from a payment to its receipt
  callbacks     signed callbacks of payments, beside Telegram's updates
  idle          memory of a worker with everything on and nothing to do
  baseline      what bots lose that are built as the reports' were, and what this one loses by the same faults: counts, no
                times; only where it is named
  engine        a refusal and a whole preview by the real Pulumi engine; only where it is named
  scale         statements on small tables and on large ones; only where it is named: it takes 3 GB and some minutes

  --only PART   the same as naming one
  --quick       shorter: one round each, smaller floods, a tenth of the rows
  --json        the figures as JSON on standard output; progress goes to standard error
  --markdown    the figures as the README's table
  --help        this text

Exit code 0 whatever the figures are: they depend on the machine. Takes about a quarter of an hour.`;

type Part = (stage: Stage, quick: boolean, say: (text: string) => void) => Promise<Row[]>;

const PARTS: Record<string, Part> = {
  intake: (stage, quick, say) => benchIntake(stage, quick ? { seconds: 2, rounds: 1 } : { seconds: 5, rounds: 3 }, say),
  'end-to-end': (stage, quick, say) =>
    benchEndToEnd(
      stage,
      quick ? { updates: 5_000, rounds: 1, seconds: 5 } : { updates: 20_000, rounds: 3, seconds: 10 },
      say,
    ),
  backlog: (stage, quick, say) => benchBacklog(stage, quick ? 20_000 : 100_000, quick ? 1_000 : 5_000, say),
  ledger: (stage, quick, say) =>
    benchLedger(stage, quick ? { transfers: 1_000, rounds: 1 } : { transfers: 15_000, rounds: 3 }, say),
  jobs: (stage, quick, say) =>
    benchJobs(stage, quick ? { paced: 40, queued: 500 } : { paced: 400, queued: 5_000 }, say),
  outbox: (stage, quick, say) => benchOutbox(stage, quick ? 500 : 6_000, say),
  paid: (stage, quick, say) => benchPaid(stage, { payments: quick ? 60 : 600, rate: 20 }, say),
  callbacks: (stage, quick, say) =>
    benchCallbacks(stage, quick ? { seconds: 2, rounds: 1 } : { seconds: 5, rounds: 3 }, say),
  idle: (stage, quick, say) => benchIdle(stage, quick ? { seconds: 3, rounds: 1 } : { seconds: 30, rounds: 3 }, say),
  scale: (stage, quick, say) => benchScale(stage, quick ? { scale: 0.1, rounds: 5 } : { scale: 1, rounds: 20 }, say),
  baseline: (stage, quick, say) => benchBaseline(stage, { people: quick ? 12 : 30 }, say),
  engine: (_stage, quick, say) => benchEngine(quick ? 1 : 5, say),
};
const BY_DEFAULT = ['intake', 'end-to-end', 'backlog', 'ledger', 'jobs', 'outbox', 'paid', 'callbacks', 'idle'];

const OPTIONS = {
  only: { type: 'string' },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function commandLine() {
  try {
    return readCommandLine(process.argv.slice(2), OPTIONS, 'npm run bench');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

const { values, positionals } = commandLine();
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const named = [...positionals, ...(values.only === undefined ? [] : [values.only])];
const unknown = named.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined) {
  console.error(`there is no part "${unknown}"; name one of ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
const say = (text: string) => console.error(text);

const stage = await openStage(benchPosture());
const interrupted = () => void stage.stop().finally(() => process.exit(130));
process.once('SIGINT', interrupted);
process.once('SIGTERM', interrupted);
const rows: Row[] = [];
try {
  for (const part of named.length > 0 ? named : BY_DEFAULT)
    rows.push(...(await PARTS[part]!(stage, values.quick, say)));
} finally {
  await stage.stop();
}
if (values.json) console.log(JSON.stringify(rows, null, 2));
else if (values.markdown) console.log(markdown(rows));
else console.log(table(rows, process.stdout));
process.exit(0);
