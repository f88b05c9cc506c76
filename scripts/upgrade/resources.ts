/** What an upgrade makes, takes away and makes anew in a stack: the program of then and that of today, run against nothing. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';
import { parse } from 'yaml';
import { declared, type Declared } from '../cost/declared.ts';
import { loadStack, readStack, type Stack } from '../stack-file.ts';
import { REPLACES } from './replaces.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

export interface ResourceChanges {
  made: string[];
  gone: string[];
  /** Of those that hold data or an address: what is another one afterwards, and by which input. */
  replaced: string[];
}

const said = ({ type, name }: Declared): string => `${type.split(':').at(-1)} ${name}`;
const key = ({ type, name }: Declared): string => `${type} ${name}`;
const isReal = ({ type }: Declared): boolean => /^(aws|random|docker):/.test(type);

export function resourceChanges(before: readonly Declared[], now: readonly Declared[]): ResourceChanges {
  const [old, fresh] = [before, now].map((list) => new Map(list.filter(isReal).map((one) => [key(one), one])));
  const replaced = [...fresh!].flatMap(([name, one]) => {
    const was = old!.get(name);
    const by = (REPLACES[one.type] ?? []).filter(
      (input) => was && !isDeepStrictEqual(was.inputs[input], one.inputs[input]),
    );
    return by.length > 0 ? [`${said(one)} (${by.join(', ')})`] : [];
  });
  return {
    made: [...fresh!].filter(([name]) => !old!.has(name)).map(([, one]) => said(one)),
    gone: [...old!].filter(([name]) => !fresh!.has(name)).map(([, one]) => said(one)),
    replaced,
  };
}

/** What the version of a commit declares, for the stack as its file was then. Its files lie in a folder of their own meanwhile. */
async function declaredThen(revision: string, name: string): Promise<Declared[]> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-then-'));
  try {
    await run('sh', ['-c', `git archive "$1" | tar -x -C "$2"`, 'sh', revision, folder], { cwd: ROOT });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const { program } = (await import(pathToFileURL(join(folder, 'infra/program.ts')).href)) as {
      program: () => Promise<unknown>;
    };
    return await declared(await stackThen(folder, name), program);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The stack as its own version reads it: that one's schema, not today's. */
async function stackThen(folder: string, name: string): Promise<Stack> {
  const { resolve } = (await import(pathToFileURL(join(folder, 'posture/resolve.ts')).href)) as {
    resolve: (values: unknown) => Stack['posture'];
  };
  const { config } = parse(await readFile(join(folder, `Pulumi.${name}.yaml`), 'utf8')) as {
    config: Record<string, unknown>;
  };
  const values = config['evenkeel:posture'];
  const empty = readStack(name, '');
  return { ...empty, config, values, posture: resolve(values) };
}

/** @throws {pulumi.RunError} what one of the two programs refuses */
export async function resourcesSince(revision: string, name: string): Promise<ResourceChanges> {
  return resourceChanges(await declaredThen(revision, name), await declared(await loadStack(name)));
}
