/** Credits in two steps: reserved before the work, and taken, in whole or in part, when it is done. */
import { bigints, type Pool } from '../database/pool.ts';
import { withTx, type Tx } from '../database/tx.ts';
import { assertAmount, ended, reserved } from './balance.ts';
import { lockAccount, post, type Movement, type Posted, type SystemAccount } from './post.ts';

/** There is no such reserve, or it has ended in the other way: by then its credits may be spent. */
export class ReserveEnded extends Error {
  override readonly name = 'ReserveEnded';
}

interface Reserve {
  user: string;
  amount: bigint;
  state: 'open' | 'settled' | 'released';
  settled: bigint;
}

/** What of a reserve was taken, and what its user has back. */
export interface Settled extends Posted {
  settled: bigint;
  returned: bigint;
}

/**
 * Holds credits for work that is about to begin, for `ttl` ms at most: what is neither settled nor released by then is
 * given back by the sweep, so it is longer than the work may take with all its attempts.
 * @throws {InsufficientCredits} @throws {CauseReused}
 */
export async function reserve(
  tx: Tx,
  movement: Movement,
  { amount, ttl }: { amount: bigint; ttl: number },
): Promise<Posted> {
  assertAmount(amount);
  const posted = await post(tx, movement, { kind: 'reserve', amount, change: (balance) => reserved(balance, amount) });
  if (!posted.applied) return posted;
  await tx.query({
    name: 'open-reserve',
    text: `
      INSERT INTO evenkeel.reserve (bot_id, cause, user_id, amount, expires_at)
      VALUES ($1, $2, $3, $4, now() + $5 * interval '1 ms')`,
    values: [movement.botId, movement.cause, movement.userId, amount, ttl],
  });
  return posted;
}

/**
 * Takes `amount` of a reserve, at most all of it, and gives the rest back.
 * @param of the cause of the reserve
 * @throws {ReserveEnded} where it was given back already: then nothing may be delivered for it
 */
export async function settle(
  tx: Tx,
  { botId, of }: { botId: number; of: string },
  { amount, to }: { amount: bigint; to: SystemAccount },
): Promise<Settled> {
  assertAmount(amount);
  const { userId, held } = await lockReserve(tx, botId, of);
  if (amount > held.amount)
    throw new RangeError(`${of} holds ${held.amount} credits, and ${amount} are to be taken of it`);
  const returned = held.amount - amount;
  if (held.state === 'released' || (held.state === 'settled' && held.settled !== amount))
    throw new ReserveEnded(`${of} is ${held.state}${held.state === 'settled' ? ` with ${held.settled}` : ''} already`);
  const posted = await post(
    tx,
    { botId, userId, cause: `${of}:settle` },
    {
      kind: 'settle',
      amount,
      other: to,
      change: (balance) => ended(balance, held.amount, amount),
    },
  );
  if (posted.applied) await end(tx, botId, of, 'settled', amount);
  return { ...posted, settled: amount, returned };
}

/**
 * Gives all of a reserve back.
 * @throws {ReserveEnded} where it was taken already
 */
export async function release(
  tx: Tx,
  { botId, of, reason }: { botId: number; of: string; reason?: string },
): Promise<Posted> {
  const { userId, held } = await lockReserve(tx, botId, of);
  if (held.state === 'settled') throw new ReserveEnded(`${of} is settled already`);
  const movement = { botId, userId, cause: `${of}:release`, ...(reason !== undefined && { reason }) };
  const posted = await post(tx, movement, {
    kind: 'release',
    amount: held.amount,
    change: (balance) => ended(balance, held.amount, 0n),
  });
  if (posted.applied) await end(tx, botId, of, 'released', 0n);
  return posted;
}

/** reserve_pkey. The account is the lock of its reserves: read once for its user, and again under the lock. */
async function lockReserve(tx: Tx, botId: number, of: string): Promise<{ userId: number; held: Reserve }> {
  const read = async (): Promise<Reserve> => {
    const { rows } = await tx.query<Reserve & Record<string, unknown>>({
      name: 'read-reserve',
      text: `
        SELECT user_id::text AS user, amount, state, settled FROM evenkeel.reserve WHERE bot_id = $1 AND cause = $2`,
      values: [botId, of],
      types: bigints,
    });
    if (!rows[0]) throw new ReserveEnded(`there is no reserve ${of}`);
    return rows[0];
  };
  const userId = Number((await read()).user);
  await lockAccount(tx, { botId, userId });
  return { userId, held: await read() };
}

/** reserve_pkey */
async function end(tx: Tx, botId: number, of: string, state: Reserve['state'], settled: bigint): Promise<void> {
  await tx.query({
    name: 'end-reserve',
    text: `
      UPDATE evenkeel.reserve SET state = $3, settled = $4, ended_at = now()
      WHERE bot_id = $1 AND cause = $2 AND state = 'open'`,
    values: [botId, of, state, settled],
  });
}

/** Reserves that one look finds. */
const BITE = 100;

/**
 * Gives back what nobody has settled in time: its work was lost, or was given up. reserve_open.
 * @returns how many
 */
export async function releaseExpired(pool: Pool, signal: AbortSignal): Promise<number> {
  let released = 0;
  for (;;) {
    const { rows } = await pool.query<{ botId: number; of: string }>({
      name: 'expired-reserves',
      text: `
        SELECT bot_id AS "botId", cause AS of FROM evenkeel.reserve
        WHERE state = 'open' AND expires_at < now() ORDER BY expires_at LIMIT ${BITE}`,
    });
    for (const expired of rows) {
      if (signal.aborted) return released;
      // Each in its own commit: one that cannot be released does not hold the others back.
      const posted = await withTx(pool, (tx) => release(tx, { ...expired, reason: 'expired' })).catch(
        (error: unknown) => {
          // Settled in the meantime: that is what it was for.
          if (error instanceof ReserveEnded) return { applied: false };
          throw error;
        },
      );
      if (posted.applied) released += 1;
    }
    if (rows.length < BITE) return released;
  }
}
