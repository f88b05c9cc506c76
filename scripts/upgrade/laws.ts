/** What today's laws say of a stack as it stands in an earlier version: each line asks for a change of its file. */
import { parse, stringify } from 'yaml';
import { prove } from '../../posture/laws/index.ts';
import { PostureError } from '../../posture/resolve.ts';
import { POSTURE_KEY, readStack } from '../stack-file.ts';

type Tree = Record<string, unknown>;

function without(node: Tree, [step = '', ...rest]: readonly string[]): void {
  const child = node[step];
  if (rest.length === 0) delete node[step];
  else if (typeof child === 'object' && child !== null) without(child as Tree, rest);
}

/** @param gone keys that are refused now, which the notes name beside this */
export function lawsOf(name: string, text: string, gone: readonly string[]): string[] {
  const file = parse(text) as { config: Tree };
  for (const path of gone) without(file.config, [POSTURE_KEY, ...path.split('.')]);
  try {
    return prove(readStack(name, stringify(file)).posture).violations.map(({ line }) => line);
  } catch (error) {
    if (error instanceof PostureError) return [...error.problems];
    throw error;
  }
}
