/** Every secret of the bot, and which task is given which: none gets one that its work does not need. */
import * as pulumi from '@pulumi/pulumi';
import { payerEnvironment } from '../payers.ts';
import type { BotSecrets } from '../settings.ts';
import type { DatabaseServer } from './database.ts';
import { ManagedSecret, password } from './secrets.ts';
import type { OfTasks } from './task.ts';

export interface VaultArgs {
  /** From the stack's encrypted configuration. What is absent and can be made, is made. */
  secrets: BotSecrets;
  database: DatabaseServer;
  /** Days in which a deleted secret can be restored. */
  recoveryDays: 0 | 7;
  /** ARN of the key that encrypts them. Default: AWS's own. */
  kmsKey: string | undefined;
}

export class Vault extends pulumi.ComponentResource {
  readonly botToken: pulumi.Output<string>;
  readonly webhookSecret: pulumi.Output<string>;
  readonly operatorToken: pulumi.Output<string>;
  /** Both tokens with which the sentinel asks. */
  readonly sentinelSecret: ManagedSecret;
  /** Token of the bot that passes pages on; there is none without an on-call chat. */
  readonly oncallSecret: ManagedSecret | undefined;
  /** Environment by reference, by task. */
  readonly of: OfTasks<ManagedSecret>;

  constructor(name: string, args: VaultArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Vault', name, {}, options);
    const { secrets, database } = args;
    const own = { parent: this };
    if (!secrets.botToken) throw new Error('the bot token is checked before a vault is made');
    this.botToken = secrets.botToken;
    this.webhookSecret = secrets.webhookSecret ?? password(`${name}-webhook-secret`, own);
    this.operatorToken = secrets.operatorToken ?? password(`${name}-operator-token`, own);

    const { recoveryDays, kmsKey } = args;
    const keep = (part: string, description: string, values: Record<string, pulumi.Input<string>>) =>
      new ManagedSecret(`${name}-${part}`, { values, description, recoveryDays, kmsKey }, own);
    const tokens = { BOT_TOKEN: this.botToken, OPERATOR_TOKEN: this.operatorToken };
    const { passwords } = database;

    this.sentinelSecret = keep('sentinel', 'What the sentinel asks with: tokens of the bot and of the operators', {
      ...tokens,
      ...(secrets.heartbeatUrl && { HEARTBEAT_URL: secrets.heartbeatUrl }),
    });
    this.oncallSecret =
      secrets.oncallBotToken &&
      keep('oncall', 'What the relay sends with: token of the on-call bot', { ONCALL_TOKEN: secrets.oncallBotToken });
    this.of = {
      web: keep('web', 'Environment of the web tasks', {
        ...tokens,
        WEBHOOK_SECRET: this.webhookSecret,
        ...(secrets.webhookSecretPrevious && { WEBHOOK_SECRET_PREVIOUS: secrets.webhookSecretPrevious }),
        ...payerEnvironment('web', secrets),
        DATABASE_URL: database.url('web'),
      }),
      worker: keep('worker', 'Environment of the worker tasks', {
        ...tokens,
        DATABASE_URL: database.url('worker'),
        ...(secrets.openrouterApiKey && { OPENROUTER_API_KEY: secrets.openrouterApiKey }),
        // Whatever is on: what was begun there ends.
        ...(secrets.novitaApiKey && { NOVITA_API_KEY: secrets.novitaApiKey }),
        ...(secrets.accessApiKey && { ACCESS_API_KEY: secrets.accessApiKey }),
        ...payerEnvironment('worker', secrets),
      }),
      ...(passwords.media && {
        media: keep('media', 'Environment of the media tasks', { ...tokens, DATABASE_URL: database.url('media') }),
      }),
      migrate: keep('migrate', "Environment of the migration: the server's master, and the roles' passwords", {
        DATABASE_URL: database.url('master'),
        OWNER_DATABASE_PASSWORD: passwords.owner,
        WEB_DATABASE_PASSWORD: passwords.web,
        WORKER_DATABASE_PASSWORD: passwords.worker,
        ...(passwords.media && { MEDIA_DATABASE_PASSWORD: passwords.media }),
        OPERATOR_DATABASE_PASSWORD: passwords.operator,
      }),
      ops: keep('ops', 'Environment of the tasks that people start: login of the operator', {
        DATABASE_URL: database.url('operator'),
      }),
    };
    this.registerOutputs({});
  }
}
