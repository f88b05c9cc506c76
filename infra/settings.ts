/**
 * What every target is given. Plain values are checked and proven before any resource is declared; secrets stay outputs,
 * so that the engine keeps them encrypted in its state.
 */
import type * as pulumi from '@pulumi/pulumi';
import type { Posture } from '../posture/schema/index.ts';

/** Secrets that the stack's encrypted configuration may hold. Those that it does not, a target makes itself. */
export interface BotSecrets {
  /** Token of the bot, from @BotFather. */
  botToken: pulumi.Output<string> | undefined;
  /** Value of X-Telegram-Bot-Api-Secret-Token: 1–256 of A-Za-z0-9_-. */
  webhookSecret: pulumi.Output<string> | undefined;
  /** The value before: the web tasks take it too, until Telegram sends the new one. Absent outside of a rotation. */
  webhookSecretPrevious: pulumi.Output<string> | undefined;
  /** Bearer token of the operators' endpoints: 16 characters or more. */
  operatorToken: pulumi.Output<string> | undefined;
  /** Key of the AI provider; wanted while features.chat is on. */
  openrouterApiKey: pulumi.Output<string> | undefined;
  /** Key of the access provider; wanted while features.subscriptions is on. */
  accessApiKey: pulumi.Output<string> | undefined;
  /** Key of Novita, which renders pictures and videos; wanted while features.studio is on. */
  novitaApiKey: pulumi.Output<string> | undefined;
  /** Token of Crypto Pay: asks, and checks what it signed. Wanted while features.cryptoPay is on. */
  cryptoPayToken: pulumi.Output<string> | undefined;
  /** The token before: what was signed with it is taken too. Absent outside of a rotation. */
  cryptoPayTokenPrevious: pulumi.Output<string> | undefined;
  /** Key with which NOWPayments is asked; wanted while features.nowPayments is on. */
  nowPaymentsApiKey: pulumi.Output<string> | undefined;
  /** Secret of what NOWPayments signs; wanted while features.nowPayments is on. */
  nowPaymentsIpnSecret: pulumi.Output<string> | undefined;
  /** The secret before: taken too. Absent outside of a rotation. */
  nowPaymentsIpnSecretPrevious: pulumi.Output<string> | undefined;
  /** Token of the bot that passes pages on to the on-call chat, another than the bot itself; wanted with oncall.telegramChat. */
  oncallBotToken: pulumi.Output<string> | undefined;
  /** Address outside of AWS that the sentinel calls while the bot is alive; its silence wakes somebody. Default: none. */
  heartbeatUrl: pulumi.Output<string> | undefined;
  /** Login of a PostgreSQL that is there already, of whoever may create roles; wanted with database.server "own". */
  databaseUrl: pulumi.Output<string> | undefined;
}

export interface Settings {
  /** Where the stack is built: the cloud, or the containers of this machine. */
  target: 'aws' | 'docker';
  /** Pulumi's project and stack, for names and tags. */
  project: string;
  stack: string;
  posture: Posture;
  /** The proof of the posture, one line a law, for the stack's outputs. */
  proof: readonly string[];
  secrets: BotSecrets;
  /** Digest (`sha256:…`) of an image that CI has pushed to the stack's repository; without one, the image is built here. */
  imageDigest: string | undefined;
  /**
   * Processor of the containers. Default: arm64 in the cloud, which costs about a fifth less on Fargate and is built on any
   * processor; on a laptop its own.
   */
  architecture: 'amd64' | 'arm64' | undefined;
  /** Root of the Bot API, for a self-hosted server. Default: Telegram's own. */
  telegramApiRoot: string;
  /** ARN of the policy that bounds every role that the stack makes; organisations demand one. Default: none. */
  permissionsBoundary: string | undefined;
  /** ARN of the key that encrypts what is kept. Default: AWS's own keys, and one of the stack's for its topics. */
  kmsKey: string | undefined;
  /** Major version of PostgreSQL to which a standing server may be upgraded. Default: none. */
  majorUpgrade: string | undefined;
  /** RDS snapshot from which a new database is restored (only read when the database is created). */
  restoreSnapshot: string | undefined;
}

/** What a target gives back: the outputs of the stack. */
export type Outputs = Record<string, pulumi.Input<unknown>>;
