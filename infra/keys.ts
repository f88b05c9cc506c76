/** Keys of a stack's configuration. Without imports: the command that proves a posture reads them as well. */

/** Those whose values are secrets: `pulumi config set --secret`. */
export const SECRET_KEYS = [
  'botToken',
  'webhookSecret',
  'webhookSecretPrevious',
  'operatorToken',
  'openrouterApiKey',
  'novitaApiKey',
  'accessApiKey',
  'cryptoPayToken',
  'cryptoPayTokenPrevious',
  'nowPaymentsApiKey',
  'nowPaymentsIpnSecret',
  'nowPaymentsIpnSecretPrevious',
  'oncallBotToken',
  'heartbeatUrl',
  'databaseUrl',
] as const;

/** Every key that this program reads, beside `aws:…`. A misspelt one is refused: silence would hide it. */
export const KEYS = [
  'target',
  'posture',
  ...SECRET_KEYS,
  'imageDigest',
  'architecture',
  'telegramApiRoot',
  'restoreSnapshot',
  'permissionsBoundary',
  'kmsKey',
  'majorUpgrade',
] as const;

export type Key = (typeof KEYS)[number];
export type SecretKey = (typeof SECRET_KEYS)[number];
