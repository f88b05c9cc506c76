/** Crypto Pay tells of a payment by a callback whose bytes it signs: HMAC-SHA256, with the SHA-256 of the token as its key. */
import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { CALLBACK_PATHS } from '../../../contract/paths.ts';
import { isOneOf, jsonAt, type MakesReceiver } from '../../intake/callbacks/receivers.ts';
import { payerIn } from '../../payments/reference.ts';

export const receiver: MakesReceiver = (tokens) => {
  // Made once: from its bytes one costs more than the digest of a callback.
  const keys = tokens.map((token) => createSecretKey(createHash('sha256').update(token).digest()));
  return {
    source: 'cryptoPay',
    path: CALLBACK_PATHS.cryptoPay,
    header: 'crypto-pay-api-signature',
    form: /^[0-9a-f]{64}$/i,
    // Of the bytes as they came: written again, they have another signature.
    isSigned: (raw, signature) =>
      isOneOf(
        signature,
        keys.map((key) => createHmac('sha256', key).update(raw).digest()),
      ),
    payerOf: (raw) => payerIn(jsonAt(raw, 'payload', 'payload')),
  };
};
