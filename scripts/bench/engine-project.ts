/** A copy of the project for the real engine, with an empty backend and providers that touch no cloud. For tests and bench. */
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
/** Started by the engine, by its path. */
const STAND_IN = join(ROOT, 'test/engine/stand-in.ts');
/** What a program reads, and nothing of what its owner has written into the stack files. */
const PARTS = [
  'app',
  'contract',
  'infra',
  'posture',
  'sentinel',
  'local',
  'package.json',
  'package-lock.json',
  'Pulumi.yaml',
  'Dockerfile',
  '.dockerignore',
  '.npmrc',
];
const STACKS = ['prod', 'staging', 'local'];
const PLUGINS = ['aws', 'docker', 'random'];

export interface Project {
  directory: string;
  /** Where the providers keep what they made. */
  state: string;
  /** Of the engine's commands: backend and plugins. */
  env: Record<string, string>;
}

/** Plugins where the engine looks for those of the versions that the program wants. */
function installPlugins(home: string, state: string): void {
  const bin = join(ROOT, 'node_modules/.bin/node');
  for (const name of PLUGINS) {
    const { version } = JSON.parse(readFileSync(join(ROOT, `node_modules/@pulumi/${name}/package.json`), 'utf8')) as {
      version: string;
    };
    const folder = join(home, `plugins/resource-${name}-v${version}`);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `pulumi-resource-${name}`);
    const command = `exec "${bin}" "${STAND_IN}" ${name} ${version} "${state}" "$@"`;
    writeFileSync(file, `#!/bin/sh\n${command}\n`);
    chmodSync(file, 0o755);
  }
}

/** Makes it in `base`, an empty folder. No stack is selected or configured yet. */
export function makeProject(base: string): Project {
  const [directory, home, state, backend] = ['project', 'home', 'state', 'backend'].map((part) => join(base, part));
  for (const folder of [directory!, home!, state!, backend!]) mkdirSync(folder);
  for (const part of PARTS) cpSync(join(ROOT, part), join(directory!, part), { recursive: true });
  for (const stack of STACKS)
    cpSync(join(ROOT, `test/fixtures/Pulumi.${stack}.yaml`), join(directory!, `Pulumi.${stack}.yaml`));
  symlinkSync(join(ROOT, 'node_modules'), join(directory!, 'node_modules'));
  installPlugins(home!, state!);
  return {
    directory: directory!,
    state: state!,
    env: {
      HOME: base,
      PULUMI_HOME: home!,
      PULUMI_BACKEND_URL: `file://${backend!}`,
      PULUMI_CONFIG_PASSPHRASE: 'of the test',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    },
  };
}
