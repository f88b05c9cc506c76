/** `npm run posture -- init NAME`: a stack file that shows every key with its default and its meaning. */
import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { jsonSchema } from '../../posture/resolve.ts';
import { UsageError } from '../command-line.ts';
import { fileOf, POSTURE_KEY } from '../stack-file.ts';

interface Node {
  description?: string;
  default?: unknown;
  properties?: Record<string, Node>;
  required?: string[];
}

const WIDTH = 110;

/** Prose of a key, in lines that stay comments when the key itself is uncommented. */
function prose(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && `${indent}${line} ${word}`.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${indent}# ${each}`);
}

const written = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trimEnd();

/** A section that has to be given something: what it has defaults for is no value by itself. */
const wantsMore = ({ properties = {}, required = [] }: Node): boolean =>
  required.some((key) => properties[key]!.properties === undefined && properties[key]!.default === undefined);

function keys(node: Node, indent: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const said = child.description === undefined ? [] : prose(child.description, indent);
    if (child.properties) {
      const defaults = keys(child, `${indent}  `);
      const inside = wantsMore(child) ? defaults.map((line) => line.replace(/^( *)(?=[^ #])/, '$1# ')) : defaults;
      // A section without a default is no value either.
      const isSet = inside.some((line) => !line.trimStart().startsWith('#'));
      return [...said, `${indent}${isSet ? '' : '# '}${key}:${isSet ? '' : ' (not set)'}`, ...inside];
    }
    // A key without a default stays prose: an empty one would be no value.
    if (child.default === undefined) return [...said, `${indent}# ${key}: (not set)`];
    return [...said, `${indent}${key}: ${written(child.default)}`];
  });
}

/** A section as comments: taking away one `#` and its space a line lets its keys count. */
const commented = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/^ {4}/, '    # '));

/** Text of a new stack's file. All that is not commented is what a stack for AWS asks for. */
export function stackFileText(): string {
  const { stage, ...sections } = (jsonSchema() as Node).properties!;
  const body = Object.entries(sections).flatMap(([key, section]) => [
    '',
    ...commented(keys({ properties: { [key]: section } }, '    ')),
  ]);
  return `${[
    '# yaml-language-server: $schema=./posture.schema.json',
    '#',
    '# Every key of the posture with its default: uncomment what shall be otherwise, with the section above it.',
    '# `npm run posture -- NAME` proves it, `npm run cost -- NAME` says what it costs.',
    'config:',
    '  aws:region: eu-central-1',
    '  evenkeel:target: aws',
    `  ${POSTURE_KEY}:`,
    ...prose(stage!.description!, '    '),
    '    stage: development',
    ...body,
  ].join('\n')}\n`;
}

/**
 * Writes the file of a new stack.
 * @returns its name
 * @throws {UsageError} for a name that Pulumi would not take, or one that has a file
 */
export async function init(name: string | undefined): Promise<string> {
  if (name === undefined || !/^[A-Za-z0-9][\w-]{0,99}$/.test(name))
    throw new UsageError(
      `npm run posture -- init NAME: letters, digits, - and _, such as "staging"${name === undefined ? '' : `, not "${name}"`}`,
    );
  const file = fileOf(name);
  try {
    await writeFile(file, stackFileText(), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new UsageError(`${file} is there already: nothing was written`);
  }
  return file;
}
