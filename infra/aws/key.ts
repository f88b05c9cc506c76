/** A key of the organisation's own in place of AWS's, for all that is kept: `evenkeel:kmsKey`. */
import type { Statement } from './roles.ts';

/** `kmsKeyId` of a resource that has one; nothing without a key, which leaves it to AWS's own. */
export const sealedBy = (key: string | undefined): { kmsKeyId?: string } =>
  key === undefined ? {} : { kmsKeyId: key };

/** What whoever reads a secret that is encrypted by it may do beside. */
export const unsealing = (key: string | undefined): Statement[] =>
  key === undefined ? [] : [{ Sid: 'DecryptSecrets', Effect: 'Allow', Action: 'kms:Decrypt', Resource: key }];
