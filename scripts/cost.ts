/** `npm run cost -- prod`: what a month of a stack costs, computed from its posture and from what the AWS program makes of it. */
import { readFile, writeFile } from 'node:fs/promises';
import * as pulumi from '@pulumi/pulumi';
import { assertProven } from '../posture/laws/index.ts';
import { PostureError } from '../posture/resolve.ts';
import { readCommandLine, UsageError } from './command-line.ts';
import { estimate } from './cost/estimate.ts';
import { markdown, report, withTables } from './cost/report.ts';
import { loadStack, stackNames } from './stack-file.ts';

const HELP = `Estimates what a month of a stack costs, line by line, without an account or a network.

  npm run cost -- <stack>                        the bill, and beside it the same as it is often built
  npm run cost -- <stack> --set database.instance=db.t4g.micro   what if; may be given more than once
  npm run -s cost -- <stack> --json              for machines
  npm run cost -- <stack> --write FILE           puts the tables between the marks in a Markdown file

Exit status: 0 estimated, 1 the posture breaks a law or cannot be read, 2 the command cannot be understood.`;

const OPTIONS = {
  set: { type: 'string', multiple: true, default: [] as string[] },
  json: { type: 'boolean', default: false },
  write: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(args: string[]): Promise<void> {
  const { values, positionals } = readCommandLine(args, OPTIONS, 'npm run cost');
  if (values.help) return print(HELP);
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0)
    throw new UsageError(
      `which stack? npm run cost -- <stack>, one at a time; the stacks here are ${(await stackNames()).join(', ')}`,
    );
  const stack = await loadStack(name, undefined, values.set);
  if (stack.target === 'docker') return print(`${name} runs in Docker on this machine: no cloud, no bill.`);
  assertProven(stack.posture);
  const estimated = await estimate(stack);
  if (values.json) return print(JSON.stringify({ stack: name, ...estimated }, null, 2));
  if (values.write === undefined) return print(report(name, estimated));
  await writeFile(values.write, withTables(await readFile(values.write, 'utf8'), markdown(estimated)));
  print(`${values.write} written`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError;
  const refused = error instanceof PostureError || pulumi.RunError.isInstance(error);
  if (!usage && !refused) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = usage ? 2 : 1;
}
