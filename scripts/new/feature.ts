/** Writes a feature: its files, its line in each list of all features, and what is derived from them. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { UsageError } from '../command-line.ts';
import { filesOf, wordsIn, wordsOfFiles } from './files.ts';
import { LISTINGS } from './tables.ts';

/** A command of Telegram's, an identifier and a name of a folder at once. */
const NAME = /^[a-z][a-z0-9]{1,23}$/;
const RESERVED =
  /^(abstract|any|as|async|await|boolean|break|case|catch|class|const|continue|debugger|declare|default|delete|do|else|enum|eval|export|extends|false|finally|for|function|if|implements|import|in|instanceof|interface|let|new|null|number|object|package|private|protected|public|return|static|string|super|switch|symbol|this|throw|true|try|type|typeof|undefined|unknown|var|void|while|with|yield)$/;

/** Why it cannot be the name of a feature; one line. */
async function objection(name: string): Promise<string | undefined> {
  if (!NAME.test(name)) return `"${name}" cannot be a command: 2 to 24 small letters and digits, the first a letter`;
  if (RESERVED.test(name)) return `"${name}" is a word of the language: take another`;
  const { resolve } = await import('../../posture/resolve.ts');
  const { offersOf } = await import('../../app/features/index.ts');
  const posture = resolve({});
  const { features, work, jobs, schedules } = posture;
  if (Object.hasOwn(features, name)) return `there is a feature "${name}" already: app/features/${name}`;
  if ([work, jobs, schedules].some((section) => Object.hasOwn(section, name)))
    return `a queue or a schedule is called "${name}" already: take another`;
  if (offersOf(posture, () => true).some(({ command }) => command.name === name))
    return `/${name} is another feature's command`;
  const files = await Promise.all(LISTINGS.map(({ file }) => readFile(file, 'utf8')));
  const [taken] = LISTINGS.filter(({ file }, index) => file.endsWith('.ts') && wordsIn(files[index]!).has(name));
  if (taken) return `"${name}" means something else in ${taken.file}: take another`;
  if (wordsOfFiles().has(name)) return `"${name}" means something else in the files of a feature: take another`;
  return undefined;
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

const run = (...args: string[]) => promisify(execFile)(process.execPath, args);

/** In the form that the static checks want; of texts in Fluent nobody wants any. */
const formatted = (paths: string[]) =>
  run('node_modules/oxfmt/bin/oxfmt', ...paths.filter((path) => !path.endsWith('.ftl')));

/** What is derived, by the commands that derive it: in processes of their own, as this one knows the features of before. */
async function derive(): Promise<void> {
  for (const option of ['--schema', '--commands'])
    await run('--disable-warning=ExperimentalWarning', 'scripts/posture.ts', option);
}

/**
 * @returns what was written, and what is left to be said by a person
 * @throws {UsageError} for a name that cannot be one; then nothing was written
 */
export async function writeFeature(name: string): Promise<string> {
  const wrong = await objection(name);
  if (wrong) throw new UsageError(wrong);
  const files = filesOf(name);
  for (const [path, text] of Object.entries(files)) await write(path, text);
  for (const { file, add } of LISTINGS) await write(file, add(await readFile(file, 'utf8'), name));
  await formatted([...Object.keys(files), ...LISTINGS.map(({ file }) => file)]);
  await derive();
  return [
    ...Object.keys(files).map((path) => `${path} written`),
    ...LISTINGS.map(({ file }) => `${file} has its line`),
    'posture.schema.json and posture/commands.json are derived anew',
    '',
    `Next: what it does (app/features/${name}), what it says (en.ftl, de.ftl), what its alarms say (posture/features/${name}.ts,`,
    `the row in docs/runbooks/README.md); npm test -- features/${name}; npm run -s upgrade-notes -- --write CHANGELOG.md`,
  ].join('\n');
}
