/** What is for sale, as the posture has it now. */
import type { Posture } from '../../posture/schema/index.ts';

export interface Package {
  name: string;
  credits: bigint;
  /** In Stars. */
  price: bigint;
  /** In cents of a US dollar; undefined where it is sold for Stars alone. */
  cents?: bigint | undefined;
}

/** The smallest first. */
export const packagesOf = ({ payments }: Posture): Package[] =>
  Object.entries(payments.packages)
    .map(([name, { credits, stars, usd }]) => ({
      name,
      credits: BigInt(credits),
      price: BigInt(stars),
      cents: usd === undefined ? undefined : BigInt(usd.replace('.', '')),
    }))
    .sort((a, b) => Number(a.price - b.price));

/** A month of a subscription, s; Telegram sells no other. */
export const MONTH = 2_592_000;

/** What is sold by the month. The smallest first. */
export const plansOf = ({ payments }: Posture): Package[] =>
  Object.entries(payments.subscriptions)
    .map(([name, { credits, stars }]) => ({ name, credits: BigInt(credits), price: BigInt(stars) }))
    .sort((a, b) => Number(a.price - b.price));
