/** `npm run bench`: ratios within one run, peers in the same run. Absolute numbers depend on the machine and its noise. */
import { parseArgs } from 'node:util';
import { benchBacklog, benchEndToEnd } from './bench/end-to-end.ts';
import { benchIntake } from './bench/intake.ts';
import { table, type Row } from './bench/report.ts';
import { benchPosture, openStage } from './bench/stage.ts';

const HELP = `npm run bench -- [options]

Measures intake, end to end and backlog on a real PostgreSQL with fsync, beside peers, and prints each figure with its goal.

  --only PART   intake, end-to-end or backlog (all)
  --quick       shorter: one round each, smaller floods
  --json        the figures as JSON on standard output; progress goes to standard error
  --help        this text

Exit code 0 whatever the figures are: they depend on the machine. Takes about five minutes.`;

const PARTS = ['intake', 'end-to-end', 'backlog'] as const;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
if (values.only !== undefined && !(PARTS as readonly string[]).includes(values.only)) {
  console.error(`--only takes ${PARTS.join(', ')}, not "${values.only}"`);
  process.exit(2);
}
const wanted = (part: (typeof PARTS)[number]): boolean => values.only === undefined || values.only === part;
const say = (text: string) => console.error(text);
const { quick } = values;

const stage = await openStage(benchPosture());
const interrupted = () => void stage.stop().finally(() => process.exit(130));
process.once('SIGINT', interrupted);
process.once('SIGTERM', interrupted);
const rows: Row[] = [];
try {
  if (wanted('intake')) {
    const { rows: figures, memory } = await benchIntake(stage, { seconds: quick ? 2 : 5, rounds: quick ? 1 : 3 }, say);
    rows.push(...figures);
    if (memory) rows.push({ name: 'memory under intake load: web', value: memory / 2 ** 20, unit: 'MiB' });
  }
  if (wanted('end-to-end')) {
    const options = quick ? { updates: 5_000, rounds: 1, seconds: 5 } : { updates: 20_000, rounds: 3, seconds: 15 };
    rows.push(...(await benchEndToEnd(stage, options, say)));
  }
  if (wanted('backlog'))
    rows.push(...(await benchBacklog(stage, quick ? 20_000 : 100_000, quick ? 1_000 : 5_000, say)));
} finally {
  await stage.stop();
}
if (values.json) console.log(JSON.stringify(rows, null, 2));
else console.log(table(rows, process.stdout));
process.exit(0);
