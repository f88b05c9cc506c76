/**
 * Lanes are announced: each gets its row, and workers are notified. Always after the commit of what they have to do, so
 * that neither an answer to Telegram nor a commit waits for it; what is lost by a kill in between, the sweep finds.
 *
 * Nothing is stranded by a worker that ends the lane meanwhile: it looks once more after its own commit. Either the row
 * was still there when it was announced, then what was stored before is seen by that look; or it was gone, and is made.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueueName } from '../../posture/schema/index.ts';
import type { Pool, PoolClient } from '../database/pool.ts';
import { atMostEvery, describeError, type Logger } from '../log.ts';

/** Channel on which workers learn that lanes are ready. */
export const READY_CHANNEL = 'evenkeel_stored';

export interface LaneName {
  queue: QueueName;
  lane: string;
}

/**
 * lane_pkey. Not flushed: a crash of the server loses no more than rows that the sweep makes again. Sorted, so that two
 * statements which insert the same lanes wait for each other in one direction only.
 */
const ENSURE = `
  WITH lazily AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
  INSERT INTO evenkeel.lane (lane, bot_id, queue)
  SELECT wanted.lane, $1, wanted.queue FROM lazily, unnest($2::text[], $3::text[]) AS wanted (lane, queue)
  ORDER BY wanted.lane
  ON CONFLICT (lane) DO NOTHING`;

/** Makes sure that each lane has its row, and notifies workers of it. */
export async function announceLanes(pool: Pool, botId: number, lanes: readonly LaneName[]): Promise<void> {
  const wanted = new Map(lanes.map(({ lane, queue }) => [lane, queue]));
  const values = [botId, [...wanted.keys()], [...wanted.values()]];
  const client = await pool.connect();
  // In one go and in this order: whoever is notified finds the rows.
  const results = await Promise.allSettled([
    client.query({ name: 'ensure-lanes', text: ENSURE, values }),
    notifyWorkers(client),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  client.release(failed !== undefined);
  if (failed) throw failed.reason;
}

/**
 * A statement of its own: PostgreSQL lets one transaction that notifies commit at a time, over the whole server, and
 * would have every other commit wait for this one's flush (8 writers: 2,700 to 934 commits a second).
 */
export async function notifyWorkers(db: Pool | PoolClient): Promise<void> {
  await db.query({ name: 'notify-workers', text: `SELECT pg_notify('${READY_CHANNEL}', '')` });
}

export interface Announcer {
  /** Announces lanes soon; those of a moment share a statement. Does not fail: the sweep finds what is not announced. */
  announce(lanes: readonly LaneName[]): void;
  /** Resolves when everything is announced. */
  idle(): Promise<void>;
}

interface AnnouncerOptions {
  pool: Pool;
  botId: number;
  /** Least time between two announcements, ms (`lanes.announce`). */
  every: number;
  log: Logger;
}

export function createAnnouncer({ pool, botId, every, log }: AnnouncerOptions): Announcer {
  let waiting: LaneName[] = [];
  let announcing: Promise<void> | undefined;
  const complain = atMostEvery(1000, (error: unknown) =>
    log.warn({ error: describeError(error) }, 'lanes could not be announced; the sweep finds them'),
  );

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const lanes = waiting;
      waiting = [];
      const next = sleep(every);
      await announceLanes(pool, botId, lanes).catch(complain);
      await next;
    }
    announcing = undefined;
  }

  return {
    announce(lanes) {
      waiting = waiting.concat(lanes);
      announcing ??= run();
    },
    idle: async () => announcing,
  };
}
