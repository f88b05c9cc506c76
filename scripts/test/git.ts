/** What git says of the working tree. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Project } from './graph.ts';

const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const lines = (text: string) => text.split('\0').filter(Boolean);

/** Whether git knows it as a commit. */
export function isCommit(name: string): boolean {
  try {
    git('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`);
    return true;
  } catch {
    return false;
  }
}

/** Where this branch left the main one: HEAD itself on the main branch. */
export function defaultBase(): string {
  const main = ['origin/HEAD', 'main', 'master'].find(isCommit);
  return main ? git('merge-base', 'HEAD', main).trim() : 'HEAD';
}

/** Files that differ from `base` in the working tree, new and deleted ones too. */
export function changedSince(base: string): string[] {
  const changed = git('diff', '--name-only', '--no-renames', '--relative', '-z', base);
  return [...new Set([...lines(changed), ...lines(git('ls-files', '--others', '--exclude-standard', '-z'))])];
}

/** What git has and what is new, without what it ignores. */
export function projectFiles(): Project {
  const listed = lines(git('ls-files', '--cached', '--others', '--exclude-standard', '-z'));
  const gone = new Set(lines(git('ls-files', '--deleted', '-z')));
  return {
    files: new Set(listed.filter((file) => !gone.has(file))),
    read: (file) => readFileSync(file, 'utf8'),
  };
}
