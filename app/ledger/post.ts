/** One movement: its cause, its entries and the new balance, under the lock of the user's account. */
import { bigints } from '../database/pool.ts';
import type { Tx } from '../database/tx.ts';
import { EMPTY, type Balance } from './balance.ts';

export type Kind = 'credit' | 'reserve' | 'settle' | 'release' | 'clawback' | 'adjust';

/** Where credits come from and go to beside users; the number of accounts is small, and none has a row of its own. */
export type SystemAccount =
  | 'stars'
  | 'nowpayments'
  | 'cryptopay'
  | 'promo'
  | 'adjust'
  | 'writeoff'
  | `revenue:${string}`;

export interface User {
  botId: number;
  userId: number;
}

export interface Movement extends User {
  /** Its key: `stars:CHARGE`, `render:17`. The same cause moves credits once. */
  cause: string;
  /** Who has it done; default: the bot. */
  by?: string;
  reason?: string;
  /** When it happened in the provider's books; default: now. */
  at?: Date;
}

/** `applied` false: this cause had been there before, and nothing was moved now. */
export interface Posted {
  applied: boolean;
  balance: Balance;
}

/** A cause that has been used for something else: another user, another verb or another amount. */
export class CauseReused extends Error {
  override readonly name = 'CauseReused';
}

/** Accounts that a transaction has locked, by user. */
const locks = new WeakMap<Tx, Set<number>>();

const LOCK = `
  SELECT user_id::text AS user, available, held, debt FROM evenkeel.account
  WHERE bot_id = $1 AND user_id = ANY ($2::bigint[])
  ORDER BY user_id
  FOR NO KEY UPDATE`;

type Row = Balance & { user: string };

/**
 * Locks the accounts of several users, the lower id first, until the transaction ends: two transactions that want the
 * same accounts wait for each other in one direction only. A verb that moves one user's credits locks by itself.
 * Anything else that a transaction locks comes before: order, payment, subscription, accounts. account_pkey.
 */
export async function lockAccounts(tx: Tx, botId: number, users: readonly number[]): Promise<Map<number, Balance>> {
  const wanted = [...new Set(users)].sort((a, b) => a - b);
  const locked = locks.get(tx) ?? new Set();
  const fresh = wanted.filter((user) => !locked.has(user));
  const highest = Math.max(...locked);
  if (fresh.some((user) => user < highest))
    throw new Error(
      'accounts are locked out of order: lock all of a transaction by lockAccounts before its first verb',
    );
  const values = [botId, wanted];
  const select = () => tx.query<Row>({ name: 'lock-accounts', text: LOCK, values, types: bigints });
  let { rows } = await select();
  if (rows.length < wanted.length) {
    await tx.query({
      name: 'open-accounts',
      text: `
        INSERT INTO evenkeel.account (bot_id, user_id) SELECT $1, unnest($2::bigint[])
        ON CONFLICT (bot_id, user_id) DO NOTHING`,
      values,
    });
    ({ rows } = await select());
  }
  locks.set(tx, new Set([...locked, ...wanted]));
  return new Map(rows.map(({ user, available, held, debt }) => [Number(user), { available, held, debt }]));
}

export async function lockAccount(tx: Tx, { botId, userId }: User): Promise<Balance> {
  return (await lockAccounts(tx, botId, [userId])).get(userId)!;
}

/** account_pkey. Without a lock: what stood there a moment ago. */
export async function balanceOf(db: Pick<Tx, 'query'>, { botId, userId }: User): Promise<Balance> {
  const { rows } = await db.query<Balance & Record<string, bigint>>({
    name: 'balance-of',
    text: 'SELECT available, held, debt FROM evenkeel.account WHERE bot_id = $1 AND user_id = $2',
    values: [botId, userId],
    types: bigints,
  });
  return rows[0] ?? EMPTY;
}

