/**
 * The queues of durable jobs: what the bot does by its own decision, once, whatever is killed. What comes from outside
 * and must stay in order is not here but in the inbox, lane by lane.
 */
import type { PgBoss, QueueOptions } from 'pg-boss';
import type { Posture } from '../../posture/schema/index.ts';

/** Jobs that begin by the clock, by their key under `schedules`. */
export type ScheduleName = keyof Posture['schedules'];

/** What a job gets beyond its deadline to end and to say so, ms; after that it counts as lost with its worker. */
export const ENDING = 10_000;

const seconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000);

/** A slot is an interval of the database's clock, counted from 1970, s. */
export const slotSeconds = (posture: Posture, name: ScheduleName): number => seconds(posture.schedules[name].every);

function scheduled(posture: Posture, name: ScheduleName): QueueOptions {
  return {
    expireInSeconds: seconds(posture.schedules[name].deadline + ENDING),
    // The next slot is the repetition.
    retryLimit: 0,
    // A slot's row says that the slot has been used, so it has to outlive the slot.
    deleteAfterSeconds: Math.max(seconds(posture.database.retention.jobs), 2 * slotSeconds(posture, name)),
  };
}

/**
 * Creates the queues and brings their options to the posture. `exclusive`: a job that still runs leaves the next slot
 * out. Without `notify`, which would put a NOTIFY into the commit that a job is written in.
 */
export async function ensureJobQueues(boss: PgBoss, posture: Posture): Promise<void> {
  for (const name of Object.keys(posture.schedules) as ScheduleName[]) {
    const options = { ...scheduled(posture, name), notify: false };
    if (await boss.getQueue(name)) await boss.updateQueue(name, options);
    else await boss.createQueue(name, { policy: 'exclusive', ...options });
  }
}
