import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { describe, test } from 'node:test';
import { importsOf } from '../scripts/test/imports-of.ts';
import { FOLDERS, violations } from './imports.ts';

test('every import of the project points the way it may', () => {
  const files = globSync(`{${FOLDERS.join(',')}}/**/*.{ts,js,mjs}`).map((file) => file.split(sep).join('/'));
  for (const folder of FOLDERS)
    assert.ok(
      files.some((file) => file.startsWith(`${folder}/`)),
      `no file of ${folder} was looked at`,
    );
  assert.deepEqual(
    files.flatMap((file) => violations(file, readFileSync(file, 'utf8'))),
    [],
  );
});

describe('the check itself', () => {
  test('sees every way to import', () => {
    const source = `
      import a from './a.ts';
      import type { B } from './b.ts';
      import './c.ts';
      export { d } from './d.ts';
      export * from './e.ts';
      export type { F } from './f.ts';
      const g = await import('./g.ts');
      type H = import('./h.ts').H;
      import i = require('./i.ts');
      const j = require('./j.ts');
      const k = await import(\`./k.ts\`);
      const l = await import(a + '.ts');
      // import m from './m.ts';
      const n = "import n from './n.ts'";
    `;
    assert.deepEqual(
      importsOf(source).map(({ specifier, line, typeOnly }) => `${line} ${specifier}${typeOnly ? ' type' : ''}`),
      [
        '2 ./a.ts',
        '3 ./b.ts type',
        '4 ./c.ts',
        '5 ./d.ts',
        '6 ./e.ts',
        '7 ./f.ts type',
        '8 ./g.ts',
        '9 ./h.ts type',
        '10 ./i.ts',
        '11 ./j.ts',
        '12 ./k.ts',
        "13 (computed) a + '.ts'",
      ],
    );
  });

  const refused: [file: string, source: string, why: RegExp][] = [
    ['posture/laws/x.ts', `import { a } from '../../app/log.ts';`, /posture may import nothing of ours/],
    ['posture/limits.ts', `import { readFile } from 'node:fs/promises';`, /posture does no I\/O/],
    ['posture/limits.ts', `import fs from 'fs';`, /posture does no I\/O/],
    ['posture/limits.ts', `export * from '../local/contract/index.ts';`, /posture may import nothing of ours/],
    ['posture/limits.ts', `const a = await import('node:http');`, /posture does no I\/O/],
    ['posture/limits.ts', `type A = import('../app/log.ts').Logger;`, /posture may import nothing of ours/],
    [
      'app/roles/web.ts',
      `import type { Health } from '../../local/contract/index.ts';`,
      /app may import only posture, contract, sentinel of ours/,
    ],
    [
      'app/bot/x.ts',
      `const i = await import('../../infra/index.ts');`,
      /app may import only posture, contract, sentinel of ours/,
    ],
    [
      'app/roles/web.ts',
      `export { x } from '../../scripts/start.ts';`,
      /app may import only posture, contract, sentinel of ours/,
    ],
    ['app/roles/web.ts', `import '../../test/imports.ts';`, /app may import only posture, contract, sentinel of ours/],
    ['app/roles/web.ts', `const m = await import(name);`, /not written out/],
    [
      'local/platform/x.ts',
      `import { y } from '../../infra/index.ts';`,
      /local may import only app, sentinel, posture, contract of ours/,
    ],
    [
      'local/platform/x.ts',
      `import { y } from '../../scripts/start.ts';`,
      /local may import only app, sentinel, posture/,
    ],
    ['infra/aws/x.ts', `import { y } from '../../app/config.ts';`, /infra may import only posture, contract of ours/],
    [
      'infra/aws/x.ts',
      `import { y } from '../../local/contract/index.ts';`,
      /infra may import only posture, contract of ours/,
    ],
    ['scripts/x.ts', `import { y } from '../test/imports.ts';`, /scripts may import only .* of ours/],
    ['contract/x.ts', `import fs from 'node:fs';`, /contract does no I\/O/],
    ['contract/x.ts', `import { y } from '../posture/limits.ts';`, /contract may import nothing of ours/],
    ['sentinel/x.ts', `import { y } from '../app/loop.ts';`, /sentinel may import only posture, contract of ours/],
    ['app/health/x.ts', `import { y } from '../../sentinel/look.ts';`, /only app\/roles may start the sentinel/],
    ['app/database/x.ts', `import { y } from '../lanes/queues.ts';`, /app\/database stands below app\/lanes/],
    ['app/providers/x.ts', `import type { Y } from '../bot/bot.ts';`, /app\/providers stands below app\/bot/],
    ['app/features/x.ts', `import { y } from '../roles/web.ts';`, /app\/features stands below app\/roles/],
    ['app/log.ts', `import { y } from './database/pool.ts';`, /app\/log.ts stands below app\/database/],
    ['app/intake/x.ts', `import { y } from '../health/server.ts';`, /app\/intake stands beside app\/health/],
    ['app/roles/x.ts', `import { y } from '../main.ts';`, /app\/roles stands below app\/main.ts/],
    ['app/x.ts', `import y from '../../elsewhere/y.ts';`, /outside the project/],
    ['app/x.ts', `import y from '/srv/local/y.ts';`, /relative path/],
  ];
  for (const [file, source, why] of refused)
    test(`refuses ${source} in ${file}`, () => {
      const [line, ...others] = violations(file, source);
      assert.deepEqual(others, []);
      assert.match(line ?? 'nothing was found', why);
      assert.ok(line?.startsWith(`${file}:1: `));
    });

  const accepted: [file: string, source: string][] = [
    ['posture/laws/x.ts', `import { y } from '../limits.ts'; import { z } from 'zod';`],
    ['app/roles/web.ts', `import { resolve } from '../../posture/resolve.ts'; import fs from 'node:fs';`],
    ['local/platform/x.ts', `import { a } from '../../app/log.ts'; import { b } from '../contract/index.ts';`],
    ['app/roles/x.ts', `import { a } from '../../sentinel/look.ts'; import { b } from '../health/server.ts';`],
    ['app/features/chat/x.ts', `import { a } from '../offer.ts'; import { b } from '../../database/pool.ts';`],
    ['app/loop.ts', `import { a } from './log.ts'; import { b } from '../contract/health.ts';`],
    ['infra/aws/x.ts', `import { a } from '../../posture/limits.ts'; import * as aws from '@pulumi/aws';`],
    ['scripts/x.ts', `import a from '../infra/x.ts'; import b from '../local/x.ts'; import c from '../package.json';`],
    ['test/app/x.ts', `import a from '../../scripts/x.ts'; const b = await import(path);`],
  ];
  for (const [file, source] of accepted)
    test(`accepts ${source} in ${file}`, () => assert.deepEqual(violations(file, source), []));
});
