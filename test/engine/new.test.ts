/** `pulumi new` from this repository: the questions, their answers in the stack's file, and a project that previews. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { cleanup } from '../harness/cleanup.ts';
import { startEngine, whyNoEngine, type Engine } from './engine.ts';
import { typed } from './typed.ts';

/** The questions are asked in a terminal. */
const noTerminal = spawnSync('script', ['--version']).status === 0 ? undefined : 'no `script` of util-linux';
const skip = whyNoEngine() ?? noTerminal ?? false;
const ROOT = join(import.meta.dirname, '../..');
const TOKEN = '123456789:AAtest-token-of-nobody-0123456789';
const KEY = 'sk-or-key-of-nobody';

describe('pulumi new', { skip }, () => {
  const undo = cleanup({ after });
  let engine: Engine;
  let template: string;
  let mine: string;
  let env: Record<string, string>;
  before(async () => {
    engine = await startEngine(undo);
    const base = join(engine.directory, '..');
    [template, mine] = [join(base, 'template'), join(base, 'mine')];
    cpSync(engine.directory, template, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
    mkdirSync(mine);
    // The packages are here already, and a test asks no registry for them.
    const bin = join(base, 'bin');
    mkdirSync(bin);
    writeFileSync(
      join(bin, 'npm'),
      `#!/bin/sh\nwhile [ ! -f package.json ]; do cd ..; done\nexec ln -sfn "${join(ROOT, 'node_modules')}" node_modules\n`,
    );
    chmodSync(join(bin, 'npm'), 0o755);
    env = { PATH: `${bin}:${join(ROOT, 'node_modules/node/bin')}:${process.env['PATH']}` };
  });

  test('asks what is wanted, and writes the answers beside the posture that is shipped, secrets encrypted', async () => {
    const answers = [
      ['Project name', 'my-bot'],
      ['Project description', 'Mine'],
      ['Stack name', 'prod'],
      ['aws:region', ''],
      ['evenkeel:botToken', TOKEN],
      ['evenkeel:openrouterApiKey', KEY],
    ] as const;
    const command = `pulumi new '${template}' --dir '${mine}' --force`;
    const asked = await typed(command, answers, engine.directory, { ...engine.env, ...env, TERM: 'xterm' }, 300_000);
    assert.deepEqual(asked.unasked, [], asked.output);
    assert.equal(asked.code, 0, asked.output);
    for (const secret of [TOKEN, KEY]) assert.ok(!asked.output.includes(secret), 'a secret is not shown');
    const project = parse(readFileSync(join(mine, 'Pulumi.yaml'), 'utf8')) as Record<string, unknown>;
    assert.equal(project['name'], 'my-bot');
    assert.equal(project['main'], 'infra/start.js');
    assert.equal(project['template'], undefined, 'a project asks no questions any more');
    const { config } = parse(readFileSync(join(mine, 'Pulumi.prod.yaml'), 'utf8')) as {
      config: Record<string, object>;
    };
    assert.equal(config['aws:region'], 'eu-central-1');
    for (const key of ['evenkeel:botToken', 'evenkeel:openrouterApiKey'])
      assert.deepEqual(Object.keys(config[key]!), ['secure'], key);
    assert.equal((config['evenkeel:posture'] as { stage: string }).stage, 'production');
    assert.ok(existsSync(join(mine, 'Dockerfile')) && existsSync(join(mine, '.dockerignore')));
  });

  test('which previews, under its own name, once somebody answers for what it sells', async () => {
    const nobody = await engine.pulumi(['-C', mine, 'preview', '-s', 'prod'], { env });
    const [, key] =
      /people\.owners: 1 is an example.*: pulumi config set --path '([^']+)' <your Telegram id>/.exec(nobody.all) ?? [];
    assert.ok(key !== undefined && nobody.code !== 0, nobody.all);
    await engine.succeed(['-C', mine, 'config', 'set', '-s', 'prod', '--path', key, '5000000001']);
    const { code, all } = await engine.pulumi(['-C', mine, 'preview', '-s', 'prod'], { env });
    assert.equal(code, 0, all);
    assert.match(all, /my-bot-prod/);
    assert.match(all, /\+ \d+ to create/);
  });
});