/** ledger_tx_bot_id_cause_key; account_pkey. In one statement, so that a movement is there with its entries or not at all. */
const POST = `
  WITH moved AS (
    INSERT INTO evenkeel.ledger_tx (bot_id, user_id, cause, kind, amount, by, reason, event_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8, now()))
    ON CONFLICT (bot_id, cause) DO NOTHING
    RETURNING id
  ), entered AS (
    INSERT INTO evenkeel.ledger_entry (tx, bot_id, user_id, account, amount, balance_after)
    SELECT moved.id, $1, CASE WHEN e.balance IS NOT NULL THEN $2::bigint END, e.account, e.amount, e.balance
    FROM moved, unnest($9::text[], $10::bigint[], $11::bigint[]) WITH ORDINALITY AS e (account, amount, balance, line)
    ORDER BY e.line
  )
  UPDATE evenkeel.account SET available = $12, held = $13, debt = $14 FROM moved
  WHERE bot_id = $1 AND user_id = $2
  RETURNING moved.id::text AS id`;

const ACCOUNTS = ['available', 'held', 'debt'] as const;

interface Post {
  kind: Kind;
  /** What was asked for, as it is compared when the cause comes again. */
  amount: bigint;
  /** The other side of what the user gets or loses; not wanted where credits stay with the user. */
  other?: SystemAccount;
  /** Of the balance under the lock; may refuse by throwing. */
  change: (balance: Balance) => Balance;
}

/**
 * Moves credits once for a cause. A cause that is there already is looked at before `change` can refuse: whoever repeats
 * what has been done is told so, whatever the balance is by now.
 * @throws {CauseReused}; whatever `change` throws
 */
export async function post(tx: Tx, movement: Movement, { kind, amount, other, change }: Post): Promise<Posted> {
  const { botId, userId, cause } = movement;
  const before = await lockAccount(tx, movement);
  let after: Balance;
  try {
    after = change(before);
  } catch (error) {
    if (await isRepeated(tx, movement, kind, amount)) return { applied: false, balance: before };
    throw error;
  }
  const own = ACCOUNTS.map((account) => [account, after[account] - before[account], after[account]] as const);
  const gained = own.reduce((sum, [, delta]) => sum + delta, 0n);
  if (gained !== 0n && other === undefined) throw new Error(`${kind} ${cause} gives ${gained} that nobody has given`);
  const entries = [...own, ...(other === undefined ? [] : [[other, -gained, null] as const])].filter(
    ([, delta]) => delta !== 0n,
  );
  const { rows } = await tx.query({
    name: 'post-movement',
    text: POST,
    values: [
      botId,
      userId,
      cause,
      kind,
      amount,
      movement.by ?? 'bot',
      movement.reason ?? null,
      movement.at ?? null,
      entries.map(([account]) => account),
      entries.map(([, delta]) => delta),
      entries.map(([, , balance]) => balance),
      after.available,
      after.held,
      after.debt,
    ],
  });
  if (rows.length === 1) return { applied: true, balance: after };
  await isRepeated(tx, movement, kind, amount);
  return { applied: false, balance: before };
}

/**
 * ledger_tx_bot_id_cause_key. True where this very movement has been made before.
 * @throws {CauseReused} where another one has its cause
 */
async function isRepeated(tx: Tx, { botId, userId, cause }: Movement, kind: Kind, amount: bigint): Promise<boolean> {
  const { rows } = await tx.query<{ kind: Kind; user: string; amount: bigint }>({
    name: 'movement-of',
    text: 'SELECT kind, user_id::text AS user, amount FROM evenkeel.ledger_tx WHERE bot_id = $1 AND cause = $2',
    values: [botId, cause],
    types: bigints,
  });
  const [there] = rows;
  if (!there) return false;
  if (there.kind !== kind || Number(there.user) !== userId || there.amount !== amount)
    throw new CauseReused(
      `${cause} is a ${there.kind} of ${there.amount} for user ${there.user}, and is now wanted as a ${kind} of ${amount} for user ${userId}`,
    );
  return true;
}
