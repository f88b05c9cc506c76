/**
 * The queues of durable jobs: what the bot does by its own decision, once, whatever is killed. What comes from outside
 * and must stay in order is not here but in the inbox, lane by lane.
 */
import type { PgBoss, QueueOptions } from 'pg-boss';
import { QUEUES as DECLARED_QUEUES, type DeclaredQueue } from '../../posture/features/index.ts';
import type { JobName, Posture, QueueName, ScheduleName } from '../../posture/schema/index.ts';
import { QUEUES } from '../lanes/queues.ts';

export type { ScheduleName };

/** What a job gets beyond its deadline to end and to say so, ms; after that it counts as lost with its worker. */
export const ENDING = 10_000;

/** Where jobs go that are dead: each with the queue it came from, its input, and its last error. */
export const DEAD = 'dead';

/**
 * How long pg-boss keeps a job that nobody runs, s. It would delete it without a word, so: for ever, as far as a bot is
 * concerned. From it follows when a job was due at first, however often it was postponed (`keep_until` less this).
 */
export const KEEP_SECONDS = 10 * 365 * 86_400;

const seconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000);

/** Queues of declared jobs. */
export const jobNames = ({ work }: Posture): JobName[] => Object.keys(work) as JobName[];

const DECLARED: Record<JobName, DeclaredQueue> = DECLARED_QUEUES;

/** While the database is held after a restore. */
export const waitsWhileHeld = (name: JobName): boolean => DECLARED[name].whileHeld !== 'runs';

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

function declared({ work, database: { retention } }: Posture, name: JobName): QueueOptions & { deadLetter: string } {
  return {
    // The last net, for a job whose worker is neither there nor missed. A live one has ended it long before.
    expireInSeconds: seconds(work[name].deadline + ENDING),
    retryLimit: work[name].attempts - 1,
    retentionSeconds: KEEP_SECONDS,
    // A job with a key is not made a second time for as long as its row is there.
    deleteAfterSeconds: seconds(retention.jobs),
    deadLetter: DEAD,
  };
}

/**
 * The release before keeps a chat to one worker by a token, and its sweep makes one for every lane that waits. Where
 * pg-boss has no queue of that name the sweep ends there, and whatever stands behind is not swept up while a deploy rolls
 * or is taken back. So each queue of the inbox has one; the tokens in those that the release before does not know are
 * taken by nobody. The next release drops them with the other queues of tokens.
 */
async function ensureTokenQueues(boss: PgBoss): Promise<void> {
  const chat = await boss.getQueue('chat' satisfies QueueName);
  if (!chat?.policy) return;
  for (const name of QUEUES)
    if (!(await boss.getQueue(name))) await boss.createQueue(name, { policy: chat.policy, notify: false });
}

/**
 * Creates the queues and brings their options to the posture. `exclusive`: a job that still runs leaves the next slot
 * out. Without `notify`, which would put a NOTIFY into the commit that a job is written in.
 */
export async function ensureJobQueues(boss: PgBoss, posture: Posture): Promise<void> {
  await ensureTokenQueues(boss);
  const kept = seconds(posture.database.retention.parked);
  await ensure(boss, DEAD, 'standard', { retentionSeconds: kept, deleteAfterSeconds: kept, retryLimit: 0 });
  for (const name of jobNames(posture)) await ensure(boss, name, 'standard', declared(posture, name));
  for (const name of Object.keys(posture.schedules) as ScheduleName[])
    await ensure(boss, name, 'exclusive', scheduled(posture, name));
}

async function ensure(
  boss: PgBoss,
  name: string,
  policy: 'standard' | 'exclusive',
  declared: QueueOptions & { deadLetter?: string },
): Promise<void> {
  const options = { ...declared, notify: false };
  if (await boss.getQueue(name)) await boss.updateQueue(name, options);
  else await boss.createQueue(name, { policy, ...options });
}
