/** Reads the posture from `Pulumi.<stack>.yaml`, where it stands once for the cloud, the laptop and the containers. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMap, isNode, isScalar, LineCounter, parse, parseDocument, type Document, type Node } from 'yaml';
import { withValue } from '../posture/path.ts';
import { PostureError, resolve } from '../posture/resolve.ts';
import type { Posture } from '../posture/schema/index.ts';

/** Key of a stack's configuration under which the posture stands. */
export const POSTURE_KEY = 'evenkeel:posture';

/** Where a stack is deployed, under `evenkeel:target`. */
export type Target = 'aws' | 'docker';

export interface Stack {
  name: string;
  /** Name of the file, `Pulumi.prod.yaml`. */
  file: string;
  /** The posture as written. */
  values: unknown;
  posture: Posture;
  target: Target | undefined;
}

/** Thrown for a stack file that is missing or is no YAML. The message is one line for a person. */
export class StackError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StackError';
  }
}

const fileOf = (name: string): string => `Pulumi.${name}.yaml`;

/** Names of the stacks that have a file, sorted. */
export async function stackNames(cwd = process.cwd()): Promise<string[]> {
  const files = await readdir(cwd);
  return files.flatMap((file) => /^Pulumi\.([^.]+)\.yaml$/.exec(file)?.[1] ?? []).sort();
}

async function read(name: string, cwd: string): Promise<string> {
  try {
    return await readFile(join(cwd, fileOf(name)), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const names = await stackNames(cwd);
    const known = names.length > 0 ? `the stacks here are ${names.join(', ')}` : `${cwd} has no stack`;
    throw new StackError(`${fileOf(name)} does not exist; ${known}`);
  }
}

/** The line on which a path of the posture, or the last part of it that is written, stands. */
function lineOf(document: Document, lines: LineCounter, path: readonly string[]): number | undefined {
  let node: unknown = document.contents;
  let found: Node | undefined;
  for (const step of ['config', POSTURE_KEY, ...path]) {
    if (!isMap(node)) break;
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
    if (!pair) break;
    if (isNode(pair.key)) found = pair.key;
    node = pair.value;
  }
  return found?.range ? lines.linePos(found.range[0]).line : undefined;
}

/** Puts the place in the file before a problem, `Pulumi.prod.yaml:17: worker.pool: …`. */
function placed(problem: string, file: string, document: Document, lines: LineCounter): string {
  const path = /^[\w.]+(?=: )/.exec(problem)?.[0].split('.') ?? [];
  const line = lineOf(document, lines, path);
  return `${file}${line === undefined ? '' : `:${line}`}: ${problem}`;
}

/**
 * Reads a stack's file and resolves its posture.
 * @param change what to alter in the values before they are resolved, as `--set` does
 * @throws {StackError} when the file is missing or is not YAML
 * @throws {PostureError} with one line for each mistake, each with its place in the file
 */
export async function loadStack(
  name: string,
  cwd = process.cwd(),
  change: (values: unknown) => unknown = (values) => values,
): Promise<Stack> {
  const file = fileOf(name);
  const text = await read(name, cwd);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [syntax] = document.errors;
  if (syntax) throw new StackError(`${file}:${lines.linePos(syntax.pos[0]).line}: ${syntax.message}`);
  const config = (document.toJS() as { config?: Record<string, unknown> } | null)?.config ?? {};
  const values = change(config[POSTURE_KEY] ?? {});
  try {
    const target = config['evenkeel:target'] as Target | undefined;
    return { name, file, values, posture: resolve(values), target };
  } catch (error) {
    if (error instanceof PostureError)
      throw new PostureError(error.problems.map((problem) => placed(problem, file, document, lines)));
    throw error;
  }
}

/**
 * The values with one of them changed, as `--set` writes it: `worker.pool=40`, `database.multiAz=false`.
 * @throws {StackError} when the text is not `path=value`
 */
export function setPath(values: unknown, assignment: string): unknown {
  const match = /^([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)=(.+)$/s.exec(assignment);
  if (!match) throw new StackError(`--set takes path=value, such as "worker.pool=40", not "${assignment}"`);
  return withValue(values ?? {}, match[1]!, parse(match[2]!) as unknown);
}
