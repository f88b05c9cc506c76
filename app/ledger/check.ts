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
