/**
 * A cart: what somebody wanted and had too few credits for. Whatever credits come next, it is done once there are enough
 * of them; only what was wanted just now, and only once (faults payment-twice, charge-without-record).
 */
import { z } from 'zod';
import type { JobName } from '../../posture/schema/index.ts';
import { bigints, type Pool } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { checked, jobQueue, type JobQueue } from '../jobs/queue.ts';
import { InsufficientCredits, reserve } from '../ledger/index.ts';

/** How long it is kept, ms: who tops up later than that wants credits. */
const KEPT = 30 * 60_000;

export interface Wish<Input = unknown> {
  botId: number;
  userId: number;
  /** Key of the reserve: `render:17`. The job settles or releases it by this name. */
  cause: string;
  cost: bigint;
  /** How long the credits are held at most, ms; longer than the job may take with all its attempts. */
  holds: number;
  queue: JobQueue<JobName, Input>;
  input: Input;
  /** Default: half an hour, ms. */
  kept?: number;
}

export type Begun = { begun: true } | { begun: false; missing: bigint };

/**
 * Reserves the credits and makes the job; where there are too few, keeps both for the credits that come next, in place
 * of what was kept before.
 */
export async function begin<Input>(tx: Tx, wish: Wish<Input>): Promise<Begun> {
  const { botId, userId, cause, cost: amount, holds: ttl, queue, input, kept = KEPT } = wish;
  try {
    const { applied } = await reserve(tx, { botId, userId, cause }, { amount, ttl });
    if (applied) await enqueue(tx, queue, input, { key: cause });
    return { begun: true };
  } catch (error) {
    if (!(error instanceof InsufficientCredits)) throw error;
    checked(queue, JSON.parse(JSON.stringify(input)));
    await tx.query({
      name: 'keep-intent',
      text: `
        INSERT INTO evenkeel.intent AS i (bot_id, user_id, cause, cost, holds, queue, input, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 ms')
        ON CONFLICT (bot_id, user_id) DO UPDATE
        SET cause = EXCLUDED.cause, cost = EXCLUDED.cost, holds = EXCLUDED.holds, queue = EXCLUDED.queue,
            input = EXCLUDED.input, expires_at = EXCLUDED.expires_at`,
      values: [botId, userId, cause, amount, ttl, queue.name, JSON.stringify(input), kept],
    });
    return { begun: false, missing: error.missing };
  }
}

/**
 * intent_pkey. Does what was wanted, if it is wanted still and there are enough credits by now: in the transaction that
 * gives them, so that two payments at once do it once.
 * @returns what it cost; undefined where nothing was begun
 */
export async function goOn(tx: Tx, { botId, userId }: Pick<Wish, 'botId' | 'userId'>): Promise<bigint | undefined> {
  const { rows } = await tx.query<{ cause: string; cost: bigint; holds: bigint; queue: string; input: unknown }>({
    name: 'take-intent',
    text: `
      DELETE FROM evenkeel.intent i USING evenkeel.account a
      WHERE i.bot_id = $1 AND i.user_id = $2 AND i.expires_at > now()
        AND a.bot_id = i.bot_id AND a.user_id = i.user_id AND a.available >= i.cost
      RETURNING i.cause, i.cost, i.holds, i.queue, i.input`,
    values: [botId, userId],
    types: bigints,
  });
  const [wanted] = rows;
  if (!wanted) return undefined;
  const { cause, cost, holds, queue, input } = wanted;
  const { applied } = await reserve(tx, { botId, userId, cause }, { amount: cost, ttl: Number(holds) });
  // It had been begun meanwhile, with credits from elsewhere.
  if (!applied) return undefined;
  await enqueue(tx, jobQueue(queue as JobName, z.unknown()), input, { key: cause });
  return cost;
}

/** They do not want it any more. @returns whether anything was kept */
export async function dropIntent(tx: Pick<Tx, 'query'>, botId: number, userId: number): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'drop-intent',
    text: 'DELETE FROM evenkeel.intent WHERE bot_id = $1 AND user_id = $2',
    values: [botId, userId],
  });
  return rowCount === 1;
}

/** intent_pkey. What somebody could go on with, for as long as they can. */
export async function intentOf(pool: Pool, botId: number, userId: number): Promise<{ cost: bigint } | undefined> {
  const { rows } = await pool.query<{ cost: bigint }>({
    name: 'intent-of',
    text: 'SELECT cost FROM evenkeel.intent WHERE bot_id = $1 AND user_id = $2 AND expires_at > now()',
    values: [botId, userId],
    types: bigints,
  });
  return rows[0];
}

/** intent_age. What nobody went on with is forgotten: it says what somebody wanted. */
export async function forgetIntents(tx: Tx, botId: number): Promise<void> {
  await tx.query({
    name: 'forget-intents',
    text: 'DELETE FROM evenkeel.intent WHERE bot_id = $1 AND expires_at < now()',
    values: [botId],
  });
}
