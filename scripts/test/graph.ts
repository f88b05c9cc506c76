/** What each source file leans on: what it imports, and every file or folder of the project that a text in it names. */
import { dirname, join, normalize } from 'node:path/posix';
import { importsOf, textsOf } from './imports-of.ts';

/** Files by their path from the root, with slashes. */
export interface Project {
  files: ReadonlySet<string>;
  read: (file: string) => string;
}

const SOURCE = /\.(ts|js|mjs)$/;
/** Reads whatever is there: what it depends on is not written in it. */
const READS_FOLDERS = /\b(globSync|readdirSync|readdir|glob)\(/;

export interface Graph {
  /** Files and, ending in a slash, folders. */
  uses: ReadonlyMap<string, ReadonlySet<string>>;
  /** Files of tests that look through folders themselves. */
  roaming: ReadonlySet<string>;
}

/** Every folder that holds a file, ending in a slash. */
function foldersOf(files: ReadonlySet<string>): Set<string> {
  const folders = new Set<string>();
  for (const file of files)
    for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) folders.add(`${folder}/`);
  return folders;
}

export function graphOf({ files, read }: Project): Graph {
  const folders = foldersOf(files);
  const uses = new Map<string, Set<string>>();
  const roaming = new Set<string>();
  for (const file of files) {
    if (!SOURCE.test(file)) continue;
    const source = read(file);
    const here = dirname(file);
    const used = new Set<string>();
    for (const { specifier, typeOnly } of importsOf(source, file))
      // Types are tsc's to check.
      if (!typeOnly && specifier.startsWith('.')) used.add(normalize(join(here, specifier)));
    for (const text of textsOf(source, file)) {
      if (text === '' || text.length > 200) continue;
      const beside = normalize(join(here, text));
      for (const path of [beside, normalize(text)]) if (files.has(path)) used.add(path);
      // A single word is a folder's name beside the file only: elsewhere it is a word.
      for (const path of text.includes('/') ? [beside, normalize(text)] : [beside]) {
        const folder = path.endsWith('/') ? path : `${path}/`;
        if (folders.has(folder) && !`${here}/`.startsWith(folder)) used.add(folder);
      }
    }
    used.delete(file);
    uses.set(file, used);
    if (file.startsWith('test/') && READS_FOLDERS.test(source)) roaming.add(file);
  }
  return { uses, roaming };
}

/** Everything that a file leans on, itself included; what is in a folder that it names is not followed further. */
export function closureOf(file: string, { uses }: Graph): Set<string> {
  const seen = new Set([file]);
  const next = [file];
  for (let each = next.pop(); each !== undefined; each = next.pop())
    for (const used of uses.get(each) ?? [])
      if (!seen.has(used)) {
        seen.add(used);
        next.push(used);
      }
  return seen;
}
