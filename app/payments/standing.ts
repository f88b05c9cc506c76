/**
 * What the credits of each month of a subscription are for. Telegram takes the Stars and our books say until when they are
 * paid; what is done with the credits follows from each payment, in the transaction that gives them (fault
 * charge-without-record).
 */
import { z } from 'zod';
import type { JobName } from '../../posture/schema/index.ts';
import { bigints, type Pool } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import { enqueue } from '../jobs/enqueue.ts';
import { jobQueue } from '../jobs/queue.ts';
import { InsufficientCredits, reserve } from '../ledger/index.ts';

interface Standing {
  botId: number;
  /** The order of the subscription. */
  purchase: string;
  cost: bigint;
  /** How long the credits are held at most, ms; longer than the job may take with all its attempts. */
  holds: number;
  queue: JobName;
  /** Of each job, beside `userId` and `cause`. */
  input: object;
}

/** standing_pkey. Written down with the order, before it can be paid. */
export async function stand(pool: Pool, { botId, purchase, cost, holds, queue, input }: Standing): Promise<void> {
  await pool.query({
    name: 'stand',
    text: `
      INSERT INTO evenkeel.standing (bot_id, purchase, cost, holds, queue, input)
      VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    values: [botId, purchase, cost, holds, queue, JSON.stringify(input)],
  });
}

interface Month {
  botId: number;
  userId: number;
  purchase: string;
  charge: string;
}

/** standing_pkey */
async function standingOf(tx: Tx, { botId, purchase }: Month) {
  const { rows } = await tx.query<{ cost: bigint; holds: bigint; queue: string; input: object }>({
    name: 'standing-of',
    text: 'SELECT cost, holds, queue, input FROM evenkeel.standing WHERE bot_id = $1 AND purchase = $2',
    values: [botId, purchase],
    types: bigints,
  });
  return rows[0];
}

const causeOf = (queue: string, { charge }: Month): string => `${queue}:${charge}`;

/** Of a payment that was just credited, once for its charge. Where a debt leaves too little, the credits stay with their owner. */
export async function doStanding(tx: Tx, month: Month): Promise<void> {
  const wanted = await standingOf(tx, month);
  if (!wanted) return;
  const { botId, userId } = month;
  const cause = causeOf(wanted.queue, month);
  try {
    await reserve(tx, { botId, userId, cause }, { amount: wanted.cost, ttl: Number(wanted.holds) });
  } catch (error) {
    if (error instanceof InsufficientCredits) return;
    throw error;
  }
  const input = { ...wanted.input, userId, cause };
  await enqueue(tx, jobQueue(wanted.queue as JobName, z.unknown()), input, { key: cause });
}

/** The payment of a month went back: so does what it paid for. */
export async function undoStanding(tx: Tx, month: Month): Promise<void> {
  const wanted = await standingOf(tx, month);
  if (!wanted) return;
  const back = causeOf(wanted.queue, month);
  await enqueue(
    tx,
    jobQueue(wanted.queue as JobName, z.unknown()),
    { userId: month.userId, back },
    { key: `${back}:back` },
  );
}
