/** Pictures of the documents: there, small enough, and said in words for who cannot see them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

test('every picture of README and docs is there, of at most 200 kB, and has words', () => {
  const pictures = ['README.md', 'CONTRIBUTING.md', 'docs/README.md', 'docs/production.md'].flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)].map(([, words, path]) => ({
      words: words!,
      path: join(ROOT, dirname(file), path!),
    })),
  );
  assert.ok(pictures.length >= 2);
  for (const { words, path } of pictures) {
    const bytes = readFileSync(path);
    assert.ok(bytes.length <= 200_000, path);
    assert.equal(bytes.toString('latin1', 8, 12), 'WEBP', path);
    assert.ok(words.length > 30, path);
  }
});
