/** Providers that people pay by beside Telegram: the keys of each, and which task is given which of them. */
import type * as pulumi from '@pulumi/pulumi';
import type { Role } from '../posture/limits.ts';
import type { CallbackSource } from '../posture/payers.ts';
import type { SecretKey } from './keys.ts';
import type { BotSecrets } from './settings.ts';

/** What has to be set while the feature is on. */
export const KEYS_OF_PAYERS = {
  cryptoPay: ['cryptoPayToken'],
  nowPayments: ['nowPaymentsApiKey', 'nowPaymentsIpnSecret'],
} as const satisfies Record<CallbackSource, readonly SecretKey[]>;

/** By variable: web tasks check signatures, and take the secret of before too; workers ask. Crypto Pay has one key for both. */
const VARIABLES: Record<Role, Record<string, SecretKey>> = {
  web: {
    CRYPTO_PAY_TOKEN: 'cryptoPayToken',
    CRYPTO_PAY_TOKEN_PREVIOUS: 'cryptoPayTokenPrevious',
    NOWPAYMENTS_IPN_SECRET: 'nowPaymentsIpnSecret',
    NOWPAYMENTS_IPN_SECRET_PREVIOUS: 'nowPaymentsIpnSecretPrevious',
  },
  worker: { CRYPTO_PAY_TOKEN: 'cryptoPayToken', NOWPAYMENTS_API_KEY: 'nowPaymentsApiKey' },
  media: {},
};

/**
 * Environment of a role's tasks, secret: whatever is set, whatever is for sale. A provider that was switched off still has
 * payments under way (fault route-switched-off).
 */
export const payerEnvironment = (role: Role, secrets: BotSecrets): Record<string, pulumi.Output<string>> =>
  Object.fromEntries(
    Object.entries(VARIABLES[role]).flatMap(([variable, key]) => {
      const value = secrets[key];
      return value ? [[variable, value]] : [];
    }),
  );
