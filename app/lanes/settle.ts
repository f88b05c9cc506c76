/**
 * Settling: an update is marked done the moment it is handled, and a lane's token is ended when nothing of its lane is
 * left. Lanes that settle at the same time share one transaction, so a commit costs the process once and not each chat.
 *
 * Nothing is stranded, whatever runs at the same time. An update that is stored after the last look at its lane gets
 * its token from the dispatcher; and where the dispatcher met the token still active, the update was committed before
 * this transaction looks (READ COMMITTED: each statement sees what was committed before it began), so the look finds it
 * and the lane gets a new token here. The inbox is written before the token, as the dispatcher does: no deadlock.
 */
import type { PgBoss } from 'pg-boss';
import { inTransaction, type Pool, type PoolClient } from '../database/pool.ts';
import { Gather } from '../gather.ts';
import { markDone, pendingAmong } from './inbox.ts';
import { ensureTokens, within, type Token } from './tokens.ts';
import type { StoredUpdate } from './update.ts';

/** How a lane's token ends: now, with a new one if the lane has more; or with a new one that is due after a pause, ms. */
export type End = { after?: number };

interface Settlement {
  token: Token;
  done: StoredUpdate | undefined;
  end: End | undefined;
}

export interface Settler {
  /** Marks an update done and, with `end`, ends its lane's token in the same commit. False: another worker was first. */
  settle(token: Token, done: StoredUpdate | undefined, end?: End): Promise<boolean>;
  idle(): Promise<void>;
}

const WRITERS = 2;
const MAX_BATCH = 200;

export function createSettler(pool: Pool, boss: PgBoss): Settler {
  async function flush(batch: Settlement[]): Promise<boolean[]> {
    const ending = batch.filter(({ end }) => end !== undefined);
    const won =
      ending.length === 0
        ? await markAll(pool, batch)
        : await inTransaction(pool, async (client) => {
            const marked = await markAll(client, batch);
            for (const [queue, ends] of Map.groupBy(ending, ({ token }) => token.queue))
              await endTokens(client, queue, ends);
            return marked;
          });
    return batch.map(({ done }) => done === undefined || won.has(done));
  }

  async function endTokens(client: PoolClient, queue: Token['queue'], ends: Settlement[]): Promise<void> {
    const db = within(client);
    // Deleted, not completed: nobody asks for a finished token, and the table stays as small as what is going on.
    await boss.deleteJob(
      queue,
      ends.map(({ token }) => ({ id: token.id, retryCount: token.retryCount })),
      { db },
    );
    const now = ends.filter(({ end }) => end?.after === undefined).map(({ token }) => token.lane);
    if (now.length > 0) await ensureTokens(boss, queue, await pendingAmong(client, now), db);
    for (const [after, later] of Map.groupBy(ends, ({ end }) => end?.after)) {
      if (after === undefined) continue;
      await ensureTokens(
        boss,
        queue,
        later.map(({ token }) => token.lane),
        db,
        after / 1000,
      );
    }
  }

  const gather = new Gather<Settlement, boolean>({ flush, max: MAX_BATCH, writers: WRITERS, wait: 0 });
  return {
    settle: (token, done, end) => gather.add({ token, done, end }),
    idle: () => gather.idle(),
  };
}

/** The updates of the batch that were still pending, by bot as ids are unique only within one. */
async function markAll(db: Pool | PoolClient, batch: Settlement[]): Promise<Set<StoredUpdate>> {
  const updates = batch.flatMap(({ done }) => (done ? [done] : []));
  const won = new Set<StoredUpdate>();
  for (const [botId, ofBot] of Map.groupBy(updates, (update) => update.botId)) {
    // In order of the key, so that two batches which meet lock rows in one direction only.
    const ids = ofBot.map(({ updateId }) => updateId).sort((a, b) => a - b);
    const marked = await markDone(db, botId, ids);
    for (const update of ofBot) if (marked.has(update.updateId)) won.add(update);
  }
  return won;
}
