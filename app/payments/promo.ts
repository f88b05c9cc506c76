/** Promo codes: credits that are given away, to each person once. */
import { bigints } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import { credit, type Balance } from '../ledger/index.ts';

/** As it is kept; people type it as they like. Undefined where it is none. */
export const codeOf = (typed: string): string | undefined => /^[A-Z0-9-]{6,32}$/.exec(typed.trim().toUpperCase())?.[0];

export type Redeemed =
  | { given: true; credits: bigint; balance: Balance }
  | { given: false; why: 'unknown' | 'over' | 'used' };

interface Promo {
  credits: bigint;
  over: boolean;
}

/**
 * promo_pkey. Its row is the lock of its count, and comes before the account. That a person has it once is the ledger's
 * cause, whatever the count says.
 */
export async function redeem(
  tx: Tx,
  { botId, userId, code }: { botId: number; userId: number; code: string },
): Promise<Redeemed> {
  const { rows } = await tx.query<Promo & Record<string, unknown>>({
    name: 'lock-promo',
    text: `
      SELECT credits, (ended_at IS NOT NULL OR expires_at < now() OR used >= most) IS TRUE AS over
      FROM evenkeel.promo WHERE bot_id = $1 AND code = $2 FOR NO KEY UPDATE`,
    values: [botId, code],
    types: bigints,
  });
  const [promo] = rows;
  if (!promo) return { given: false, why: 'unknown' };
  const cause = `promo:${code}:${userId}`;
  const { rowCount } = await tx.query({
    name: 'promo-had',
    text: 'SELECT FROM evenkeel.ledger_tx WHERE bot_id = $1 AND cause = $2',
    values: [botId, cause],
  });
  if (rowCount === 1) return { given: false, why: 'used' };
  if (promo.over) return { given: false, why: 'over' };
  const { credits } = promo;
  const { balance } = await credit(tx, { botId, userId, cause, reason: code }, { amount: credits, from: 'promo' });
  await tx.query({
    name: 'count-promo',
    text: 'UPDATE evenkeel.promo SET used = used + 1 WHERE bot_id = $1 AND code = $2',
    values: [botId, code],
  });
  return { given: true, credits, balance };
}
