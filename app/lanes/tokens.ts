/** Tokens of lanes, as pg-boss jobs. */
import type { Db, PgBoss } from 'pg-boss';
import type { QueueName } from '../../posture/schema/index.ts';

/** The right to handle one lane: a pg-boss job and its attempt, which fences a holder that was overtaken. */
export interface Token {
  queue: QueueName;
  lane: string;
  id: string;
  /** pg-boss's count of takeovers of this token. */
  retryCount: number;
}

/**
 * Makes sure that each lane has a token. One that is queued or active already stays the only one. Sorted, so that two
 * transactions which insert the same lanes wait for each other in one direction only.
 */
export async function ensureTokens(
  boss: PgBoss,
  queue: QueueName,
  lanes: Iterable<string>,
  db?: Db,
  startAfterSeconds?: number,
): Promise<void> {
  const tokens = [...new Set(lanes)].sort().map((lane) => ({
    singletonKey: lane,
    data: { lane },
    ...(startAfterSeconds === undefined ? {} : { startAfter: startAfterSeconds }),
  }));
  if (tokens.length > 0) await boss.insert(queue, tokens, db ? { db } : {});
}

/** Takes up to `limit` tokens. */
export async function fetchTokens(boss: PgBoss, queue: QueueName, limit: number): Promise<Token[]> {
  const jobs = await boss.fetch<{ lane: string }>(queue, { batchSize: limit });
  return jobs.map((job) => ({ queue, lane: job.data.lane, id: job.id, retryCount: job.retryCount ?? 0 }));
}
