/** Reads the posture from `Pulumi.<stack>.yaml`, where it stands once for the cloud, the laptop and the containers. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isMap,
  isNode,
  isScalar,
  LineCounter,
  parse,
  parseDocument,
  type Document,
  type Node,
  type YAMLParseError,
} from 'yaml';
import { KEYS } from '../infra/keys.ts';
import { nearest } from '../posture/problem.ts';
import { PostureError, resolve } from '../posture/resolve.ts';
import type { Posture } from '../posture/schema/index.ts';
import { UsageError } from './command-line.ts';

/** Key of a stack's configuration under which the posture stands. */
export const POSTURE_KEY = 'evenkeel:posture';

/** Where a stack is deployed, under `evenkeel:target`. */
export type Target = 'aws' | 'docker';

export interface Stack {
  name: string;
  /** Name of the file, `Pulumi.prod.yaml`. */
  file: string;
  /** Everything of its configuration, as written. */
  config: Readonly<Record<string, unknown>>;
  /** Whether Pulumi adds configuration from elsewhere (`environment`), which nobody sees here. */
  elsewhere: boolean;
  /** The posture as written. */
  values: unknown;
  posture: Posture;
  target: Target | undefined;
}

/** Thrown for a stack that does not exist, or a command that cannot be understood. The message is one line for a person. */
export class StackError extends UsageError {
  constructor(message: string) {
    super(message);
    this.name = 'StackError';
  }
}

export const fileOf = (name: string): string => `Pulumi.${name}.yaml`;

/** Names of the stacks that have a file, sorted. */
export async function stackNames(cwd = process.cwd()): Promise<string[]> {
  const files = await readdir(cwd);
  return files.flatMap((file) => /^Pulumi\.([^.]+)\.yaml$/.exec(file)?.[1] ?? []).sort();
}

/** Why a file that is there cannot be read, by the system's code. */
const UNREADABLE: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  EACCES: 'you may not; see its owner and mode',
};

