/**
 * What the features declare, one line each; their code is in the folder of the same name under app/features. Nothing of
 * that is imported here: whoever deploys or watches the bot needs none of it.
 */
import { admin } from './admin.ts';
import { broadcast } from './broadcast.ts';
import { chat } from './chat.ts';
import { cryptoPay } from './cryptoPay.ts';
import { downloads } from './downloads.ts';
import type { DeclaredQueue } from './feature.ts';
import { money } from './money.ts';
import { nowPayments } from './nowPayments.ts';
import { remind } from './remind.ts';
import { studio } from './studio.ts';
import { subscriptions } from './subscriptions.ts';
import { wallet } from './wallet.ts';

export type { DeclaredQueue };

/** By their key under `features`. */
export const SWITCHED = {
  chat,
  wallet,
  remind,
  cryptoPay,
  nowPayments,
  admin,
  studio,
  broadcast,
  subscriptions,
  downloads,
};

export const ALWAYS = { money };

type Declared = typeof SWITCHED & typeof ALWAYS;

/** Features that the posture can switch off. */
export type FeatureName = keyof typeof SWITCHED;
export type DeclaredName = keyof Declared;
/** Queues of jobs that a feature declares, and so has to handle. */
export type QueuesOf<Name extends DeclaredName> = keyof Declared[Name]['work'];
/** Schedules that a feature declares. */
export type SlotsOf<Name extends DeclaredName> = keyof Declared[Name]['slots'];

/** Whom people pay by a feature, beside Telegram. */
export type PaidBy = (typeof SWITCHED)[FeatureName]['paidBy'][number];

/** All of a union at once. */
type Merged<T> = (T extends unknown ? (part: T) => void : never) extends (part: infer All) => void ? All : never;

/** Features by their queues, of whatever kind: what {@link Merged} knows of each, for who asks for any. */
export const workOf = (name: FeatureName): readonly DeclaredQueue[] =>
  Object.values(SWITCHED[name].work as Readonly<Record<string, DeclaredQueue>>);

const DECLARED = [...Object.values(SWITCHED), ...Object.values(ALWAYS)];
type Work = Merged<Declared[DeclaredName]['work']>;

/** The keys under `features`. */
export const flagsOfFeatures = Object.fromEntries(
  Object.entries(SWITCHED).map(([name, { flag }]) => [name, flag]),
) as unknown as { [Name in FeatureName]: (typeof SWITCHED)[Name]['flag'] };

/** Queues of all features, with what their alarms say. */
export const QUEUES = Object.assign({}, ...DECLARED.map(({ work }) => work)) as Work;

/** Their keys under `work`. */
export const workOfFeatures = Object.fromEntries(
  Object.entries(QUEUES).map(([name, { queue }]) => [name, queue]),
) as unknown as { [Name in keyof Work]: Work[Name]['queue'] };

/** Their keys under `schedules`. */
export const slotsOfFeatures = Object.assign({}, ...DECLARED.map(({ slots }) => slots)) as Merged<
  Declared[DeclaredName]['slots']
>;

/** Keys of the posture that features declare of themselves. */
export const settingsOfFeatures = Object.assign(
  {},
  ...Object.values(SWITCHED).map(({ settings }) => settings),
) as Merged<(typeof SWITCHED)[FeatureName]['settings']>;
