/** Who did what with money, and why: written in the transaction of the deed. */
import type { Tx } from '../database/tx.ts';

export interface Deed {
  botId: number;
  /** `owner:ID`, `support:ID`. */
  by: string;
  action: 'refund' | 'adjust';
  /** What it was done to: a charge, a user. */
  subject: string;
  amount: bigint;
  reason: string;
  /** Of a refund: sent back by hand. */
  sent?: boolean;
}

/** Into the book of what people do by hand; a worker appends to it and does not read it. */
export async function audit(tx: Tx, { botId, by, action, subject, amount, reason, sent }: Deed): Promise<void> {
  await tx.query({
    name: 'audit',
    text: 'INSERT INTO evenkeel.audit (who, via, verb, target, reason, detail) VALUES ($1, $2, $3, $4, $5, $6)',
    values: [
      by,
      `bot ${botId}`,
      action,
      subject,
      reason.replaceAll('\u0000', '').toWellFormed(),
      JSON.stringify({ amount: String(amount), ...(sent && { sent }) }),
    ],
  });
}