async function read(name: string, cwd: string): Promise<string> {
  try {
    return await readFile(join(cwd, fileOf(name)), 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new PostureError([`${fileOf(name)} cannot be read: ${UNREADABLE[code] ?? message}`]);
    const names = await stackNames(cwd);
    const known = names.length > 0 ? `the stacks here are ${names.join(', ')}` : `${cwd} has no stack`;
    throw new StackError(`${fileOf(name)} does not exist; ${known}`);
  }
}

/** The line on which a path of the posture, or the last part of it that is written, stands. */
const lineOf = (document: Document, lines: LineCounter, path: readonly string[]): number | undefined =>
  lineAt(document, lines, ['config', POSTURE_KEY, ...path]);

function lineAt(document: Document, lines: LineCounter, path: readonly string[]): number | undefined {
  let node: unknown = document.contents;
  let found: Node | undefined;
  for (const step of path) {
    if (!isMap(node)) break;
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
    if (!pair) break;
    if (isNode(pair.key)) found = pair.key;
    node = pair.value;
  }
  return found?.range ? lines.linePos(found.range[0]).line : undefined;
}

const pathOf = (problem: string): string => /^[\w.]+(?=: )/.exec(problem)?.[0] ?? '';

/** Puts the place before a problem: `Pulumi.prod.yaml:17: worker.pool: …`, or `--set worker.pool: …`. */
function placed(problem: string, file: string, document: Document, lines: LineCounter, set: readonly string[]): string {
  const path = pathOf(problem);
  // A section that is refused for what was set in it, or what was set inside a value.
  const near = (other: string) => `${path}.`.startsWith(`${other}.`) || other.startsWith(`${path}.`);
  if (path !== '' && set.some(near)) return `--set ${problem}`;
  const line = lineOf(document, lines, path.split('.'));
  return `${file}${line === undefined ? '' : `:${line}`}: ${problem}`;
}

/** The first thing that is no YAML. */
function notYaml({ pos, code, message }: YAMLParseError, text: string, file: string, lines: LineCounter): string {
  const merge = text.split('\n').findIndex((line) => /^(<{7}|={7}|>{7})( |$)/.test(line));
  if (merge !== -1)
    return `${file}:${merge + 1}: a merge stands here that nobody has finished: keep one of the two sides`;
  const at = `${file}:${lines.linePos(pos[0]).line}`;
  return code === 'MULTIPLE_DOCS'
    ? `${at}: a second document begins here, and Pulumi reads only one`
    : `${at}: ${message}`;
}

/** What Pulumi itself knows in such a file. Anything else would leave what stands under it unread. */
const FILE_KEYS = ['config', 'encryptedkey', 'encryptionsalt', 'environment', 'secretsprovider'];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The configuration of a stack's file; an empty file has none. */
function configOf(document: Document, file: string, lines: LineCounter): Record<string, unknown> {
  let root: unknown;
  try {
    root = document.toJS();
  } catch (error) {
    // An alias of nothing: a syntax error in all but name.
    throw new PostureError([`${file}: ${(error as Error).message}`]);
  }
  if (root === null || root === undefined) return {};
  if (!isRecord(root)) throw new PostureError([`${file}: wanted keys, of which "config" has the posture`]);
  const unknown = Object.keys(root).filter((key) => !FILE_KEYS.includes(key));
  if (unknown.length > 0)
    throw new PostureError(
      unknown.map((key) => {
        const meant = nearest(key, FILE_KEYS);
        const hint = key.startsWith('evenkeel:')
          ? 'it belongs under config:'
          : meant === undefined
            ? `known are ${FILE_KEYS.join(', ')}`
            : `did you mean "${meant}"?`;
        return `${file}:${lineAt(document, lines, [key])}: ${key}: unknown key; ${hint}`;
      }),
    );
  const config = root['config'] ?? {};
  if (isRecord(config)) return config;
  throw new PostureError([
    `${file}:${lineAt(document, lines, ['config'])}: config: wanted keys, such as evenkeel:posture`,
  ]);
}

const TARGETS: readonly unknown[] = ['aws', 'docker'] satisfies Target[];

/** A misspelt `evenkeel:` key would leave what stands under it unread, and prove the defaults instead. */
function assertKnown(
  config: Readonly<Record<string, unknown>>,
  file: string,
  document: Document,
  lines: LineCounter,
): void {
  const known = KEYS.map((key) => `evenkeel:${key}`);
  const problems = Object.keys(config)
    .filter((key) => key.startsWith('evenkeel:') && !known.includes(key))
    .map((key) => {
      const meant = nearest(key, known);
      const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean "${meant}"?`;
      return `${file}:${lineAt(document, lines, ['config', key])}: ${key}: unknown key; ${hint}`;
    });
  const target = config['evenkeel:target'];
  if (target !== undefined && !TARGETS.includes(target))
    problems.push(
      `${file}:${lineAt(document, lines, ['config', 'evenkeel:target'])}: evenkeel:target: ${JSON.stringify(target)} is not accepted: one of ${TARGETS.join(', ')}`,
    );
  if (problems.length > 0) throw new PostureError(problems);
}

/**
 * Reads a stack's file and resolves its posture.
 * @param set changes of the values before they are resolved, each as {@link setPath} takes it
 * @throws {StackError} when the file is missing or a change is not one
 * @throws {PostureError} with one line for each mistake, each with its place
 */
export async function loadStack(name: string, cwd = process.cwd(), set: readonly string[] = []): Promise<Stack> {
  return readStack(name, await read(name, cwd), set);
}

/** As {@link loadStack}, of a text that is at hand: what the file was in another commit. */
export function readStack(name: string, text: string, set: readonly string[] = []): Stack {
  const file = fileOf(name);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [syntax] = document.errors;
  if (syntax) throw new PostureError([notYaml(syntax, text, file, lines)]);
  const config = configOf(document, file, lines);
  assertKnown(config, file, document, lines);
  const values = set.reduce<unknown>(setPath, withoutSecrets(config[POSTURE_KEY] ?? {}));
  try {
    const target = config['evenkeel:target'] as Target | undefined;
    return { name, file, config, elsewhere: document.has('environment'), values, posture: resolve(values), target };
  } catch (error) {
    if (!(error instanceof PostureError)) throw error;
    const changed = set.map((one) => steps(one.slice(0, one.indexOf('='))).join('.'));
    throw new PostureError(error.problems.map((problem) => placed(problem, file, document, lines, changed)));
  }
}

/**
 * What stands for a value that Pulumi has encrypted, which only the deploy can read: an incident tool's address. Two of
 * them are two.
 */
const encrypted = (secure: unknown): string =>
  `https://${createHash('sha256').update(String(secure)).digest('hex').slice(0, 12)}.encrypted.invalid`;

/** The values with each `{ secure: … }` of Pulumi's replaced. */
function withoutSecrets(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutSecrets);
  if (typeof node !== 'object' || node === null) return node;
  if (Object.keys(node).join() === 'secure') return encrypted((node as { secure: unknown }).secure);
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, withoutSecrets(child)]));
}

/** Steps of a path as `pulumi config set --path` takes it: `oncall.emails[0]` is `oncall`, `emails`, `0`. */
const steps = (path: string): string[] => path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');

/** Puts a value at a path of steps; a list stays one. */
function put(node: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value;
  const child = put((node as Record<string, unknown> | undefined)?.[step], rest, value);
  if (!/^\d+$/.test(step)) return { ...(node as object | undefined), [step]: child };
  const list: unknown[] = Array.isArray(node) ? [...(node as unknown[])] : [];
  list[Number(step)] = child;
  return list;
}

/**
 * The values with one of them changed, as `--set` writes it: `worker.pool=40`, `oncall.emails[0]=me@my.domain`.
 * @throws {StackError} when the text is not `path=value`
 */
export function setPath(values: unknown, assignment: string): unknown {
  const match = /^([A-Za-z]\w*(?:\.[A-Za-z]\w*|\[\d{1,2}\])*)=(.+)$/s.exec(assignment);
  if (!match) throw new StackError(`--set takes path=value, such as "worker.pool=40", not "${assignment}"`);
  return put(values ?? {}, steps(match[1]!), parse(match[2]!) as unknown);
}
