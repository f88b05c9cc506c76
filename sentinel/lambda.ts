/**
 * Entry point of the scheduled Lambda; bundled with what it imports, posture.json beside it.
 *
 * Secrets are read with the AWS SDK that the runtime carries: no layer with an ARN for each region, and no SDK in the
 * bundle. It is required and not imported, because the runtime points to it by NODE_PATH, which `import` does not heed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createHandler } from './handler.ts';

interface SecretsManager {
  SecretsManager: new () => { getSecretValue(input: { SecretId: string }): Promise<{ SecretString?: string }> };
}

const require = createRequire(import.meta.url);

let client: InstanceType<SecretsManager['SecretsManager']> | undefined;

async function readSecret(arn: string): Promise<string> {
  client ??= new (require('@aws-sdk/client-secrets-manager') as SecretsManager).SecretsManager();
  const { SecretString } = await client.getSecretValue({ SecretId: arn });
  if (!SecretString) throw new Error(`the secret ${arn} has no text`);
  return SecretString;
}

export const handler = createHandler({
  posture: readFileSync(new URL('./posture.json', import.meta.url), 'utf8'),
  env: process.env,
  readSecret,
  // Not console.log: the runtime would put a timestamp before the line, and it would be no metric any more.
  write: (line) => process.stdout.write(`${line}\n`),
});
