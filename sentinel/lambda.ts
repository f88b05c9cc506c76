/**
 * Entry point of the scheduled Lambda; bundled with what it imports, posture.json beside it.
 *
 * AWS is asked by the SDK that the runtime carries: no layer with an ARN for each region, and no SDK in the
 * bundle. It is required and not imported, because the runtime points to it by NODE_PATH, which `import` does not heed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Role } from '../posture/limits.ts';
import { createHandler } from './handler.ts';
import type { TaskCount } from './tasks.ts';

interface SecretsManager {
  SecretsManager: new () => { getSecretValue(input: { SecretId: string }): Promise<{ SecretString?: string }> };
}

interface Ecs {
  ECS: new () => {
    describeServices(
      input: { cluster: string; services: string[] },
      options: { abortSignal: AbortSignal },
    ): Promise<{ services?: { serviceName?: string; desiredCount?: number; runningCount?: number }[] }>;
  };
}

const require = createRequire(import.meta.url);

let client: InstanceType<SecretsManager['SecretsManager']> | undefined;

async function readSecret(arn: string): Promise<string> {
  client ??= new (require('@aws-sdk/client-secrets-manager') as SecretsManager).SecretsManager();
  const { SecretString } = await client.getSecretValue({ SecretId: arn });
  if (!SecretString) throw new Error(`the secret ${arn} has no text`);
  return SecretString;
}

let ecs: InstanceType<Ecs['ECS']> | undefined;

/** A service is called as its role; one that is not there is not counted, and no metric is an alarm of its own. */
async function countTasks(cluster: string, roles: readonly Role[], abortSignal: AbortSignal): Promise<TaskCount[]> {
  ecs ??= new (require('@aws-sdk/client-ecs') as Ecs).ECS();
  const { services = [] } = await ecs.describeServices({ cluster, services: [...roles] }, { abortSignal });
  return roles.flatMap((role) => {
    const found = services.find(({ serviceName }) => serviceName === role);
    return found ? [{ role, wanted: found.desiredCount ?? 0, running: found.runningCount ?? 0 }] : [];
  });
}

export const handler = createHandler({
  posture: readFileSync(new URL('./posture.json', import.meta.url), 'utf8'),
  env: process.env,
  readSecret,
  countTasks,
  // Not console.log: the runtime would put a timestamp before the line, and it would be no metric any more.
  write: (line) => process.stdout.write(`${line}\n`),
});
