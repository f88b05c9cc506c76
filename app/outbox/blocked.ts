/**
 * Who has blocked the bot. Known in each worker, so that an update costs nothing to find out whether its sender was
 * marked; whoever writes again is marked no longer.
 */
import type { Pool } from '../database/pool.ts';
import type { Logger } from '../log.ts';
import { startLoop } from '../loop.ts';

/** How often what others have marked is read, ms. */
const EVERY = 10_000;

export interface Blocked {
  /** Telegram says that they cannot be written to. */
  mark: (userIds: readonly number[]) => Promise<void>;
  /** They have written, or were written to: undefined, at once, where they were not marked. */
  seen(userId: number, certainly?: boolean): Promise<void> | undefined;
  stop(): Promise<void>;
}

export function startBlocked(pool: Pool, botId: number, log: Logger): Blocked {
  const marked = new Set<number>();
  let readUpTo = '-infinity';

  const loop = startLoop({
    name: 'blocked people',
    every: EVERY,
    log,
    turn: async () => {
      const { rows } = await pool.query<{ user: number; at: string }>({
        name: 'blocked-people',
        // person_blocked. A little earlier than last time: a mark may have been committed after a later one.
        text: `
          SELECT user_id AS user, blocked_at::text AS at FROM evenkeel.person
          WHERE bot_id = $1 AND blocked_at > $2::timestamptz - interval '1 minute' ORDER BY blocked_at LIMIT 50000`,
        values: [botId, readUpTo],
      });
      for (const { user } of rows) marked.add(user);
      const last = rows.at(-1)?.at ?? readUpTo;
      const more = rows.length === 50_000 && last !== readUpTo;
      readUpTo = last;
      return more;
    },
  });

  async function unmark(userId: number): Promise<void> {
    await pool.query({
      name: 'unmark-person',
      text: 'UPDATE evenkeel.person SET blocked_at = NULL WHERE bot_id = $1 AND user_id = $2 AND blocked_at IS NOT NULL',
      values: [botId, userId],
    });
    marked.delete(userId);
  }

  return {
    async mark(userIds) {
      await pool.query({
        name: 'mark-people',
        text: `
          INSERT INTO evenkeel.person AS p (bot_id, user_id, blocked_at)
          SELECT DISTINCT $1::bigint, user_id, now() FROM unnest($2::bigint[]) AS blocked (user_id) ORDER BY user_id
          ON CONFLICT (bot_id, user_id) DO UPDATE SET blocked_at = coalesce(p.blocked_at, excluded.blocked_at)`,
        values: [botId, userIds],
      });
      for (const userId of userIds) marked.add(userId);
    },
    seen: (userId, certainly = false) => (certainly || marked.has(userId) ? unmark(userId) : undefined),
    stop: () => loop.stop(),
  };
}
