/** Jobs by the clock: exactly one run a slot over all workers of a bot, and none while the run of an earlier slot goes on. */
import type { PgBoss } from 'pg-boss';
import { z } from 'zod';
import type { Posture } from '../../posture/schema/index.ts';
import { ofSchedule } from '../flags/names.ts';
import type { Pool } from '../database/pool.ts';
import { inTransaction } from '../database/transaction.ts';
import { persist } from '../lanes/persist.ts';
import type { Logger } from '../log.ts';
import { startLoop, type Loop } from '../loop.ts';
import { ENDING, slotSeconds, type ScheduleName } from './queues.ts';
import { runJob, type Outcome, type ScheduleHandler } from './run.ts';
import { endSlot, leaveSlot, openSlot, startSlot, takeSlot } from './slots.ts';
import { fetchSlot, within } from './store.ts';

/** Heard by workers: somebody has put a job of a schedule there by hand. */
export const SCHEDULES_CHANNEL = 'evenkeel_schedules';

/** Looks of one worker in a slot: a slot begins late by a share of its length at most. */
const LOOKS = 4;

/** Written by the release before, a job has no slot in it. */
const input = z.object({ slot: z.string() }).partial();

interface ScheduleOptions {
  pool: Pool;
  boss: PgBoss;
  /** Whose: of two bots in one database, each runs its own slots. */
  botId: number;
  posture: Posture;
  name: ScheduleName;
  handler: ScheduleHandler;
  /** While it is not, no slot begins; one that runs ends. Default: it is. */
  isOn?: (name: string) => boolean;
  log: Logger;
}

/**
 * Takes the slot that the database's clock stands in, or one that was missed and is to be caught up, and runs whatever job
 * of the queue waits. Of the workers that take a slot one has its row, and of those that fetch the job, one has it.
 */
export function startSchedule({
  pool,
  boss,
  botId,
  posture,
  name,
  handler,
  isOn = () => true,
  log,
}: ScheduleOptions): Loop {
  const { every, deadline, catchUp } = posture.schedules[name];
  const seconds = slotSeconds(posture, name);
  const grid = { name, botId, seconds, catchUp };
  /** Of the queue, which is one for all bots: what is its own waits for its own, and no other bot fetches it. */
  const own = { singletonKey: String(botId), group: { id: String(botId) } };

  /** Row and job in one commit. A run that is not over has the next slot wait, and leaves it out where it lasts so long. */
  async function take(at: string): Promise<void> {
    await inTransaction(pool, async (client) => {
      const taken = await takeSlot(client, grid, at);
      if (taken === undefined) return;
      // By the slot as well as by its row: workers of the release before know only that.
      const once = taken === 'current' ? { singletonSeconds: seconds } : {};
      const db = within(client);
      const made =
        taken === 'missed' && catchUp === 0 ? null : await boss.send(name, { slot: at }, { ...own, ...once, db });
      if (made === null) await leaveSlot(client, grid, at);
    });
  }

  return startLoop({
    name,
    every: every / LOOKS,
    log,
    turn: async (draining) => {
      // Fails, and is repeated, until the database is there and migrated; does nothing from then on.
      await boss.start();
      if (!isOn(ofSchedule(name))) return;
      const open = await openSlot(pool, grid);
      if (open !== undefined) await take(open);
      const job = await fetchSlot(pool, botId, name);
      if (!job) return;
      const { slot: at } = input.parse(job.data ?? {});
      const taken = at === undefined ? undefined : { name, botId, at };
      if (taken) await startSlot(pool, taken);
      let outcome: Outcome = 'failed';
      try {
        outcome = await runJob(job, { slot: at, handler, deadline, draining, log });
      } finally {
        if (taken) await persist(() => endSlot(pool, taken, outcome), AbortSignal.timeout(ENDING / 2));
        if (outcome === 'done' || outcome === 'cut short') await boss.complete(name, job.id, { outcome });
        else await boss.fail(name, job.id, { outcome });
      }
      // More of them may wait that were missed.
      return catchUp > 0;
    },
  });
}
