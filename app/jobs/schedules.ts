/** Jobs by the clock: exactly one run a slot over all workers, and none while the run of an earlier slot goes on. */
import type { PgBoss } from 'pg-boss';
import type { Posture } from '../../posture/schema/index.ts';
import { ofSchedule } from '../flags/names.ts';
import type { Logger } from '../log.ts';
import { startLoop, type Loop } from '../loop.ts';
import { slotSeconds, type ScheduleName } from './queues.ts';
import { runJob, type ScheduleHandler } from './run.ts';

/** Looks of one worker in a slot: a slot begins late by a share of its length at most. */
const LOOKS = 4;

interface ScheduleOptions {
  boss: PgBoss;
  posture: Posture;
  name: ScheduleName;
  handler: ScheduleHandler;
  /** While it is not, no slot begins; one that runs ends. Default: it is. */
  isOn?: (name: string) => boolean;
  log: Logger;
}

/**
 * Offers the slot that the database's clock stands in, and runs whatever job of the queue waits. Of the workers that
 * offer, one row remains (unique by queue and slot), and of those that fetch it, one has it.
 */
export function startSchedule({ boss, posture, name, handler, isOn = () => true, log }: ScheduleOptions): Loop {
  const { every, deadline } = posture.schedules[name];
  return startLoop({
    name,
    every: every / LOOKS,
    log,
    turn: async (draining) => {
      // Fails, and is repeated, until the database is there and migrated; does nothing from then on.
      await boss.start();
      if (!isOn(ofSchedule(name))) return;
      await boss.send(name, {}, { singletonSeconds: slotSeconds(posture, name) });
      const [job] = await boss.fetch(name);
      if (!job) return;
      const outcome = await runJob(job, { handler, deadline, draining, log });
      if (outcome === 'done' || outcome === 'cut short') await boss.complete(name, job.id, { outcome });
      else await boss.fail(name, job.id, { outcome });
    },
  });
}
