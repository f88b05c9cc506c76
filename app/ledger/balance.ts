/** What the verbs of the ledger do to a user's accounts. Pure: a balance and an amount in, a balance out. */

/** Credits of one user. `available` and `held` are at least 0, `debt` at most; a debt leaves nothing available. */
export interface Balance {
  readonly available: bigint;
  readonly held: bigint;
  readonly debt: bigint;
}

export const EMPTY: Balance = { available: 0n, held: 0n, debt: 0n };

/** More credits than all users together will ever have; what is beyond is a defect and no amount. */
export const MOST = 10n ** 15n;

/** There is not enough to spend. Says it in whole credits: what is missing is never 0. */
export class InsufficientCredits extends Error {
  readonly available: bigint;
  readonly missing: bigint;
  constructor(available: bigint, wanted: bigint) {
    super(`${wanted} credits are wanted and ${available} are available: ${wanted - available} are missing`);
    this.name = 'InsufficientCredits';
    this.available = available;
    this.missing = wanted - available;
  }
}

/** @throws {RangeError} for what is no positive amount of whole credits */
export function assertAmount(amount: bigint): void {
  if (typeof amount !== 'bigint' || amount <= 0n || amount > MOST)
    throw new RangeError(`${String(amount)} is no amount: whole credits from 1 to ${MOST} are expected`);
}

/** Credits come: a debt is repaid first. */
export function credited({ available, held, debt }: Balance, amount: bigint): Balance {
  const repaid = amount < -debt ? amount : -debt;
  return { available: available + amount - repaid, held, debt: debt + repaid };
}

/** @throws {InsufficientCredits} */
export function taken({ available, held, debt }: Balance, amount: bigint): Balance {
  if (amount > available) throw new InsufficientCredits(available, amount);
  return { available: available - amount, held, debt };
}

/** @throws {InsufficientCredits} */
export function reserved(balance: Balance, amount: bigint): Balance {
  const left = taken(balance, amount);
  return { ...left, held: left.held + amount };
}

/** A reserve ends: `used` of it is gone, the rest is to spend again. */
export const ended = (balance: Balance, amount: bigint, used: bigint): Balance =>
  credited({ ...balance, held: balance.held - amount }, amount - used);

/** What was given is taken back, also where it has been spent. What is held stays: its work is under way. */
export function clawedBack({ available, held, debt }: Balance, amount: bigint): Balance {
  const left = amount < available ? amount : available;
  return { available: available - left, held, debt: debt - (amount - left) };
}
