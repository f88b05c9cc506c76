/** The verbs that give credits and take them. Each is made once for its cause, whoever repeats it. */
import type { Tx } from '../database/tx.ts';
import { assertAmount, clawedBack, credited, taken } from './balance.ts';
import { post, type Movement, type Posted, type SystemAccount } from './post.ts';

/**
 * Gives credits that were paid for, or given away. A debt is repaid first.
 * @throws {CauseReused}
 */
export async function credit(
  tx: Tx,
  movement: Movement,
  { amount, from }: { amount: bigint; from: SystemAccount },
): Promise<Posted> {
  assertAmount(amount);
  return post(tx, movement, { kind: 'credit', amount, other: from, change: (balance) => credited(balance, amount) });
}

/**
 * Takes back what was given: money went back to its payer. Never fails for want of credits: what was spent becomes a
 * debt. What is reserved stays reserved.
 * @throws {CauseReused}
 */
export async function clawback(
  tx: Tx,
  movement: Movement,
  { amount, to }: { amount: bigint; to: SystemAccount },
): Promise<Posted> {
  assertAmount(amount);
  return post(tx, movement, { kind: 'clawback', amount, other: to, change: (balance) => clawedBack(balance, amount) });
}

/**
 * A person gives credits, or takes them where `amount` is negative.
 * @throws {InsufficientCredits} where more is to be taken than is available
 * @throws {CauseReused}
 */
export async function adjust(
  tx: Tx,
  movement: Movement & { by: string; reason: string },
  { amount }: { amount: bigint },
): Promise<Posted> {
  const size = amount < 0n ? -amount : amount;
  assertAmount(size);
  return post(tx, movement, {
    kind: 'adjust',
    amount,
    other: 'adjust',
    change: (balance) => (amount < 0n ? taken(balance, size) : credited(balance, size)),
  });
}
