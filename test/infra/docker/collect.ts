/** Runs the Docker target without the engine and collects what it declares. */
import * as pulumi from '@pulumi/pulumi';
import { deploy } from '../../../infra/docker/index.ts';
import { SECRET_KEYS, type SecretKey } from '../../../infra/keys.ts';
import type { BotSecrets, Outputs } from '../../../infra/settings.ts';
import { resolve } from '../../../posture/resolve.ts';

export interface Declared {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  /** The inputs as text with every secret taken out. */
  plain: string;
}

export interface Run {
  resources: Declared[];
  outputs: Outputs | undefined;
  error: Error | undefined;
}

interface Options {
  preview?: boolean;
  /** How the migration ends. */
  migrateExit?: number;
  logs?: string;
  /** Secrets of the stack's configuration. Default: none. */
  keys?: Partial<Record<SecretKey, string>>;
}

const SECRET = pulumi.runtime.specialSecretSig;
const SIGNATURE = pulumi.runtime.specialSigKey;

const isSecret = (node: unknown): node is { value: unknown } =>
  typeof node === 'object' && node !== null && (node as Record<string, unknown>)[SIGNATURE] === SECRET;

/** The value with secrets laid open, or with each replaced. */
function open(node: unknown, replace?: string): unknown {
  if (isSecret(node)) return replace ?? open(node.value);
  if (Array.isArray(node)) return node.map((child) => open(child, replace));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, open(child, replace)]));
}

function state(type: string, name: string, { migrateExit = 0, logs = '' }: Options): Record<string, unknown> {
  if (type === 'random:index/randomPassword:RandomPassword') return { result: `password-of-${name}` };
  if (type === 'docker:index/image:Image') return { repoDigest: `sha256:${name}` };
  if (type === 'docker:index/remoteImage:RemoteImage') return { imageId: `sha256:${name}` };
  if (type === 'docker:index/container:Container')
    return {
      exitCode: name.endsWith('-migrate') ? migrateExit : 0,
      containerLogs: logs,
      ports: [{ internal: 1, external: 32_768 }],
    };
  return {};
}

export async function collect(values: unknown, options: Options = {}): Promise<Run> {
  const { preview = false, keys = {} } = options;
  const resources: Declared[] = [];
  let error: Error | undefined;
  let outputs: Outputs | undefined;
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const opened = open(inputs) as Record<string, unknown>;
        resources.push({ type, name, inputs: opened, plain: JSON.stringify(open(inputs, '[secret]')) });
        if (preview) return { id: undefined, state: inputs as object };
        return { id: `${name}-id`, state: { name, ...opened, ...state(type, name, options) } };
      },
      call: ({ token }) => {
        throw new Error(`no answer for ${token}`);
      },
    },
    'evenkeel',
    'local',
    preview,
  );
  try {
    await pulumi.runtime.runInPulumiStack(async () => {
      outputs = deploy({
        target: 'docker',
        project: 'evenkeel',
        stack: 'local',
        posture: resolve(values),
        proof: ['all laws hold'],
        secrets: Object.fromEntries(
          SECRET_KEYS.map((key) => [key, keys[key] === undefined ? undefined : pulumi.secret(keys[key])]),
        ) as unknown as BotSecrets,
        imageDigest: undefined,
        architecture: 'amd64',
        telegramApiRoot: 'https://api.telegram.org',
        restoreSnapshot: undefined,
        permissionsBoundary: undefined,
        kmsKey: undefined,
        majorUpgrade: undefined,
      });
      return outputs;
    });
  } catch (thrown) {
    error = thrown as Error;
  }
  await pulumi.runtime.disconnect().catch((late: unknown) => {
    error ??= late as Error;
  });
  return { resources, outputs, error };
}

export const containers = ({ resources }: Run): Declared[] =>
  resources.filter(({ type }) => type === 'docker:index/container:Container');

export function container(run: Run, end: string): Declared {
  const found = containers(run).filter(({ name }) => name.endsWith(`-${end}`));
  if (found.length !== 1) throw new Error(`${end}: wanted one container, found ${found.length}`);
  return found[0]!;
}
