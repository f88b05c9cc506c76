import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ownDirectory } from '../../../local/platform/owner.ts';
import { temporaryDirectory } from './support.ts';

const OWNER = new URL('../../../local/platform/owner.ts', import.meta.url).href;

/** Another program that wants the directory, in its own environment. */
const takeElsewhere = (directory: string, env: Record<string, string>) =>
  promisify(execFile)(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `await (await import(${JSON.stringify(OWNER)})).ownDirectory(process.argv[1])`,
      directory,
    ],
    { env: { PATH: process.env['PATH'], ...env } },
  );

for (const env of [
  { TZ: 'Pacific/Kiritimati' },
  { LC_ALL: 'de_DE.UTF-8' },
  { LC_ALL: 'tr_TR.UTF-8', TZ: 'America/St_Johns' },
])
  test(`an owner is known in another language and time zone: ${JSON.stringify(env)}`, async (t) => {
    const directory = await temporaryDirectory(t);
    const free = await ownDirectory(directory);
    await assert.rejects(takeElsewhere(directory, env), /are in use by process \d+/);
    assert.match(await readFile(join(directory, 'owner'), 'utf8'), new RegExp(`^${process.pid} `));
    await free();
    await takeElsewhere(directory, env);
  });
