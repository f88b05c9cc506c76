/**
 * Settling: an update is marked done the moment it is handled, and a lane's token is ended when nothing of its lane is
 * left. Lanes that settle at the same time share one transaction, so a commit costs the process once and not each chat.
 *
 * Nothing is stranded, whatever runs at the same time. After a token is gone, its lane is looked at once more. An update
 * that is committed after this look finds no token in its way when it is dispatched. One for which the dispatcher still
 * met the token was committed before, so the look finds it and the lane gets a new token. (Killed between the commit
 * and the look, the lane waits for the sweep.) The inbox is written before the token, as the dispatcher does: no
 * deadlock.
 */
import type { PgBoss } from 'pg-boss';
import type { Pool } from '../database/pool.ts';
import { Gather } from '../gather.ts';
import { endTokens, postponeTokens } from './end-tokens.ts';
import { markDone } from './inbox.ts';
import type { Token } from './tokens.ts';
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

/** Two transactions at once: one waits for its commit while the next is gathered and sent. */
const WRITERS = 2;
/** While many chats settle, they wait so long for each other, ms: each statement costs the worker 0.1 ms of its CPU. */
const WAIT = 2;
const MAX_BATCH = 200;

/** `renewed` is called when a lane got a new token, which nobody else announces. */
export function createSettler(pool: Pool, boss: PgBoss, renewed: () => void): Settler {
  async function flush(batch: Settlement[]): Promise<boolean[]> {
    const won = new Set<StoredUpdate>();
    // Nearly always one group: the chats of one bot whose lanes end now.
    for (const group of Map.groupBy(batch, groupOf).values()) {
      const done = group.flatMap((settlement) => settlement.done ?? []);
      const marked = await settleGroup(group, done);
      for (const update of done) if (marked.has(update.updateId)) won.add(update);
    }
    return batch.map(({ done }) => done === undefined || won.has(done));
  }

  async function settleGroup(group: Settlement[], done: StoredUpdate[]): Promise<Set<number>> {
    const { token, end } = group[0]!;
    const tokens = group.map((settlement) => settlement.token);
    if (end === undefined) return markDone(pool, done);
    if (end.after === undefined) {
      const { marked, more } = await endTokens(pool, boss, token.queue, done, tokens);
      if (more) renewed();
      return marked;
    }
    return postponeTokens(pool, boss, token.queue, done, tokens, end.after);
  }

  const gather = new Gather<Settlement, boolean>({ flush, max: MAX_BATCH, writers: WRITERS, wait: WAIT });
  return {
    settle: (token, done, end) => gather.add({ token, done, end }),
    idle: () => gather.idle(),
  };
}

/** What may share one transaction: update ids are unique within one bot only. */
const groupOf = ({ token, done, end }: Settlement): string =>
  `${done?.botId ?? ''} ${token.queue} ${end === undefined ? 'goes on' : (end.after ?? 'ends')}`;
