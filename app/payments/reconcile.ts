/**
 * Telegram's list of transactions against our books. What is in its list is booked, whatever update was lost
 * (fault payment-lost); what is in our books and not in its list is a difference that a person must see.
 */
import type { Api } from 'grammy';
import { bigints, type Pool } from '../database/pool.ts';
import { withTx, type Tx } from '../database/tx.ts';
import { describeError, type Logger } from '../log.ts';
import { takeBack, type Booked, type Payment } from './book.ts';
import { BOOKED, compareStars, type Comparison } from './compare.ts';
import { receive } from './receive.ts';
import { readTransactions } from './transactions.ts';

export interface ReconcileNeeds {
  pool: Pool;
  api: Api;
  botId: number;
  /** How long an update is given to come first, ms. */
  grace: number;
  /** Says in the transaction that books it to who paid what no update has told them. */
  tell: (tx: Tx, booked: Booked) => Promise<unknown>;
  signal: AbortSignal;
  log: Logger;
}

interface Entry {
  id: string;
  direction: 'in' | 'out';
  kind: string;
  user: string | null;
  payload: string | null;
  amount: bigint;
  at: Date;
  /** Of a subscription: what was paid for, s. */
  period: number | null;
}

/** What was found here, and by no update. */
export interface Found {
  credited: Payment[];
  wentBack: Payment[];
  /** Entries that could not be booked; the log says why, and the next round tries again. */
  failed: number;
}

const BITE = 200;

/** star_transaction_unbooked. Books what has been in the list for longer than the grace, the oldest first. */
async function bookEntries(needs: ReconcileNeeds): Promise<Found> {
  const { pool, botId, grace, signal, log } = needs;
  const found: Found = { credited: [], wentBack: [], failed: 0 };
  for (let after = '-infinity'; !signal.aborted;) {
    const { rows } = await pool.query<Entry & { from: string } & Record<string, unknown>>({
      name: 'unbooked-stars',
      text: `
        SELECT id, direction, kind, user_id::text AS user, payload, amount, at, period, at::text AS from
        FROM evenkeel.star_transaction
        WHERE bot_id = $1 AND booked_at IS NULL AND at >= $3::timestamptz AND at < now() - $2 * interval '1 ms'
        ORDER BY at, direction
        LIMIT ${BITE}`,
      values: [botId, grace, after],
      types: bigints,
    });
    for (const entry of rows) {
      if (signal.aborted) return found;
      try {
        const booked = await bookEntry(needs, entry);
        if (booked) found[entry.direction === 'in' ? 'credited' : 'wentBack'].push(booked);
      } catch (error) {
        // One that cannot be booked holds no other back.
        found.failed += 1;
        log.error({ charge: entry.id, direction: entry.direction, error: describeError(error) }, 'not reconciled');
      }
    }
    if (rows.length < BITE) return found;
    const last = rows.at(-1)!.from;
    // All of one second, and none of it could be booked.
    if (last === after) return found;
    after = last;
  }
  return found;
}

/** Undefined where it was booked before. */
async function bookEntry({ pool, botId, tell }: ReconcileNeeds, entry: Entry): Promise<Payment | undefined> {
  const { id: charge, direction, kind, user, payload, at, period } = entry;
  const money = { botId, charge, payload: payload ?? '', currency: 'XTR', amount: Number(entry.amount), at } as const;
  return withTx(pool, async (tx) => {
    let found: Payment | undefined;
    if (kind === BOOKED && user !== null) {
      const by = { ...money, foundBy: 'reconciliation' } as const;
      const recurring = period === null ? {} : { recurring: { until: new Date(at.getTime() + period * 1000) } };
      const booked =
        direction === 'in'
          ? await receive(tx, { ...by, ...recurring, from: Number(user) })
          : await takeBack(tx, { ...by, to: Number(user) });
      if (booked.applied) {
        found = booked.payment;
        await tell(tx, booked);
      }
    }
    await tx.query({
      name: 'star-booked',
      text: `UPDATE evenkeel.star_transaction SET booked_at = now() WHERE bot_id = $1 AND id = $2 AND direction = $3`,
      values: [botId, charge, direction],
    });
    return found;
  });
}

/** purchase_open, payment_unsettled, star_transaction_unbooked, subscription_due. Whether there is anything that Telegram could tell us now. */
async function isAwaited(pool: Pool, botId: number, within: number): Promise<boolean> {
  const { rows } = await pool.query<{ awaited: boolean }>({
    name: 'stars-awaited',
    text: `
      SELECT EXISTS (SELECT FROM evenkeel.purchase WHERE bot_id = $1 AND paid = 0 AND created_at > now() - $2 * interval '1 ms')
          OR EXISTS (SELECT FROM evenkeel.payment WHERE bot_id = $1 AND state = 'refunding')
          OR EXISTS (SELECT FROM evenkeel.star_transaction WHERE bot_id = $1 AND booked_at IS NULL)
          OR EXISTS (SELECT FROM evenkeel.subscription
                     WHERE bot_id = $1 AND state <> 'ended' AND paid_until < now() + interval '1 hour' AND state <> 'canceled') AS awaited`,
    values: [botId, within],
  });
  return rows[0]!.awaited;
}

/** Every half minute, while an order is open or money is on its way: undefined where nothing is. `within`: an order's life, ms. */
export async function watchStars(needs: ReconcileNeeds, within: number): Promise<Found | undefined> {
  if (!(await isAwaited(needs.pool, needs.botId, within))) return undefined;
  await readTransactions(needs);
  return bookEntries(needs);
}

export interface Report extends Found, Comparison {}

/** False where a person must look. */
export const isReconciled = ({ difference, explained, balanceOff, failed }: Report): boolean =>
  difference === explained && balanceOff === 0n && failed === 0;

/**
 * The whole of it. Where it does not come out even, Telegram's list is read from its beginning once more before it is
 * called a difference.
 */
export async function reconcile(needs: ReconcileNeeds): Promise<Report> {
  const round = async (whole: boolean): Promise<Report> => {
    await readTransactions(needs, whole);
    const found = await bookEntries(needs);
    return { ...found, ...(await compareStars(needs)) };
  };
  const first = await round(false);
  const report = isReconciled(first) ? first : merge(first, await round(true));
  if (isReconciled(report))
    await needs.pool.query({
      name: 'stars-complete',
      text: `
        INSERT INTO evenkeel.star_cursor AS c (bot_id, complete_at) VALUES ($1, now())
        ON CONFLICT (bot_id) DO UPDATE SET complete_at = EXCLUDED.complete_at`,
      values: [needs.botId],
    });
  return report;
}

const merge = (first: Report, second: Report): Report => ({
  ...second,
  credited: [...first.credited, ...second.credited],
  wentBack: [...first.wentBack, ...second.wentBack],
});
