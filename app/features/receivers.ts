/**
 * The part of the features' faces that a web task has: who is paid beside Telegram, and tells of it by callbacks. Apart from
 * the other faces (index.ts), so that the task which takes callbacks in loads nothing that handles them.
 */
import type { CallbackSource } from '../../contract/paths.ts';
import type { PaidBy } from '../../posture/features/index.ts';
import type { MakesReceiver, Receiver } from '../intake/callbacks/receivers.ts';
import { receiver as cryptoPay } from './cryptoPay/receiver.ts';
import { receiver as nowPayments } from './nowPayments/receiver.ts';

/** By the payer: what a feature declares as `paidBy` and is missing here does not compile. */
const RECEIVERS = {
  cryptoPay,
  nowPayments,
} satisfies Record<PaidBy, MakesReceiver>;

/** Secrets of the payers; one that is being rotated has two. */
export type CallbackSecrets = Record<CallbackSource, readonly string[]>;

/** A receiver for each payer whose secret is set, whatever is for sale: payments may be under way (fault route-switched-off). */
export const receiversOf = (secrets: CallbackSecrets): Receiver[] =>
  (Object.entries(RECEIVERS) as [CallbackSource, MakesReceiver][])
    .filter(([payer]) => secrets[payer].length > 0)
    .map(([payer, make]) => make(secrets[payer]));
