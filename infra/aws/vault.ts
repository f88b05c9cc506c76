/** Every secret of the bot, and which task is given which: none gets one that its work does not need. */
import * as pulumi from '@pulumi/pulumi';
import type { BotSecrets } from '../settings.ts';
import type { Database } from './database.ts';
import { ManagedSecret, password } from './secrets.ts';
import type { TaskRole } from './task.ts';

export interface VaultArgs {
  /** From the stack's encrypted configuration. What is absent and can be made, is made. */
  secrets: BotSecrets;
  database: Database;
  /** Days in which a deleted secret can be restored. */
  recoveryDays: 0 | 7;
}

export class Vault extends pulumi.ComponentResource {
  readonly botToken: pulumi.Output<string>;
  readonly webhookSecret: pulumi.Output<string>;
  readonly operatorToken: pulumi.Output<string>;
  readonly operatorSecret: ManagedSecret;
  readonly botTokenSecret: ManagedSecret;
  /** Token of the bot that passes pages on; there is none without an on-call chat. */
  readonly oncallSecret: ManagedSecret | undefined;
  /** Environment variable to secret, by task. */
  readonly of: Record<TaskRole, Record<string, ManagedSecret>>;

  constructor(name: string, args: VaultArgs, options?: pulumi.ComponentResourceOptions) {
    super('evenkeel:aws:Vault', name, {}, options);
    const { secrets, database } = args;
    const own = { parent: this };
    if (!secrets.botToken) throw new Error('the bot token is checked before a vault is made');
    this.botToken = secrets.botToken;
    this.webhookSecret = secrets.webhookSecret ?? password(`${name}-webhook-secret`, own);
    this.operatorToken = secrets.operatorToken ?? password(`${name}-operator-token`, own);

    const keep = (part: string, description: string, value: pulumi.Input<string>) =>
      new ManagedSecret(`${name}-${part}`, { value, description, recoveryDays: args.recoveryDays }, own);
    this.botTokenSecret = keep('bot-token', 'Token of the Telegram bot', this.botToken);
    this.operatorSecret = keep('operator-token', "Bearer token of the operators' endpoints", this.operatorToken);
    this.oncallSecret =
      secrets.oncallBotToken && keep('oncall-token', 'Token of the bot that passes pages on', secrets.oncallBotToken);
    const BOT_TOKEN = this.botTokenSecret;
    const OPERATOR_TOKEN = this.operatorSecret;

    this.of = {
      web: {
        BOT_TOKEN,
        OPERATOR_TOKEN,
        WEBHOOK_SECRET: keep('webhook-secret', 'Secret that Telegram sends with each update', this.webhookSecret),
        ...(secrets.webhookSecretPrevious && {
          WEBHOOK_SECRET_PREVIOUS: keep(
            'previous-webhook-secret',
            'Secret that Telegram sends until the new one is set',
            secrets.webhookSecretPrevious,
          ),
        }),
        DATABASE_URL: keep('web-database', 'Database login of the web tasks', database.url('web')),
      },
      worker: {
        BOT_TOKEN,
        OPERATOR_TOKEN,
        DATABASE_URL: keep('worker-database', 'Database login of the worker tasks', database.url('worker')),
        ...(secrets.openrouterApiKey && {
          OPENROUTER_API_KEY: keep('openrouter', 'API key of the AI provider', secrets.openrouterApiKey),
        }),
      },
      migrate: {
        DATABASE_URL: keep('owner-database', "Login of the database server's master", database.url('master')),
        OWNER_DATABASE_PASSWORD: keep(
          'owner-password',
          'Password of the database role owner',
          database.passwords.owner,
        ),
        WEB_DATABASE_PASSWORD: keep('web-password', 'Password of the database role web', database.passwords.web),
        WORKER_DATABASE_PASSWORD: keep(
          'worker-password',
          'Password of the database role worker',
          database.passwords.worker,
        ),
        OPERATOR_DATABASE_PASSWORD: keep(
          'operator-password',
          'Password of the database role operator',
          database.passwords.operator,
        ),
      },
    };
    this.registerOutputs({});
  }
}
