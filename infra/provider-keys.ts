/** Keys of providers that nothing stands in for: no target can do without them while their feature is on. */
import { payersInUse, providersInUse } from '../posture/limits.ts';
import type { Posture } from '../posture/schema/index.ts';
import type { SecretKey } from './keys.ts';
import { KEYS_OF_PAYERS } from './payers.ts';
import { RULES } from './rules.ts';
import { missing } from './wanted.ts';

interface Asked {
  key: Extract<SecretKey, keyof typeof RULES>;
  /** Key under `features` of what asks for it. */
  feature: string;
}

/** Those that a posture asks for. */
export const keysInUse = (posture: Posture): Asked[] => [
  ...(providersInUse(posture).includes('novita') ? [{ key: 'novitaApiKey', feature: 'studio' } as const] : []),
  ...(providersInUse(posture).includes('access') ? [{ key: 'accessApiKey', feature: 'subscriptions' } as const] : []),
  ...payersInUse(posture).flatMap((payer) => KEYS_OF_PAYERS[payer].map((key) => ({ key, feature: payer }))),
];

/** The address as shipped is nobody's (RFC 2606): what is paid for would never be given. */
function accessNowhere(posture: Posture): string[] {
  const { address } = posture.providers.access;
  if (!providersInUse(posture).includes('access') || !EXAMPLE.test(new URL(address).hostname)) return [];
  return [
    `evenkeel:posture: providers.access.address: "${address}" is an example, and nobody is let in there: pulumi config set --path evenkeel:posture.providers.access.address https://<your provider>, or switch the feature off: pulumi config set --path evenkeel:posture.features.subscriptions false`,
  ];
}
const EXAMPLE = /(^|\.)(example\.(com|net|org)|example|invalid|test)$/i;

/**
 * One line for each of them that is not set, and for who is asked at an address that is nobody's.
 * @param values configuration by full key (`evenkeel:cryptoPayToken`); only whether a value is there counts
 */
export const missingForProviders = (values: Readonly<Record<string, unknown>>, posture: Posture): string[] => [
  ...missing(
    values,
    keysInUse(posture).map(({ key, feature }) => ({
      key: `evenkeel:${key}`,
      command: RULES[key].command,
      needed: true,
      or: `switch the feature off: pulumi config set --path evenkeel:posture.features.${feature} false`,
    })),
  ),
  ...accessNowhere(posture),
];
