/** Entry point of the relay's Lambda. The secret is read with the SDK that the runtime carries; see sentinel/lambda.ts. */
import { createRequire } from 'node:module';
import { createRelay } from './handler.ts';

interface SecretsManager {
  SecretsManager: new () => { getSecretValue(input: { SecretId: string }): Promise<{ SecretString?: string }> };
}

const sdk = createRequire(import.meta.url);

/** Telegram's deadline, ms: three messages fit into the function's own. */
const TIMEOUT = 8_000;

function need(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const arn = need('SECRET_ARN');

/** Undefined where there is none; an error of the parser would have the text in it. */
function tokenIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { ONCALL_TOKEN?: string }).ONCALL_TOKEN;
  } catch {
    return undefined;
  }
}

async function readToken(): Promise<string> {
  const { SecretsManager } = sdk('@aws-sdk/client-secrets-manager') as SecretsManager;
  const { SecretString } = await new SecretsManager().getSecretValue({ SecretId: arn });
  const token = tokenIn(SecretString ?? '{}');
  if (!token) throw new Error(`the secret ${arn} has no ONCALL_TOKEN`);
  return token;
}

export const handler = createRelay({
  apiRoot: need('TELEGRAM_API_ROOT'),
  chat: need('ONCALL_CHAT'),
  readToken,
  timeout: TIMEOUT,
});
