/** The lines that a feature has in lists of all of them: written by `npm run new`, taken out by who deletes one. */

export interface Listing {
  /** From the root of the project. */
  file: string;
  add: (text: string, name: string) => string;
  remove: (text: string, name: string) => string;
}

const IMPORT = /^import \{ (\w+) \} from '\.\/[^']+';$/;

/** Puts an import among those of its kind, by the alphabet. */
function withImport(text: string, name: string, path: string): string {
  const lines = text.split('\n');
  const line = `import { ${name} } from '${path}';`;
  const after = lines.findIndex((other) => (IMPORT.exec(other)?.[1] ?? '') > name);
  const last = lines.findLastIndex((other) => other.startsWith('import ') || other.startsWith('} from '));
  lines.splice(after === -1 ? last + 1 : after, 0, line);
  return lines.join('\n');
}

const without = (text: string, ...lines: string[]): string =>
  text
    .split('\n')
    .filter((line) => !lines.includes(line))
    .join('\n');

/** @throws {Error} where the file does not have the line any more */
function before(text: string, line: string, more: string): string {
  if (!text.includes(`\n${line}\n`)) throw new Error(`no line "${line}" to put "${more.trim()}" before`);
  return text.replace(`\n${line}\n`, () => `\n${more}\n${line}\n`);
}

const RUNBOOKS = 'docs/runbooks/README.md';
const row = (name: string): string => `| \`${name}\` |`;

export const LISTINGS: readonly Listing[] = [
  {
    file: 'posture/features/index.ts',
    add: (text, name) => {
      const [head = '', rest = ''] = text.split(/(?<=export const SWITCHED = \{\n)/);
      return withImport(head, name, `./${name}.ts`) + rest.replace(/^\};$/m, () => `  ${name},\n};`);
    },
    remove: (text, name) => without(text, `import { ${name} } from './${name}.ts';`, `  ${name},`),
  },
  {
    file: 'app/features/index.ts',
    add: (text, name) => before(withImport(text, name, `./${name}/index.ts`), '  basics,', `  ${name},`),
    remove: (text, name) => without(text, `import { ${name} } from './${name}/index.ts';`, `  ${name},`),
  },
  {
    // Of those by which people pay beside Telegram, which nobody begins with.
    file: 'app/features/receivers.ts',
    add: (text) => text,
    remove: (text, name) => without(text, `import { receiver as ${name} } from './${name}/receiver.ts';`, `  ${name},`),
  },
  {
    file: RUNBOOKS,
    add: (text, name) =>
      before(
        text,
        '## What is not an alarm',
        `${row(name)} what /${name} has promised: say here what people do without |\n`,
      )
        // Into the table that ends above.
        .replace(`\n\n${row(name)}`, () => `\n${row(name)}`),
    remove: (text, name) =>
      text
        .split('\n')
        .filter((line) => !line.startsWith(row(name)))
        .join('\n'),
  },
];
