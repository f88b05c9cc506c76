/** `npm run new -- feature NAME`: a feature that works, to be changed into the one that is wanted. */
import { readCommandLine, UsageError } from './command-line.ts';

const HELP = `Writes what is repeated by every feature: its folder, switch, queue of jobs, texts and test.

  npm run new -- feature NAME    NAME is its folder, its key in the posture, its flag, its command and its queue

Exit status: 0 written, 2 the command cannot be understood; then nothing was written.`;

const OPTIONS = { help: { type: 'boolean', short: 'h', default: false } } as const;

async function main(args: string[]): Promise<string> {
  const { values, positionals } = readCommandLine(args, OPTIONS, 'npm run new');
  if (values.help) return HELP;
  const [what, name, ...more] = positionals;
  if (what !== 'feature') throw new UsageError(`new what? npm run new -- feature NAME`);
  if (name === undefined) throw new UsageError('which name? npm run new -- feature NAME');
  if (more.length > 0) throw new UsageError(`one feature at a time: ${positionals.slice(1).join(', ')}`);
  const { writeFeature } = await import('./new/feature.ts');
  return writeFeature(name);
}

try {
  process.stdout.write(`${await main(process.argv.slice(2))}\n`);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
