/** From a parsed update to "committed" or "not now", within the ack deadline. */
import { WRITERS } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { isTransient } from '../database/errors.ts';
import type { Pool } from '../database/pool.ts';
import { Gather } from '../gather.ts';
import { atMostEvery, describeError, type Logger } from '../log.ts';
import { createAnnouncer } from '../lanes/announce.ts';
import { storeUpdates } from './store.ts';
import type { IncomingUpdate } from './update.ts';

export interface IntakeCounters {
  /** Requests that were let in and whose answer is not out yet. */
  inFlight: number;
  stored: number;
  duplicates: number;
  malformed: number;
  forbidden: number;
  refused: number;
}

export interface Intake {
  /** True once the update is committed; false when it could not be within the ack deadline. Never rejects. */
  accept(update: IncomingUpdate): Promise<boolean>;
  /** The same within another deadline, ms, for those who wait less patiently; their refusals are not counted here. */
  within(deadline: number): (update: IncomingUpdate) => Promise<boolean>;
  readonly counters: IntakeCounters;
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>;
}

/** How late a deadline may be noticed, ms: one timer for all requests instead of one each. */
const TICK = 50;

/** Calls each with `false` when its time is over, unless it was deleted before. Oldest first, as a set keeps its order. */
function createDeadlines(after: number) {
  const waiting = new Map<(committed: boolean) => void, number>();
  let timer: NodeJS.Timeout | undefined;
  function tick(): void {
    const now = performance.now();
    for (const [answer, expiresAt] of waiting) {
      if (expiresAt > now) break;
      answer(false);
    }
    timer = waiting.size > 0 ? setTimeout(tick, TICK) : undefined;
  }
  return {
    add(answer: (committed: boolean) => void): void {
      waiting.set(answer, performance.now() + after - TICK);
      timer ??= setTimeout(tick, TICK);
    },
    delete: (answer: (committed: boolean) => void): boolean => waiting.delete(answer),
  };
}

export function createIntake(pool: Pool, botId: number, posture: Posture, log: Logger): Intake {
  const counters: IntakeCounters = { inFlight: 0, stored: 0, duplicates: 0, malformed: 0, forbidden: 0, refused: 0 };
  const { ackDeadline } = posture.telegram;
  const { timeouts } = posture.database;

  // One line a second each, however many requests fail: an outage must not be an outage of the logs as well.
  const repeat = atMostEvery(1000, (error: unknown) =>
    log.warn({ error: describeError(error) }, 'storing updates failed; trying once more'),
  );
  const report = atMostEvery(1000, (error: unknown) =>
    log.error(
      { error: describeError(error), refused: counters.refused },
      'updates cannot be stored; Telegram keeps them',
    ),
  );

  /** One repeat hides a restarted or failed-over server; the insert is idempotent, so an unknown outcome may be repeated. */
  async function store(updates: IncomingUpdate[]): Promise<void[]> {
    const started = performance.now();
    const inserted = await storeUpdates(pool, botId, updates).catch(async (error: unknown) => {
      const left = ackDeadline - (performance.now() - started);
      if (!isTransient(error) || left < timeouts.acquire + timeouts.statement) throw error;
      repeat(error);
      return storeUpdates(pool, botId, updates);
    });
    counters.stored += inserted.length;
    counters.duplicates += updates.length - inserted.length;
    if (inserted.length > 0) announcer.announce(inserted);
    if (log.isLevelEnabled('debug'))
      for (const { updateId, lane } of updates)
        log.debug(
          { lane, updateId, together: updates.length, took: Math.round(performance.now() - started) },
          'stored',
        );
    return updates.map(() => undefined);
  }

  const { gather, gatherMax } = posture.web;
  const batches = new Gather<IncomingUpdate, void>({ flush: store, max: gatherMax, writers: WRITERS, wait: gather });

  const announcer = createAnnouncer({ pool, botId, every: posture.lanes.announce, log });
  /** Answers each update once: after its commit, or with false when its time is over. */
  function acceptor(deadline: number, refused: () => void): (update: IncomingUpdate) => Promise<boolean> {
    const deadlines = createDeadlines(deadline);
    return (update) =>
      new Promise((resolve) => {
        const answer = (committed: boolean): void => {
          if (!deadlines.delete(answer)) return;
          if (!committed) refused();
          resolve(committed);
        };
        deadlines.add(answer);
        batches.add(update).then(
          () => answer(true),
          (error: unknown) => {
            report(error);
            answer(false);
          },
        );
      });
  }

  return {
    accept: acceptor(ackDeadline, () => (counters.refused += 1)),
    within: (deadline) => acceptor(deadline, () => undefined),
    counters,
    idle: async () => {
      await batches.idle();
      await announcer.idle();
    },
  };
}
