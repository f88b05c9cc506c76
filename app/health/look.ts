/** A look at the database: is it there, what waits in it. One at a time, however many ask to know. */
import { oldestTransactionLimit } from '../../posture/alarms/database.ts';
import { queueAgeLimit } from '../../posture/alarms/queues.ts';
import { jobAgeLimit, messageAgeLimit, slotAgeLimit } from '../../posture/alarms/work.ts';
import type { WorkHealth } from '../../contract/health.ts';
import type { JobName, Posture, ScheduleName } from '../../posture/schema/index.ts';
import { readHeld } from '../database/lineage.ts';
import type { Pool } from '../database/pool.ts';
import { QUEUES } from '../lanes/queues.ts';
import { describeError } from '../log.ts';
import { whyUnusable, type Unusable } from './database.ts';
import { oldestTransaction, readQueues, type QueueState } from './queues.ts';
import { readWork } from './work.ts';

export interface Look {
  /** Why nothing can be stored or handled. */
  down: Unusable | undefined;
  /** Undefined where it could not be read. */
  queues: QueueState[] | undefined;
  work: WorkHealth | undefined;
  oldestTransaction: number | undefined;
  /** Why nothing goes out, as the database was put back or replaced; empty: everything does. */
  held: string[] | undefined;
  /** What else is not well, one line each. */
  reasons: string[];
}

export interface Looks {
  /**
   * What a look has found at most `maxAge` ms ago; else what the next one finds, which others wait for as well. Never
   * rejects; takes as long as the statements of one look may.
   */
  recent(maxAge: number): Promise<Look>;
}

/** @param botId whose schedules are looked at; all else is what the database holds, of whichever bot */
export function createLooks(pool: Pool, posture: Posture, botId: number): Looks {
  let last: { look: Look; at: number } | undefined;
  let underWay: Promise<Look> | undefined;

  async function begin(): Promise<Look> {
    const look = await lookAt(pool, posture, botId);
    last = { look, at: performance.now() };
    underWay = undefined;
    return look;
  }

  return {
    async recent(maxAge) {
      if (last && performance.now() - last.at < maxAge) return last.look;
      return (underWay ??= begin());
    },
  };
}

/** One statement after the other: they share one connection. */
async function lookAt(pool: Pool, posture: Posture, botId: number): Promise<Look> {
  const down = await whyUnusable(pool);
  if (down !== undefined)
    return { down, queues: undefined, work: undefined, oldestTransaction: undefined, held: undefined, reasons: [] };
  const { lanes } = posture;
  const reasons: string[] = [];
  const orSay = async <T>(what: string, read: Promise<T>): Promise<T | undefined> =>
    read.catch((error: unknown) => {
      reasons.push(`${what}: ${describeError(error)}`);
      return undefined;
    });
  const queues = await orSay('the backlog cannot be counted', readQueues(pool, QUEUES, lanes.poll + 2 * lanes.sweep));
  const work = await orSay('jobs and messages cannot be counted', readWork(pool, posture, botId));
  const oldest = await orSay('open transactions cannot be seen', oldestTransaction(pool));
  const held = await orSay('whether the database was restored cannot be seen', readHeld(pool));
  const late = (queues ?? []).filter(
    ({ queue, oldestSeconds }) => oldestSeconds * 1000 > queueAgeLimit(posture, queue),
  );
  reasons.push(
    ...late.map(({ queue, oldestSeconds }) => `${queue}: oldest update has waited ${Math.round(oldestSeconds)} s`),
  );
  if (oldest !== undefined && oldest * 1000 > oldestTransactionLimit(posture))
    reasons.push(`a transaction has been open for ${Math.round(oldest)} s: vacuum cannot clean up behind it`);
  const stranded = (queues ?? []).filter((queue) => queue.stranded > 0);
  reasons.push(...stranded.map(({ queue, stranded }) => `${queue}: no lane has ${stranded} updates, or will`));
  if (held && held.length > 0) reasons.push(`held, nothing goes out until ops resume: ${held.join('; ')}`);
  if (work) reasons.push(...lateWork(work, posture));
  return { down, queues, work, oldestTransaction: oldest, held, reasons };
}

/** What of it nobody does, although it is due. What was given up waits for a person, and makes nobody ill. */
function lateWork({ jobs, schedules, messages }: WorkHealth, posture: Posture): string[] {
  const reasons: string[] = [];
  for (const [queue, { oldestSeconds, overdue }] of Object.entries(jobs)) {
    if (oldestSeconds * 1000 > jobAgeLimit(posture, queue as JobName))
      reasons.push(`jobs of ${queue}: the oldest has been due for ${Math.round(oldestSeconds)} s`);
    if (overdue > 0) reasons.push(`jobs of ${queue}: ${overdue} run on beyond their deadline`);
  }
  for (const [name, { doneSeconds, missed }] of Object.entries(schedules)) {
    if (doneSeconds * 1000 > slotAgeLimit(posture, name as ScheduleName))
      reasons.push(`schedule ${name}: ${missed} slots in a row were not done`);
  }
  if (messages.oldestSeconds * 1000 > messageAgeLimit(posture))
    reasons.push(`outbox: the oldest message has been due for ${Math.round(messages.oldestSeconds)} s`);
  return reasons;
}
