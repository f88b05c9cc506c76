/**
 * Shares of the bot's rate, leased from one row by the database's clock. One small statement takes a block of sends for
 * this task, tells the other workers which chats it wrote to since the last one, and learns what they wrote.
 */
import type { Pool } from '../../database/pool.ts';
import type { Debt } from './chats.ts';

export interface Leased {
  /** False: more is given away already than anybody would wait for; nothing was taken. */
  granted: boolean;
  /** Until the block may be used, or until what is given away is paid for, ms. */
  wait: number;
  /** Chats that were written to just now, and how far ahead their pace is, ms. */
  chats: { chat: string; ahead: number }[];
}

export interface LeaseRequest {
  /** Length of the block at the declared rate, s. */
  length: number;
  /** How much may come at once, s. */
  burst: number;
  /** A block that begins later than this is not taken, s. */
  patience: number;
  debts: readonly Debt[];
}

export type LeaseStore = ReturnType<typeof createLeaseStore>;

/** Found by the primary key. Both INSERTs lock in the order of scopes, so that no two workers wait for each other. */
const LEASE = `
  WITH block AS (
    INSERT INTO evenkeel.rate AS rate (bot_id, scope, tat)
    VALUES ($1, 'all', clock_timestamp() + make_interval(secs => $2::float8 - $3::float8))
    ON CONFLICT (bot_id, scope) DO UPDATE
      SET tat = greatest(rate.tat, clock_timestamp() - make_interval(secs => $3::float8)) + make_interval(secs => $2::float8)
      WHERE rate.tat <= clock_timestamp() + make_interval(secs => $4::float8)
    RETURNING tat - make_interval(secs => $2::float8) AS start
  ), told AS (
    INSERT INTO evenkeel.rate AS rate (bot_id, scope, tat)
    SELECT $1, scope, now() + make_interval(secs => seconds)
    FROM unnest($5::text[], $6::float8[]) AS debt (scope, seconds)
    ORDER BY scope
    ON CONFLICT (bot_id, scope) DO UPDATE SET tat = greatest(rate.tat, now()) + (excluded.tat - now())
  )
  SELECT 'block' AS scope, extract(epoch FROM start - clock_timestamp())::float8 AS ahead FROM block
  UNION ALL
  (
    SELECT scope, extract(epoch FROM tat - clock_timestamp())::float8
    FROM evenkeel.rate WHERE bot_id = $1 AND tat > now()
    ORDER BY scope LIMIT 2000
  )`;

/** Rows of chats that were paid for long ago; those that are being written to are left for the next time. */
const FORGET = `
  DELETE FROM evenkeel.rate WHERE (bot_id, scope) IN (
    SELECT bot_id, scope FROM evenkeel.rate
    WHERE bot_id = $1 AND scope > 'chat:' AND tat < now() - interval '1 minute'
    ORDER BY scope LIMIT 5000 FOR UPDATE SKIP LOCKED
  )`;

const CHAT = 'chat:';

export function createLeaseStore(pool: Pool, botId: number) {
  return {
    /** One statement; holds no connection afterwards. */
    async lease({ length, burst, patience, debts }: LeaseRequest): Promise<Leased> {
      const { rows } = await pool.query<{ scope: string; ahead: number }>({
        name: 'rate-lease',
        text: LEASE,
        values: [
          botId,
          length,
          burst,
          patience,
          debts.map(({ chat }) => CHAT + chat),
          debts.map(({ ms }) => ms / 1000),
        ],
      });
      const block = rows.find(({ scope }) => scope === 'block');
      const all = rows.find(({ scope }) => scope === 'all');
      return {
        granted: block !== undefined,
        wait: Math.max(0, (block ?? all)?.ahead ?? patience) * 1000,
        chats: rows
          .filter(({ scope }) => scope.startsWith(CHAT))
          .map(({ scope, ahead }) => ({ chat: scope.slice(CHAT.length), ahead: ahead * 1000 })),
      };
    },
    /** Deletes what nobody needs any more. */
    async forget(): Promise<void> {
      await pool.query({ name: 'rate-forget', text: FORGET, values: [botId] });
    },
  };
}
