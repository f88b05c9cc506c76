/** Keys of a stack's configuration. Without imports: the command that proves a posture reads them as well. */

/** Every key that this program reads, beside `aws:…`. A misspelt one is refused: silence would hide it. */
export const KEYS = [
  'target',
  'posture',
  'botToken',
  'webhookSecret',
  'webhookSecretPrevious',
  'operatorToken',
  'openrouterApiKey',
  'oncallBotToken',
  'heartbeatUrl',
  'imageDigest',
  'architecture',
  'telegramApiRoot',
  'restoreSnapshot',
  'permissionsBoundary',
  'majorUpgrade',
] as const;

/** Those whose values are secrets: `pulumi config set --secret`. */
export const SECRET_KEYS = [
  'botToken',
  'webhookSecret',
  'webhookSecretPrevious',
  'operatorToken',
  'openrouterApiKey',
  'oncallBotToken',
  'heartbeatUrl',
] as const satisfies readonly (typeof KEYS)[number][];
