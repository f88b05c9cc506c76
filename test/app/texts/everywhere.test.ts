/** Every text of the bot is there in every language, with the variables that it is declared with. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { languages, onTextProblem } from '../../../app/texts/index.ts';

const root = join(import.meta.dirname, '../../..');
const folders = [...new Set(globSync('app/**/*.ftl', { cwd: root }).map((file) => dirname(file)))].sort();

test('nothing is missing, nothing differs, nothing is left over', async () => {
  const problems: string[] = [];
  onTextProblem((problem) => problems.push(problem));
  for (const folder of folders) await import(join(root, folder, 'texts.ts'));
  assert.ok(folders.length > 0);
  assert.deepEqual(problems, []);
});

test('they stand in the same order in every language', () => {
  /** The ids of a file in their order: a person who compares two of them finds each beside its like. */
  const ids = (folder: string, language: string) =>
    [...readFileSync(join(root, folder, `${language}.ftl`), 'utf8').matchAll(/^-?[a-z][\w-]*(?= =)/gm)].map(String);
  for (const folder of folders)
    for (const language of languages)
      assert.deepEqual(ids(folder, language), ids(folder, 'en'), `${folder}: ${language}`);
});

test('a file ends with one end of line, and has no tab', () => {
  for (const folder of folders)
    for (const language of languages)
      assert.doesNotMatch(readFileSync(join(root, folder, `${language}.ftl`), 'utf8'), /\t|\r|[^\n]$|\n\n$/, folder);
});
