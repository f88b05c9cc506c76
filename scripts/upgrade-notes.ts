/** `npm run upgrade-notes -- REV`: what an upgrade from a commit asks for, in Markdown: keys, migrations, packages, resources. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { stackSchemaText } from '../posture/stack-schema.ts';
import { readCommandLine, UsageError } from './command-line.ts';
import { between } from './marks.ts';
import { keyChanges } from './upgrade/keys.ts';
import { lawsOf } from './upgrade/laws.ts';
import { RELEASE_BEFORE } from './upgrade/release-before.ts';

const HELP = `Says what an upgrade asks for, in Markdown: keys of the posture, migrations, packages, resources.

  npm run -s upgrade-notes                     from the release before
  npm run -s upgrade-notes -- REV              from another commit, such as the one that is deployed
  npm run -s upgrade-notes -- REV --stack prod the stack whose resources are compared (prod)
  npm run -s upgrade-notes -- --write FILE     keys and migrations since the release before, between the marks of a changelog

Exit status: 0 said, 2 the command cannot be understood.`;

const OPTIONS = {
  stack: { type: 'string', default: 'prod' },
  write: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What the mark in the changelog names. */
const WRITES = 'npm run -s upgrade-notes -- --write CHANGELOG.md';

const MIGRATIONS = 'app/database/migrations';
/** Packages whose change asks for care: see "Upgrading" in the guide. */
const PACKAGES = ['pg-boss', '@pulumi/aws', '@pulumi/pulumi'];

const git = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('git', args, { maxBuffer: 2 ** 24 })).stdout;

const section = (title: string, lines: readonly string[], none: string): string =>
  [`### ${title}`, lines.length > 0 ? lines.map((line) => `- ${line}`).join('\n') : none].join('\n\n');

async function keys(revision: string): Promise<string> {
  const { gone, fresh, moved } = keyChanges(await git('show', `${revision}:posture.schema.json`), stackSchemaText());
  return section(
    'Keys of the posture',
    [
      ...gone.map((path) => `\`${path}\` is gone, and refused: \`pulumi config rm --path evenkeel:posture.${path}\``),
      ...fresh.map(({ path, value }) => `\`${path}\` is new: ${value}`),
      ...moved.map(({ path, from, to }) => `\`${path}\` is ${to} where nothing is written, and was ${from}`),
    ],
    'As before.',
  );
}

/** What the stack's file of then would be told today. */
async function laws(revision: string, stack: string): Promise<string> {
  const { gone } = keyChanges(await git('show', `${revision}:posture.schema.json`), stackSchemaText());
  const text = await git('show', `${revision}:Pulumi.${stack}.yaml`);
  return section(`What \`Pulumi.${stack}.yaml\` of then is refused for`, lawsOf(stack, text, gone), 'Nothing else.');
}

async function migrations(revision: string): Promise<string> {
  const added = await git('diff', '--name-only', '--diff-filter=A', revision, '--', MIGRATIONS);
  const names = added.split('\n').flatMap((path) => path.split('/').at(-1) || []);
  return section(
    'Migrations',
    names.map((name) => `\`${name}\``),
    'None.',
  );
}

async function packages(revision: string): Promise<string> {
  type Versions = Record<string, Record<string, string> | undefined>;
  const versions = (text: string): Record<string, string> => {
    const { dependencies, devDependencies } = JSON.parse(text) as Versions;
    return { ...dependencies, ...devDependencies };
  };
  const [old, now] = [
    versions(await git('show', `${revision}:package.json`)),
    versions(await readFile('package.json', 'utf8')),
  ];
  return section(
    'Packages that ask for care',
    PACKAGES.filter((name) => old[name] !== now[name]).map(
      (name) => `${name} ${old[name] ?? 'none'} → ${now[name] ?? 'none'}`,
    ),
    'As before.',
  );
}

async function resources(revision: string, stack: string): Promise<string> {
  const { resourcesSince } = await import('./upgrade/resources.ts');
  const { made, gone, replaced } = await resourcesSince(revision, stack);
  return section(
    `Resources of \`${stack}\``,
    [
      ...replaced.map((one) => `**made anew**: ${one}`),
      ...gone.map((one) => `taken away: ${one}`),
      ...made.map((one) => `made: ${one}`),
    ],
    'The same ones.',
  );
}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = readCommandLine(args, OPTIONS, 'npm run upgrade-notes');
  if (values.help) return void process.stdout.write(`${HELP}\n`);
  const [revision = RELEASE_BEFORE, ...others] = positionals;
  if (others.length > 0) throw new UsageError(`one commit at a time: ${positionals.join(', ')}`);
  try {
    await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`);
  } catch {
    throw new UsageError(`git knows no commit "${revision}" here: name the one that is deployed`);
  }
  if (values.write !== undefined) {
    const parts = [await keys(revision), await laws(revision, values.stack), await migrations(revision)];
    const text = parts.join('\n\n');
    await writeFile(values.write, between(await readFile(values.write, 'utf8'), WRITES, text));
    return void process.stdout.write(`${values.write} written\n`);
  }
  const parts = [
    `## From ${revision.slice(0, 40)} to this version`,
    await keys(revision),
    await laws(revision, values.stack),
    await migrations(revision),
    await packages(revision),
    await resources(revision, values.stack),
  ];
  process.stdout.write(`${parts.join('\n\n')}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
