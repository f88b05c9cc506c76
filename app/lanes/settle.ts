/**
 * Settling: an update is marked done the moment it is handled, and its lane is given up when nothing of it is left.
 * Lanes that settle at the same time share one statement, so a commit costs the process once and not each chat.
 *
 * The update is marked whoever holds the lane by now: it has been handled. The lane is fenced: only the claim that
 * holds it gives it up. After it is gone it is looked at once more (see announce.ts).
 */
import type { Pool, PoolClient } from '../database/pool.ts';
import { Gather } from '../gather.ts';
import type { Claim } from './claim.ts';
import type { StoredUpdate } from './update.ts';

/** How a claim ends: nothing is known to be left; or the lane is given back, to be due after a pause, ms. */
export type End = 'empty' | { after: number; suspect?: boolean };

export interface Done {
  update: StoredUpdate;
  /** Its sends are kept for a person: what became of one of them is not known. */
  unknown: boolean;
}

interface Settlement {
  claim: Claim;
  done: Done | undefined;
  end: End | undefined;
}

export interface Settler {
  /** Marks an update done and, with `end`, gives its lane up in the same commit. Rejects where the database refuses. */
  settle(claim: Claim, done: Done | undefined, end?: End): Promise<void>;
  idle(): Promise<void>;
}

interface SettlerOptions {
  pool: Pool;
  botId: number;
  /** How long "done" marks wait for each other, ms (`lanes.gather`). */
  wait: number;
  /** Called when a lane that was given up has more to do. */
  renewed: () => void;
}

/**
 * Two statements at once: one waits for its commit while the next is gathered and sent. No keys: a third would only take a
 * connection from handlers, and a batch of 200 takes milliseconds, far from any timeout.
 */
const WRITERS = 2;
const MAX_BATCH = 200;

/** inbox_pkey, lane_pkey. */
const SETTLE = `
  WITH done AS (
    UPDATE evenkeel.inbox SET state = 'done', settled_at = now(), body = '',
      sends = CASE WHEN update_id = ANY ($3::bigint[]) THEN sends END,
      last_error = CASE WHEN update_id = ANY ($3::bigint[]) THEN last_error END
    WHERE bot_id = $1 AND update_id = ANY ($2::bigint[]) AND state = 'pending'
  ), emptied AS (
    DELETE FROM evenkeel.lane USING unnest($4::text[], $5::bigint[]) AS claim (lane, generation)
    WHERE lane.lane = claim.lane AND lane.generation = claim.generation AND lane.owner IS NOT NULL
  )
  UPDATE evenkeel.lane SET owner = NULL, alone = false, suspect = claim.suspect,
    due_at = now() + claim.after * interval '1 ms'
  FROM unnest($6::text[], $7::bigint[], $8::float8[], $9::boolean[]) AS claim (lane, generation, after, suspect)
  WHERE lane.lane = claim.lane AND lane.generation = claim.generation AND lane.owner IS NOT NULL`;

/** inbox_pending. After the commit: lanes that have more to do are ready again. */
const LOOK = `
  INSERT INTO evenkeel.lane (lane, bot_id, queue)
  SELECT wanted.lane, $1, wanted.queue FROM unnest($2::text[], $3::text[]) AS wanted (lane, queue)
  WHERE EXISTS (SELECT FROM evenkeel.inbox i WHERE i.lane = wanted.lane AND i.state = 'pending' ORDER BY i.update_id LIMIT 1)
  ORDER BY wanted.lane
  ON CONFLICT (lane) DO NOTHING`;

export function createSettler({ pool, botId, wait, renewed }: SettlerOptions): Settler {
  async function flush(batch: Settlement[]): Promise<void[]> {
    const emptied = batch.filter(({ end }) => end === 'empty').map(({ claim }) => claim);
    if (await send(batch, emptied)) renewed();
    return batch.map(() => undefined);
  }

  /** Both statements in one go. Returns whether a lane has more to do. */
  async function send(batch: Settlement[], emptied: Claim[]): Promise<boolean> {
    if (emptied.length === 0) {
      await settleOn(pool, batch, emptied);
      return false;
    }
    const client = await pool.connect();
    const [settled, looked] = await Promise.allSettled([settleOn(client, batch, emptied), look(client, emptied)]);
    const failed = settled.status === 'rejected' ? settled : looked.status === 'rejected' ? looked : undefined;
    // A session in an unknown state is not worth saving: the pool opens another.
    client.release(failed !== undefined);
    if (settled.status === 'rejected') throw settled.reason;
    // The commit stands. Where the look was not answered, the sweep looks again.
    return looked.status === 'fulfilled' && looked.value;
  }

  async function settleOn(db: Pool | PoolClient, batch: Settlement[], emptied: Claim[]): Promise<void> {
    const done = batch.flatMap((settlement) => settlement.done ?? []);
    const ids = done.map(({ update }) => update.updateId).sort((a, b) => a - b);
    const kept = done.filter(({ unknown }) => unknown).map(({ update }) => update.updateId);
    const given = batch.flatMap(({ claim, end }) => (typeof end === 'object' ? [{ ...end, ...claim }] : []));
    await db.query({
      name: 'settle',
      text: SETTLE,
      values: [
        botId,
        ids,
        kept,
        emptied.map(({ lane }) => lane),
        emptied.map(({ generation }) => generation),
        given.map(({ lane }) => lane),
        given.map(({ generation }) => generation),
        given.map(({ after }) => after),
        given.map(({ suspect = false }) => suspect),
      ],
    });
  }

  async function look(client: PoolClient, emptied: Claim[]): Promise<boolean> {
    const values = [botId, emptied.map(({ lane }) => lane), emptied.map(({ queue }) => queue)];
    const { rowCount } = await client.query({ name: 'look-again', text: LOOK, values });
    return (rowCount ?? 0) > 0;
  }

  const gather = new Gather<Settlement, void>({ flush, max: MAX_BATCH, writers: WRITERS, wait });
  return {
    settle: (claim, done, end) => gather.add({ claim, done, end }),
    idle: () => gather.idle(),
  };
}
