/** Which file may import what: dependencies point one way, so that no part can pull in another behind its back. */
import { dirname, join, normalize } from 'node:path/posix';
import { importsOf } from '../scripts/test/imports-of.ts';

/** Modules of Node that reach outside the program; posture is pure. */
const IO =
  /^(node:)?(fs|fs\/promises|net|http|https|http2|dns|tls|dgram|child_process|cluster|worker_threads|process|os|readline|timers|timers\/promises|inspector|repl|vm|sqlite)$/;

/** Folders of ours that a folder may import from; itself always. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  posture: [],
  contract: [],
  sentinel: ['posture', 'contract'],
  app: ['posture', 'contract', 'sentinel'],
  local: ['app', 'sentinel', 'posture', 'contract'],
  infra: ['posture', 'contract'],
  scripts: ['posture', 'contract', 'sentinel', 'app', 'local', 'infra'],
  test: ['posture', 'contract', 'sentinel', 'app', 'local', 'infra', 'scripts'],
};

/** Folders that do no I/O: a law, or the shape of an answer, is a function of plain values. */
const PURE = ['posture', 'contract'];

/**
 * The floors of the app, top first. A part may import from floors below its own, never from above, nor from another part
 * of its own floor. What stands in no folder is the ground: log, loop, outcome and the like.
 */
const FLOORS: readonly (readonly string[])[] = [
  ['main.ts'],
  ['roles'],
  ['ops'],
  ['features'],
  ['bot', 'health', 'intake'],
  ['payments'],
  ['jobs', 'outbox'],
  ['lanes', 'ledger', 'people'],
  ['providers', 'flags'],
  ['database'],
  ['texts', 'markdown'],
];
const GROUND = FLOORS.length;

/** The part of the app that a file belongs to: a folder, or the file itself. */
const partOf = (file: string): string => file.split('/')[1]!;

function floorOf(file: string): number {
  const part = partOf(file);
  const floor = FLOORS.findIndex((parts) => parts.includes(part));
  if (floor === -1 && file.split('/').length > 2) throw new Error(`app/${part} has no floor; give it one in FLOORS`);
  return floor === -1 ? GROUND : floor;
}

/**
 * What is wrong with a file's imports, one line each.
 * @param file path from the root of the project, with slashes
 */
export function violations(file: string, source: string): string[] {
  const [from] = file.split('/') as [string];
  return importsOf(source, file).flatMap(({ specifier, line }) => {
    const why = refuse(file, from, specifier);
    return why ? [`${file}:${line}: imports ${specifier}: ${why}`] : [];
  });
}

function refuse(file: string, from: string, specifier: string): string | undefined {
  if (specifier.startsWith('(computed)')) {
    // Tools and tests load by path what they start; the program itself never does.
    return ['scripts', 'test', 'infra'].includes(from) ? undefined : 'a path that is not written out cannot be checked';
  }
  if (PURE.includes(from) && IO.test(specifier)) return `${from} does no I/O`;
  if (/^([/]|file:)/.test(specifier)) return 'write it as a relative path';
  if (!specifier.startsWith('.')) return undefined;
  const target = normalize(join(dirname(file), specifier));
  const [to] = target.split('/') as [string];
  if (to === from) return from === 'app' ? refuseUpwards(file, target) : undefined;
  if (to === '..') return 'it is outside the project';
  const allowed = ALLOWED[from] ?? [];
  // The sentinel looks at the bot from outside: the role starts it, and nothing else of the app knows of it.
  if (from === 'app' && to === 'sentinel' && partOf(file) !== 'roles') return 'only app/roles may start the sentinel';
  if (allowed.includes(to) || !(to in ALLOWED)) return undefined;
  return `${from} may import ${allowed.length > 0 ? `only ${allowed.join(', ')}` : 'nothing'} of ours`;
}

function refuseUpwards(file: string, target: string): string | undefined {
  const [from, to] = [floorOf(file), floorOf(target)];
  if (to > from || partOf(file) === partOf(target) || (from === GROUND && to === GROUND)) return undefined;
  return `app/${partOf(file)} stands ${to === from ? 'beside' : 'below'} app/${partOf(target)}`;
}

/** Folders whose files are checked. */
export const FOLDERS = Object.keys(ALLOWED);
