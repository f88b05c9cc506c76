/** Whether the ledger agrees with itself. Reads all of it: for a schedule and for people, never for a handler. */
import { bigints } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';

export interface LedgerCheck {
  /** Movements whose entries do not sum to zero. */
  unbalanced: string[];
  /** Users whose balance is not what their entries say. */
  mismatched: string[];
  /** Users who hold something else than their open reserves. */
  misheld: string[];
  /** What stands in each account over all users, and in each system account; together zero. */
  sums: Record<string, bigint>;
}

/** Most of a kind that are named. */
const NAMED = 20;

/** One snapshot for all of it: give it a transaction that is REPEATABLE READ, or one while nothing is written. */
export async function checkLedger(db: Pick<Tx, 'query'>): Promise<LedgerCheck> {
  const names = async (text: string) =>
    (await db.query<{ name: string }>(`${text} LIMIT ${NAMED}`)).rows.map((row) => row.name);
  const unbalanced = await names(
    'SELECT tx::text AS name FROM evenkeel.ledger_entry GROUP BY tx HAVING sum(amount) <> 0 ORDER BY tx',
  );
  const mismatched = await names(`
    SELECT bot_id || ':' || user_id AS name FROM evenkeel.account a
    FULL JOIN (
      SELECT bot_id, user_id,
             coalesce(sum(amount) FILTER (WHERE account = 'available'), 0) AS available,
             coalesce(sum(amount) FILTER (WHERE account = 'held'), 0) AS held,
             coalesce(sum(amount) FILTER (WHERE account = 'debt'), 0) AS debt
      FROM evenkeel.ledger_entry WHERE user_id IS NOT NULL GROUP BY bot_id, user_id
    ) AS e USING (bot_id, user_id)
    WHERE (coalesce(a.available, 0), coalesce(a.held, 0), coalesce(a.debt, 0))
       <> (coalesce(e.available, 0), coalesce(e.held, 0), coalesce(e.debt, 0))
    ORDER BY bot_id, user_id`);
  const misheld = await names(`
    SELECT bot_id || ':' || user_id AS name FROM evenkeel.account a
    LEFT JOIN (
      SELECT bot_id, user_id, sum(amount) AS held FROM evenkeel.reserve WHERE state = 'open' GROUP BY bot_id, user_id
    ) AS r USING (bot_id, user_id)
    WHERE a.held <> coalesce(r.held, 0)
    ORDER BY bot_id, user_id`);
  const { rows } = await db.query<{ account: string; sum: bigint }>({
    text: `
      SELECT CASE WHEN user_id IS NULL THEN account ELSE 'users:' || account END AS account, sum(amount)::bigint AS sum
      FROM evenkeel.ledger_entry GROUP BY 1 ORDER BY 1`,
    types: bigints,
  });
  return { unbalanced, mismatched, misheld, sums: Object.fromEntries(rows.map(({ account, sum }) => [account, sum])) };
}

/** True where nothing is wrong. */
export const isSound = ({ unbalanced, mismatched, misheld, sums }: LedgerCheck): boolean =>
  unbalanced.length + mismatched.length + misheld.length === 0 &&
  Object.values(sums).reduce((total, sum) => total + sum, 0n) === 0n;

/** Users, and movements, that one round of the check looks at. */
const ROUND = 2_000;

export interface RecentCheck {
  /** Movements and users with which something is wrong. */
  wrong: string[];
  /** The last movement that was looked at. */
  upTo: bigint;
  /** There is more to look at. */
  more: boolean;
}

/**
 * ledger_tx_pkey, ledger_entry_tx, ledger_entry_user. The movements after one, and the users whom they moved something
 * for: what was checked before and not touched since is as it was.
 */
export async function checkAfter(db: Pick<Tx, 'query'>, after: bigint): Promise<RecentCheck> {
  const { rows } = await db.query<{ wrong: string[] | null; last: bigint | null; seen: bigint }>({
    name: 'check-ledger',
    text: `
      WITH moved AS MATERIALIZED (
        SELECT id, bot_id, user_id FROM evenkeel.ledger_tx WHERE id > $1 ORDER BY id LIMIT ${ROUND}
      ), unbalanced AS (
        SELECT 'movement ' || moved.id AS wrong FROM moved
        WHERE (SELECT sum(e.amount) FROM evenkeel.ledger_entry e WHERE e.tx = moved.id) <> 0
      ), mismatched AS (
        SELECT 'user ' || u.user_id AS wrong FROM (SELECT DISTINCT bot_id, user_id FROM moved) AS u
        JOIN evenkeel.account a USING (bot_id, user_id)
        CROSS JOIN LATERAL (
          SELECT coalesce(sum(amount) FILTER (WHERE account = 'available'), 0) AS available,
                 coalesce(sum(amount) FILTER (WHERE account = 'held'), 0) AS held,
                 coalesce(sum(amount) FILTER (WHERE account = 'debt'), 0) AS debt
          FROM evenkeel.ledger_entry e WHERE e.bot_id = u.bot_id AND e.user_id = u.user_id
        ) AS s
        WHERE (a.available, a.held, a.debt) <> (s.available, s.held, s.debt)
      )
      SELECT (SELECT array_agg(wrong) FROM (TABLE unbalanced UNION ALL TABLE mismatched LIMIT ${NAMED}) AS all_wrong) AS wrong,
             (SELECT max(id) FROM moved) AS last, (SELECT count(*) FROM moved) AS seen`,
    values: [after],
    types: bigints,
  });
  const { wrong, last, seen } = rows[0]!;
  return { wrong: wrong ?? [], upTo: last ?? after, more: seen === BigInt(ROUND) };
}
